import { copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { devAccounts } from "../../../devnet/accounts.ts";
import { openledger, Program, until } from "../../e2e/program.ts";
import { type FaultDevnet, unless, type Verdict } from "./fault.ts";

/** Arguments of the scripts that want more than the first node's URL. */
const ARGUMENTS: Readonly<Record<string, (devnet: FaultDevnet) => Promise<string[]> | string[]>> = {
  "content-of-second-node.sh": async (devnet) => [
    await newDatanet(devnet),
    "edda",
    devnet.first,
    devnet.second,
  ],
  "second-node-pending.mjs": ({ second }) => [second, devAccounts().dov.privateKey],
  "sync-status-without-l1.sh": ({ first, l1Pid }) => [first, String(l1Pid)],
  "key-without-0x.sh": () => [],
  "parallel-commands.sh": () => [],
};

/** What the output must hold besides status 0. */
const SHOWS: Readonly<Record<string, RegExp>> = {
  "content-of-second-node.sh": /The bell of pier \d+ is cracked\./,
};

/** Runs a script in the devnet's folder; it ends with status 0 only if the behaviour is right. */
export async function checkScript(file: string, devnet: FaultDevnet): Promise<Verdict> {
  const name = basename(file);
  const copy = join(devnet.folder, name);
  copyFileSync(file, copy);
  const args = (await ARGUMENTS[name]?.(devnet)) ?? [devnet.first];
  const shell = name.endsWith(".mjs") ? process.execPath : "sh";
  const env = { OPENLEDGER_DATA_DIR: devnet.dataDir };
  const finished = await new Program(shell, [copy, ...args], { cwd: devnet.folder, env }).ended();
  const output = `${finished.stdout}${finished.stderr}`;
  return unless(finished.status === 0 && (SHOWS[name]?.test(output) ?? true), output);
}

/** A datanet that both nodes know: the second one derives it from L1. */
async function newDatanet({ dataDir, second }: FaultDevnet): Promise<string> {
  const args = ["datanet", "create", "bells", "--reviewer", "rita", "--key", "olga", "--json"];
  const finished = await openledger([...args, "--data-dir", dataDir]);
  if (finished.status !== 0) throw new Error(finished.stderr);
  const id = String((JSON.parse(finished.stdout) as { datanet: unknown }).datanet);
  await until("the datanet on the second node", async () => {
    const { status } = await openledger(["datanet", "show", id, "--rpc", second, "--data-dir", dataDir]);
    return status === 0 || undefined;
  });
  return id;
}
