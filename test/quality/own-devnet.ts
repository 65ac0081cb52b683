import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../devnet/ports.ts";
import { CodedError } from "../../node/base/errors.ts";
import { packageRoot } from "../../node/base/paths.ts";

/** A devnet that a measurement has for itself. */
export interface OwnDevnet {
  dataDir: string;
  /** Ends its processes and removes its folder. */
  stop: () => Promise<void>;
}

/**
 * Starts a devnet on free ports in a folder of its own; resolves once it takes work.
 * @throws CodedError `DEVNET_FAILED` when it ends before.
 */
export async function startOwnDevnet(): Promise<OwnDevnet> {
  const dataDir = mkdtempSync(join(tmpdir(), "openledger-quality-"));
  const [l1, first, second] = [await freePort(), await freePort(), await freePort()];
  const program = join(packageRoot(), "dist", "node", "main.js");
  const ports = ["--l1-port", `${l1}`, "--port", `${first}`, "--second-port", `${second}`, "--web", "off"];
  const child = spawn(
    process.execPath,
    [program, "devnet", "--data-dir", dataDir, "--reset", "--no-job", ...ports],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  };
  // The banner is the last that it prints before it waits.
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      process.stderr.write(text);
      if (text.includes(`http://127.0.0.1:${first}`)) resolve();
    });
  });
  const status = await Promise.race([ready, ended]);
  if (status === undefined) return { dataDir, stop };
  await stop();
  throw new CodedError("DEVNET_FAILED", "fatal", {
    message: `the devnet of this measurement ended with status ${status}`,
    fix: "see its output above, or name a running one with --data-dir",
  });
}
