import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Ask, askOf } from "../../test/support/ask.ts";
import { InstantPool } from "../../test/support/instant-pool.ts";
import { createSmallChain, type SmallChain, signed } from "../../test/support/small-chain.ts";
import { bytesToHex } from "../base/bytes.ts";
import type { ExecutedBlock } from "../execution/evm/executor.ts";

/** Emits LOG1 with topic 7 and no data. */
const logger = `0x${"1c".repeat(20)}` as const;
const other = `0x${"1d".repeat(20)}` as const;
const topic = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;

let small: SmallChain;
let ask: Ask;
let nonce: number;

beforeEach(() => {
  nonce = 0;
  small = createSmallChain({
    accounts: [
      { address: logger, codeHex: "0x60075f5fa100" },
      { address: other, codeHex: "0x60085f5fa100" },
    ],
  });
  ask = askOf(small, { pool: new InstantPool(small), logLimits: { maxResults: 5 } });
});

const emit = async (to: `0x${string}` = logger, times = 1): Promise<ExecutedBlock> => {
  const raws = await Promise.all(Array.from({ length: times }, () => signed({ nonce: nonce++, to })));
  return small.advance(raws);
};
const changes = async (id: string) => (await ask("eth_getFilterChanges", id)).result;
const make = async (method: string, ...params: unknown[]) => (await ask(method, ...params)).result as string;

describe("a filter of logs", () => {
  it("tells what is new at each poll, once", async () => {
    await emit();
    const id = await make("eth_newFilter", { address: logger, fromBlock: "latest" });
    expect(id).toMatch(/^0x[0-9a-f]{32}$/);
    expect(await changes(id)).toEqual([]);
    const { block } = await emit();
    await emit(other);
    const [log, ...more] = await changes(id);
    expect(log).toMatchObject({ address: logger, blockHash: block.hash, logIndex: "0x0", removed: false });
    expect(more).toEqual([]);
    expect(await changes(id)).toEqual([]);
    expect((await ask("eth_getFilterLogs", id)).result).toEqual([]);
    const all = await make("eth_newFilter", {
      address: [logger, other],
      fromBlock: "0x0",
      topics: [[topic(7), topic(8)]],
    });
    expect((await ask("eth_getFilterLogs", all)).result).toHaveLength(3);
  });

  it("tells again, as removed, what a reorg took away", async () => {
    const parent = small.head;
    const id = await make("eth_newFilter", {});
    const orphan = await emit();
    expect(await changes(id)).toMatchObject([{ blockHash: orphan.block.hash, removed: false }]);
    small.head = parent;
    const attributes = { ...small.attributes([await signed({ nonce: 0, to: other })]), prevRandao: topic(5) };
    const next = await small.executor.build(
      parent,
      attributes as typeof attributes & { prevRandao: `0x${string}` },
    );
    small.chain.replace(1, [next]);
    expect(await changes(id)).toMatchObject([
      { address: logger, blockHash: orphan.block.hash, removed: true },
      { address: other, blockHash: next.block.hash, removed: false },
    ]);
    expect(await changes(id)).toEqual([]);
  });

  it("gives an answer's most, and the rest at the next poll", async () => {
    const id = await make("eth_newFilter", {});
    for (let i = 0; i < 4; i++) await emit(logger, 2);
    expect(await changes(id)).toHaveLength(4);
    expect(await changes(id)).toHaveLength(4);
    expect(await changes(id)).toHaveLength(0);
    const { error } = await ask("eth_getLogs", { fromBlock: "0x0" });
    expect(error).toMatchObject({
      code: -32005,
      message: "query returned more than 5 results",
      data: { to: "0x2" },
    });
    await emit(logger, 7);
    expect(await changes(id)).toHaveLength(7);
    expect((await ask("eth_getLogs", { fromBlock: "latest" })).result).toHaveLength(7);
  });

  it.each([
    [{ fromBlock: "pending" }, "pending logs are not supported"],
    [{ fromBlock: "0x9", toBlock: "0x1" }, "invalid block range params"],
    [{ blockHash: topic(1), fromBlock: "0x1" }, "cannot specify both BlockHash and FromBlock/ToBlock"],
    [{ topics: [[], [], [], [], []] }, "exceed max topics"],
  ])("%j is refused", async (filter, text) => {
    for (const method of ["eth_newFilter", "eth_getLogs"]) {
      const { error } = await ask(method, filter);
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(text) });
    }
  });

  it("has at most 1,000 alternatives, and a range where the node has one", async () => {
    const address = Array.from({ length: 1001 }, () => logger);
    expect((await ask("eth_newFilter", { address })).error).toMatchObject({
      code: -32000,
      message: "exceed max addresses or topics per search position",
    });
    for (let i = 0; i < 4; i++) await emit();
    const narrow = askOf(small, { logLimits: { maxRange: 2n } });
    expect((await narrow("eth_getLogs", { fromBlock: "0x1" })).error).toMatchObject({
      code: -32000,
      message: "exceed maximum block range: 2",
    });
    expect((await narrow("eth_getLogs", { fromBlock: "0x2" })).result).toHaveLength(3);
  });

  it("gives up a query that takes too long", async () => {
    await emit();
    const hasty = askOf(small, { logLimits: { timeoutMs: -1 } });
    expect((await hasty("eth_getLogs", { fromBlock: "0x0" })).error).toMatchObject({
      code: -32002,
      message: "request timed out",
    });
  });
});

describe("other filters", () => {
  it("tell of blocks, also after a reorg", async () => {
    const id = await make("eth_newBlockFilter");
    const [one, two] = [await emit(), await emit()];
    expect(await changes(id)).toEqual([one.block.hash, two.block.hash]);
    small.head = one.block.header;
    const next = await small.executor.build(one.block.header, small.attributes());
    small.chain.replace(1, [next]);
    expect(await changes(id)).toEqual([next.block.hash]);
    expect((await ask("eth_getFilterLogs", id)).error).toMatchObject({
      code: -32000,
      message: "filter not found",
    });
  });

  it("tell of pending transactions, in full where that is asked for", async () => {
    const hashes = await make("eth_newPendingTransactionFilter");
    const full = await make("eth_newPendingTransactionFilter", true);
    const raw = bytesToHex(await signed({ nonce: nonce++ }));
    const { result: hash } = await ask("eth_sendRawTransaction", raw);
    expect(await changes(hashes)).toEqual([hash]);
    expect(await changes(full)).toMatchObject([{ hash, blockHash: null, nonce: "0x0" }]);
    expect(await changes(hashes)).toEqual([]);
  });

  it("end when they are uninstalled, or not polled for five minutes", async () => {
    const id = await make("eth_newBlockFilter");
    expect((await ask("eth_uninstallFilter", id)).result).toBe(true);
    expect((await ask("eth_uninstallFilter", id)).result).toBe(false);
    expect((await ask("eth_getFilterChanges", id)).error).toMatchObject({
      code: -32000,
      message: "filter not found",
    });
    expect((await ask("eth_getFilterChanges", 5)).error?.code).toBe(-32602);
    const late = await make("eth_newBlockFilter");
    const now = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now + 299_000);
    expect(await changes(late)).toEqual([]);
    clock.mockImplementation(() => now + 599_001);
    expect((await ask("eth_getFilterChanges", late)).error?.message).toBe("filter not found");
    clock.mockRestore();
  });
});
