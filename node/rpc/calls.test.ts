import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDiskChain, type DiskChain } from "../../test/support/disk-chain.ts";
import { SENDER, signed } from "../../test/support/small-chain.ts";
import { monotonicMs } from "../base/clock.ts";
import { createStateReader } from "../execution/evm/state-reader.ts";
import { nodeRpcMethods } from "./node-methods.ts";
import { createRpcServer, type RpcServer } from "./server.ts";

/** JUMPDEST, PUSH0, JUMP. */
const loops = `0x${"10".repeat(20)}`;
/** Adds 1 to slot 0 and returns that. */
const adds = `0x${"12".repeat(20)}` as const;
/** More gas than any executor burns in a test's time. */
const ENDLESS = { from: SENDER.address, to: loops, gas: "0x38d7ea4c68000" };
const DEADLINE_MS = 1_500;
const BATCH_MS = 12_000;

let disk: DiskChain;
let server: RpcServer;

interface Answer {
  id: number;
  result?: unknown;
  error?: { code: number; message: string; data?: { code: string } };
}

async function post(body: unknown): Promise<unknown> {
  const response = await fetch(server.httpUrl, { method: "POST", body: JSON.stringify(body) });
  return response.json();
}
const request = (id: number, method: string, params: readonly unknown[]) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});
const ask = (method: string, ...params: unknown[]) => post(request(1, method, params)) as Promise<Answer>;

beforeAll(async () => {
  disk = await createDiskChain({
    accounts: [
      { address: loops as typeof adds, codeHex: "0x5b5f56" },
      { address: adds, codeHex: "0x60015f5401805f555f5260205ff3" },
    ],
  });
  server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    limits: { maxBatchCallMs: BATCH_MS },
    methods: nodeRpcMethods({
      chain: disk.small.chain,
      state: createStateReader(disk.store.state),
      simulator: disk.startPool({ deadlineMs: DEADLINE_MS, threads: 1 }),
      rollup: disk.small.rollup,
      gasCap: 10n ** 15n,
      version: "test",
    }),
  });
  await ask("eth_call", { to: adds });
});
afterAll(async () => {
  await server.close();
  await disk.close();
});

describe("a call that never ends", () => {
  it.each(["eth_call", "eth_estimateGas", "eth_createAccessList"])(
    "as %s ends at the deadline; other requests and blocks do not wait for it",
    { timeout: 30_000 },
    async (method) => {
      const start = monotonicMs();
      const late = ask(method, ENDLESS);
      let isOver = false;
      void late.then(() => {
        isOver = true;
      });
      const blocks = disk.small.head.number;
      let asked = 0;
      for (; monotonicMs() - start < DEADLINE_MS - 500; asked++) {
        expect((await ask("eth_blockNumber")).result).toBe(`0x${disk.small.head.number.toString(16)}`);
        expect(isOver).toBe(false);
        if (asked % 10 === 0) await disk.advance();
      }
      expect(asked).toBeGreaterThan(0);
      expect(disk.small.head.number).toBeGreaterThan(blocks);
      const { error } = await late;
      expect(error).toMatchObject({ code: -32000, message: "execution aborted (timeout = 1500ms)" });
      expect(error?.data?.code).toBe("SIMULATION_TIMEOUT");
      expect((await ask("eth_call", { to: adds })).result).toMatch(/^0x0{63}[1-9]$/);
    },
  );

  it("in a batch does not get a deadline for each item", { timeout: 60_000 }, async () => {
    const start = monotonicMs();
    const batch = Array.from({ length: 20 }, (_, id) => request(id, "eth_call", [ENDLESS]));
    const answers = (await post(batch)) as Answer[];
    expect(monotonicMs() - start).toBeLessThan(20 * DEADLINE_MS);
    expect(answers.map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
    expect(answers[0]?.error?.code).toBe(-32000);
    expect(answers.at(-1)?.error).toMatchObject({ code: -32005, message: expect.stringContaining("batch") });
  });
});

describe("many calls", () => {
  it("in batches are answered in order", { timeout: 120_000 }, async () => {
    await disk.advance([await signed({ nonce: 0, to: adds })]);
    const expected = await ask("eth_call", { to: adds });
    const answers: Answer[] = [];
    for (let first = 0; first < 1000; first += 100) {
      const batch = Array.from({ length: 100 }, (_, i) => request(first + i, "eth_call", [{ to: adds }]));
      answers.push(...((await post(batch)) as Answer[]));
    }
    expect(answers.map(({ id }) => id)).toEqual([...answers.keys()]);
    expect(new Set(answers.map(({ result }) => result))).toEqual(new Set([expected.result]));
  });

  it("at once are all answered", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask("eth_estimateGas", { to: adds })));
    expect(new Set(answers.map(({ result }) => result)).size).toBe(1);
    expect(answers[0]?.result).toMatch(/^0x/);
  });
});

it("an access list that never settles ends with an error", { timeout: 30_000 }, async () => {
  const { error } = await ask("eth_createAccessList", { data: "0x5a54" });
  expect(error?.data?.code).toMatch(/ACCESS_LIST_UNSTABLE|SIMULATION_TIMEOUT/);
});
