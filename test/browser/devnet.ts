import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPENLEDGER, Program } from "../e2e/program.ts";
import { freePort } from "../harness/anvil.ts";

/** A devnet with pages. */
export interface Devnet {
  web: string;
  rpc: string;
  /** Its data; undefined where it was running before. */
  dataDir: string | undefined;
  /** Resolves when the sample's answers are there and paid. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** The devnet whose pages OPENLEDGER_WEB_URL names, or one of its own with the whole main job. */
export async function startDevnet(): Promise<Devnet> {
  const given = process.env.OPENLEDGER_WEB_URL;
  if (given !== undefined) {
    const site = (await (await fetch(new URL("/site.json", given))).json()) as { rpc: { port: number } };
    return {
      web: given,
      rpc: `http://127.0.0.1:${site.rpc.port}`,
      dataDir: process.env.OPENLEDGER_DATA_DIR,
      ready: async () => undefined,
      stop: async () => undefined,
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "browser-"));
  const dataDir = join(folder, "data");
  const [l1, first, second, web] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const flags = ["--data-dir", dataDir, "--l1-port", `${l1}`, "--port", `${first}`];
  flags.push("--second-port", `${second}`, "--web-port", `${web}`);
  const program = new Program(process.execPath, [OPENLEDGER, "devnet", ...flags], { env: { HOME: folder } });
  return {
    web: `http://127.0.0.1:${web}/`,
    rpc: `http://127.0.0.1:${first}`,
    dataDir,
    ready: () => program.says("Ctrl-C stops all of it"),
    stop: async () => {
      await program.signal("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
