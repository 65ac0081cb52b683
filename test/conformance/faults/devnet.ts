import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../../node/base/paths.ts";
import { describedIn, OPENLEDGER, Program } from "../../e2e/program.ts";
import { freePort } from "../../harness/anvil.ts";
import type { FaultDevnet } from "./fault.ts";

/** Starts a devnet with contracts and accounts and without a job of its own, so that nothing else is under way. */
export async function startDevnet(): Promise<FaultDevnet> {
  const folder = mkdtempSync(join(tmpdir(), "faults-"));
  const dataDir = join(folder, "data");
  const [l1, first, second] = [await freePort(), await freePort(), await freePort()];
  const flags = ["--no-job", "--l1-port", `${l1}`, "--port", `${first}`, "--second-port", `${second}`];
  const program = new Program(process.execPath, [OPENLEDGER, "devnet", "--data-dir", dataDir, ...flags]);
  linkPackages(join(folder, "node_modules"));
  try {
    await program.says("Ctrl-C");
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const described = describedIn(dataDir);
  const [one, two] = described.nodes;
  return { program, dataDir, folder, first: one!.rpc, second: two!.rpc, l1Pid: described.l1.pid };
}

/** Ends the devnet and forgets its folder. */
export async function stopDevnet({ program, folder }: FaultDevnet): Promise<void> {
  await program.signal("SIGINT");
  rmSync(folder, { recursive: true, force: true });
}

/** `npx openledger` and the imports of the scripts find this package's own. */
function linkPackages(modules: string): void {
  mkdirSync(join(modules, ".bin"), { recursive: true });
  symlinkSync(OPENLEDGER, join(modules, ".bin", "openledger"));
  for (const name of ["ws", "viem"])
    symlinkSync(join(packageRoot(), "node_modules", name), join(modules, name));
}
