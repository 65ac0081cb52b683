import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RpcServer } from "../../node/rpc/server.ts";
import { startClientNode } from "./fixture.ts";

const run = promisify(execFile);
/** A Python that has web3.py; `.ci/python-client.sh` makes one. */
const python = process.env.OPENLEDGER_WEB3PY ?? "python3";

const version = await run(python, ["-c", "import web3; print(web3.__version__)"]).then(
  ({ stdout }) => stdout.trim(),
  () => undefined,
);

let server: RpcServer;
beforeAll(async () => {
  ({ server } = await startClientNode());
}, 60_000);
afterAll(() => server.close());

it.skipIf(version === undefined)(
  `web3.py ${version ?? "(not installed: see OPENLEDGER_WEB3PY in CONTRIBUTING.md)"} over HTTP and WebSocket`,
  { timeout: 120_000 },
  async () => {
    const script = fileURLToPath(new URL("web3py.py", import.meta.url));
    const { stdout } = await run(python, [script, server.httpUrl, server.wsUrl]);
    expect(stdout.trim()).toBe("ok");
  },
);
