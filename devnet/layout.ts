import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../node/base/files.ts";
import { devnetError } from "./errors.ts";

/** Counts up when the folder's form changes in a way that older data does not fit. */
const LAYOUT_VERSION = 2;

const withPid = z.object({ pid: z.number().optional() });
const devnetPids = z.object({ l1: withPid, nodes: z.array(withPid) });

/** Where everything of one devnet lies. */
export interface Layout {
  root: string;
  version: string;
  lock: string;
  /** The banner's twin for programs. */
  devnet: string;
  /** Journal of the main job. */
  job: string;
  l1State: string;
  chain: string;
  protocol: string;
  governance: string;
  circle: string;
  agents: string;
  /** Accounts that the pages offer. */
  webAccounts: string;
  sequencer: string;
  verifier: string;
  work: string;
  log(name: string): string;
}

export function layoutOf(root: string): Layout {
  return {
    root,
    version: join(root, "version"),
    lock: join(root, "lock"),
    devnet: join(root, "devnet.json"),
    job: join(root, "job.json"),
    l1State: join(root, "l1", "state.json"),
    chain: join(root, "chain"),
    protocol: join(root, "chain", "protocol.json"),
    governance: join(root, "chain", "governance.json"),
    circle: join(root, "chain", "circle.json"),
    agents: join(root, "chain", "agents.json"),
    webAccounts: join(root, "chain", "web-accounts.json"),
    sequencer: join(root, "sequencer"),
    verifier: join(root, "verifier"),
    work: join(root, "work"),
    log: (name) => join(root, "logs", `${name}.log`),
  };
}

/**
 * Makes the folder or takes it up again; only one devnet runs in it at a time.
 * @throws CodedError DATA_DIR_VERSION, DATA_DIR_FOREIGN, DATA_DIR_LOCKED.
 */
export function openLayout(root: string, reset: boolean): Layout {
  const layout = layoutOf(root);
  if (existsSync(root)) {
    checkOurs(layout);
    checkUnlocked(layout);
    if (reset) rmSync(root, { recursive: true });
  }
  mkdirSync(root, { recursive: true });
  if (!existsSync(layout.version)) writeFileSync(layout.version, `${LAYOUT_VERSION}\n`);
  for (const folder of [dirname(layout.l1State), layout.chain, layout.work, dirname(layout.log("x"))]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(layout.lock, `${process.pid}\n`);
  return layout;
}

export function releaseLayout(layout: Layout): void {
  rmSync(layout.lock, { force: true });
}

function checkOurs(layout: Layout): void {
  // Made for it by hand: nothing in it is lost.
  if (readdirSync(layout.root).length === 0) return;
  if (!existsSync(layout.version)) {
    throw devnetError("DATA_DIR_FOREIGN", {
      message: `${layout.root} exists and is no devnet's data folder`,
      fix: "choose another folder with --data-dir",
    });
  }
  const version = readFileSync(layout.version, "utf8").trim();
  if (version !== String(LAYOUT_VERSION)) {
    throw devnetError("DATA_DIR_VERSION", {
      message: `${layout.root} has the form ${version || "(none)"}; this program knows form ${LAYOUT_VERSION}`,
      fix: "run the version that made it, or begin anew with --reset after moving the folder away",
    });
  }
}

function checkUnlocked(layout: Layout): void {
  if (!existsSync(layout.lock)) return;
  const pid = Number(readFileSync(layout.lock, "utf8"));
  if (pid === process.pid || !isRunning(pid)) return;
  throw devnetError("DATA_DIR_LOCKED", {
    message: `process ${pid} runs a devnet in ${layout.root}`,
    fix: "stop it first, or choose another folder with --data-dir and other ports",
    facts: { pid },
  });
}

/** Processes that this folder's last devnet started and that still run; after a regular end there are none. */
export function leftOverProcesses(layout: Layout): number[] {
  if (!existsSync(layout.lock)) return [];
  try {
    const { l1, nodes } = devnetPids.parse(JSON.parse(readFileSync(layout.devnet, "utf8")));
    return [l1, ...nodes].flatMap(({ pid }) => (pid !== undefined && isRunning(pid) ? [pid] : []));
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Whole or not at all; big integers as decimal strings. */
export function writeJson(path: string, value: unknown): void {
  const text = JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item),
    2,
  );
  replaceFile(path, `${text}\n`);
}
