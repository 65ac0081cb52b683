import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { CodedError } from "../../../node/base/errors.ts";
import type { ExecutorKind } from "../../../node/execution/evm/create-executor.ts";
import { CASES } from "./cases.ts";
import { runChild, runTask } from "./child.ts";
import type { CaseRow } from "./run-case.ts";
import { formatRow, formatTable, worstFirst } from "./table.ts";
import { type DiskState, makeDiskState, removeDiskState } from "./world.ts";

/** Cases that share a process. */
const GROUP = 6;
/** Processor seconds of a measured run. */
const BUDGET = 4;
/** Wall seconds of a case; machines may be busy. */
const LIMIT = 300;
/** A first run is told where it takes this much longer than a later one. */
const MUCH = 1.2;
const USAGE = "worst-block [--only RE] [--skip RE] [--list] [--executor wasm|ts] [--budget S] [--json FILE]";

interface Options {
  names: readonly string[];
  kind: ExecutorKind;
  budget: number;
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
  try {
    await report(options, disk);
  } finally {
    if (disk !== undefined) await removeDiskState(disk);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: "string" },
        skip: { type: "string" },
        list: { type: "boolean" },
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
  return { names, kind: executor, budget: Number(budget), json: values.json };
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

async function report({ names, kind, budget, json }: Options, disk: DiskState | undefined): Promise<void> {
  process.stdout.write(
    `worst block, executor ${kind}: each case runs warm, after smaller runs of itself in the same process; disk caches of the system are warm, the node's own cold\n`,
  );
  const rows: CaseRow[] = [];
  const seen = (row: CaseRow): void => {
    rows.push(row);
    process.stderr.write(`${rows.length}/${names.length} ${row.fault ?? ""} ${formatRow(row)}\n`);
    if (json !== undefined) writeFileSync(json, JSON.stringify(rows, null, 1));
  };
  const waiting = [...names];
  while (waiting.length > 0) {
    const left = await runChild({ names: waiting.splice(0, GROUP), kind, budget, disk }, LIMIT, seen);
    waiting.unshift(...left);
  }
  process.stdout.write(`${formatTable(rows)}\n\nload of the machine now: ${loadavg()[0]!.toFixed(1)}\n`);
  const worst = worstFirst(rows)[0];
  if (worst === undefined) return;
  if (worst.isFull) {
    await runChild({ names: [worst.name], kind, budget, disk, cold: true }, LIMIT, (cold) => {
      if (cold.seconds < worst.seconds * MUCH) return;
      process.stdout.write(`first run of a process: ${cold.name} ${cold.seconds.toFixed(2)} s\n`);
    });
  }
  process.stdout.write(`worst block: ${worst.name} ${worst.seconds.toFixed(2)} s\n`);
}
