import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSmallChain, SENDER, type SmallChain } from "../../test/support/small-chain.ts";
import { serveSmallChain } from "../../test/support/small-rpc.ts";
import { packageRoot } from "../base/paths.ts";
import type { RpcServer } from "./server.ts";

const cast = join(packageRoot(), "node_modules", ".bin", "cast");
const target = `0x${"ee".repeat(20)}` as const;
const run = promisify(execFile);

let server: RpcServer;
let small: SmallChain;

beforeAll(async () => {
  small = createSmallChain();
  server = await serveSmallChain(small);
});
afterAll(() => server.close());

async function ask(...args: string[]): Promise<string> {
  const { stdout } = await run(cast, [...args, "--rpc-url", server.httpUrl]);
  return stdout.trim();
}

describe.skipIf(!existsSync(cast))("cast", () => {
  it("reads the chain and sends a transfer", { timeout: 60_000 }, async () => {
    expect(await ask("chain-id")).toBe("901");
    expect(await ask("client")).toBe("openledger/test");
    const key = `0x${"01".repeat(32)}`;
    const sent = JSON.parse(await ask("send", target, "--value", "7", "--private-key", key, "--json"));
    expect(sent).toMatchObject({ status: "0x1", from: SENDER.address.toLowerCase() });
    expect(await ask("balance", target)).toBe("7");
    expect(await ask("block-number")).toBe(small.head.number.toString());
    const block = JSON.parse(await ask("block", "latest", "--json"));
    expect(block.hash).toBe(small.chain.head().hash);
    expect(block.transactions).toContain(sent.transactionHash);
    const transaction = JSON.parse(await ask("tx", sent.transactionHash, "--json"));
    expect(transaction.value).toBe("0x7");
    expect(await ask("call", target)).toBe("0x");
    expect(await ask("estimate", target)).toBe("21000");
    const code = `${target}:0x602a5f5260205ff3`;
    expect(BigInt(await ask("call", target, "--override-code", code))).toBe(42n);
    expect(JSON.parse(await ask("rpc", "rpc_modules"))).toHaveProperty("eth");
  });
});
