import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../node/base/paths.ts";
import { devnetError } from "./errors.ts";

/** Runs the `openledger` command in processes of its own, as a person would. */
export class CliRunner {
  private readonly shared: readonly string[];
  private readonly signal: AbortSignal;

  constructor(options: { dataDir: string; rpcUrl: string; l1RpcUrl: string; signal: AbortSignal }) {
    const { dataDir, rpcUrl, l1RpcUrl } = options;
    this.shared = ["--data-dir", dataDir, "--rpc", rpcUrl, "--l1-rpc", l1RpcUrl];
    this.signal = options.signal;
  }

  /**
   * One command with --json; gives what it prints. Its progress goes to this process's standard error.
   * @throws CodedError COMMAND_FAILED with the command's own error text.
   */
  async json(args: readonly string[], key?: string): Promise<unknown> {
    const { status, stdout, stderr } = await this.run([...args, "--json"], key);
    if (status === 0) return JSON.parse(stdout);
    throw devnetError("COMMAND_FAILED", {
      message: `openledger ${args.join(" ")} ended with status ${status}\n${stderr.trimEnd()}`,
      facts: { args, status },
    });
  }

  run(args: readonly string[], key?: string): Promise<{ status: number; stdout: string; stderr: string }> {
    const program = join(packageRoot(), "dist", "node", "main.js");
    const all = [...args, ...this.shared, ...(key === undefined ? [] : ["--key", key])];
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...all], {
        stdio: ["ignore", "pipe", "pipe"],
        signal: this.signal,
        detached: true,
      });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
        process.stderr.write(text);
      });
      child.once("error", reject);
      child.once("close", (status) => resolve({ status: status ?? 1, stdout, stderr }));
    });
  }
}
