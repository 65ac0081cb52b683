import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { CodedError } from "../../../node/base/errors.ts";
import type { ExecutorKind } from "../../../node/execution/evm/create-executor.ts";
import { CASES } from "./cases.ts";
import { runChild, runTask } from "./child.ts";
import type { CaseOptions, CaseRow } from "./run-case.ts";
import { formatRow, formatTable, worstFirst } from "./table.ts";
import { type DiskState, makeDiskState, removeDiskState } from "./world.ts";

/** Cases that share a process. */
const GROUP = 10;
/** Processor seconds of a measured run. */
const BUDGET = 4;
/** Wall seconds of a case; machines may be busy. */
const LIMIT = 300;
/** A first run is told where it takes this much longer than a later one. */
const MUCH = 1.2;
const USAGE =
  "worst-block [--only RE] [--skip RE] [--list] [--cold] [--executor wasm|ts] [--budget S] [--json FILE]";

interface Options {
  names: readonly string[];
  kind: ExecutorKind;
  budget: number;
  /** Each case is the first thing that its process runs. */
  cold: boolean;
  json: string | undefined;
}

/**
 * The block of 30 million gas that takes longest, case by case: each from signed envelopes to all roots. Options: {@link USAGE}.
 * @throws CodedError `BENCH_USAGE`.
 */
export async function worstBlock(args: readonly string[]): Promise<void> {
  const values = parse(args);
  if (values.task !== undefined) return runTask(values.task);
  const options = optionsOf(values);
  if (values.list === true) {
    process.stdout.write(`${options.names.join("\n")}\n`);
    return;
  }
  const needsDisk = CASES.some(({ name, disk }) => disk && options.names.includes(name));
  const disk = needsDisk ? await makeDiskState() : undefined;
  // Also when it is stopped: the folder is large.
  process.once("exit", () => disk && removeDiskState(disk));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit());
  await report(options, disk);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: "string" },
        skip: { type: "string" },
        list: { type: "boolean" },
        cold: { type: "boolean" },
        executor: { type: "string" },
        budget: { type: "string" },
        json: { type: "string" },
        task: { type: "string" },
      },
    }).values;
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

function usage(message: string): CodedError {
  return new CodedError("BENCH_USAGE", "fatal", { message, fix: USAGE });
}

function optionsOf(values: ReturnType<typeof parse>): Options {
  const { executor = "wasm", only = "", skip = "^$", budget = `${BUDGET}` } = values;
  if (executor !== "wasm" && executor !== "ts") throw usage(`no executor ${executor}`);
  if (!(Number(budget) > 0)) throw usage(`no budget ${budget}`);
  const [wanted, unwanted] = [pattern(only), pattern(skip)];
  const names = CASES.map(({ name }) => name).filter((name) => wanted.test(name) && !unwanted.test(name));
  return { names, kind: executor, budget: Number(budget), cold: values.cold === true, json: values.json };
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

async function report(options: Options, disk: DiskState | undefined): Promise<void> {
  const { names, kind, budget, cold, json } = options;
  const state = cold
    ? "is the first in its process"
    : "runs warm, after smaller runs of itself in the same process";
  process.stdout.write(
    `executor ${kind}; each case ${state}; of what is on disk the system's cache is warm, the node's own cold\n`,
  );
  const rows: CaseRow[] = [];
  const seen = (row: CaseRow): void => {
    rows.push(row);
    process.stderr.write(`${rows.length}/${names.length} ${row.fault ?? ""} ${formatRow(row)}\n`);
    if (json !== undefined) writeFileSync(json, JSON.stringify(rows, null, 1));
  };
  const waiting = [...names];
  while (waiting.length > 0) {
    const group = waiting.splice(0, cold ? 1 : GROUP);
    waiting.unshift(...(await runChild({ names: group, kind, budget, disk, cold }, LIMIT, seen)));
  }
  process.stdout.write(`${formatTable(rows)}\n\nload of the machine now: ${loadavg()[0]!.toFixed(1)}\n`);
  const worst = worstFirst(rows)[0];
  if (worst === undefined) return;
  if (worst.isFull && !cold) await tellFirstRun(worst, { kind, budget, disk, cold: true });
  process.stdout.write(`worst block: ${worst.name} ${worst.seconds.toFixed(2)} s\n`);
}

/** The same block as the first of a process, where that takes much longer. */
async function tellFirstRun({ name, seconds }: CaseRow, options: CaseOptions): Promise<void> {
  await runChild({ names: [name], ...options }, LIMIT, (first) => {
    if (first.seconds < seconds * MUCH) return;
    process.stdout.write(`first run of a process: ${name} ${first.seconds.toFixed(2)} s\n`);
  });
}
