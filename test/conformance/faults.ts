import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { intakeFile } from "../../node/ai/datanet/intake.ts";
import { checkCli } from "./faults/cli.ts";
import { startDevnet, stopDevnet } from "./faults/devnet.ts";
import { type Fault, type FaultDevnet, unless, type Verdict } from "./faults/fault.ts";
import { checkHttp } from "./faults/http.ts";
import { checkRpc } from "./faults/rpc.ts";
import { checkScript } from "./faults/scripts.ts";
import { type GroupResult, GroupRun } from "./group.ts";

/** Runs every file of the folder: rows of documents by the public function, all else against a devnet of its own. */
export async function runFaults(folder: string): Promise<GroupResult> {
  const run = new GroupRun("faults");
  const files = readdirSync(folder).filter((name) => /\.(json|sh|mjs)$/.test(name));
  const faults = files.filter((name) => name.endsWith(".json")).map((name) => readFault(folder, name));
  for (const [name, fault] of faults)
    if (fault.kind === "intake") await run.case(name, () => checkIntake(fault));
  const devnet = await startDevnet();
  try {
    for (const [name, fault] of faults)
      if (fault.kind !== "intake") await run.case(name, () => checkFault(name, fault, devnet));
    for (const name of files.filter((file) => !file.endsWith(".json")))
      await run.case(name, () => checkScript(join(folder, name), devnet));
  } finally {
    await stopDevnet(devnet);
  }
  return run.result;
}

function readFault(folder: string, file: string): [name: string, fault: Fault] {
  return [basename(file, ".json"), JSON.parse(readFileSync(join(folder, file), "utf8")) as Fault];
}

function checkFault(name: string, fault: Fault, devnet: FaultDevnet): Promise<Verdict> {
  if (fault.kind === "rpc") return checkRpc(name, fault, devnet.first);
  if (fault.kind === "http") return checkHttp(name, devnet.first);
  if (fault.kind === "cli" || fault.kind === "files") return checkCli(name, fault, devnet);
  throw new Error(`no check is written for the kind ${fault.kind}`);
}

/** The completions that a reviewer sees. */
export function checkIntake({ name = "", text = "", rows = [] }: Fault): Verdict {
  const found = intakeFile(name, new TextEncoder().encode(text)).rows.map(({ completion }) => completion);
  return unless(isDeepStrictEqual(found, rows), found);
}
