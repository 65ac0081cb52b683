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
    // As geth writes it: a number of 16 random bytes without leading zeros.
    expect(id).toMatch(/^0x[1-9a-f][0-9a-f]{0,31}$/);
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

describe("what a filter asks for", () => {
  it("is its own range, wherever the chain is", async () => {
    const id = await make("eth_newFilter", { fromBlock: "0x2", toBlock: "0x3" });
    const early = await make("eth_newFilter", { toBlock: "earliest" });
    for (let i = 0; i < 2; i++) await emit();
    expect((await changes(id)).map((log: { blockNumber: string }) => log.blockNumber)).toEqual(["0x2"]);
    for (let i = 0; i < 2; i++) await emit();
    expect((await changes(id)).map((log: { blockNumber: string }) => log.blockNumber)).toEqual(["0x3"]);
    expect(await changes(early)).toEqual([]);
    const logs = async (range: object) => {
      const { result, error } = await ask("eth_getLogs", range);
      return result?.length ?? error?.message;
    };
    expect(await logs({ fromBlock: "0x2", toBlock: "0x2" })).toBe(1);
    expect(await logs({ fromBlock: "0x4", toBlock: "0x5" })).toBe(
      "block range extends beyond current head block",
    );
    expect(await logs({ fromBlock: "latest", toBlock: "pending" })).toBe("pending logs are not supported");
    expect((await ask("eth_newFilter", { toBlock: "pending" })).error?.message).toContain("pending logs");
    expect((await ask("eth_newFilter", { fromBlock: "0x2", toBlock: "0x2" })).error).toBeUndefined();
    for (const wrong of [{ fromBlock: 5 }, { toBlock: 5 }, { blockHash: 5 }])
      expect(await logs(wrong)).toContain("invalid argument 0: ");
  });

  it("is one block by its hash", async () => {
    const { block } = await emit(logger, 2);
    await emit();
    const id = await make("eth_newFilter", { blockHash: block.hash });
    const { result } = await ask("eth_getFilterLogs", id);
    expect(result).toMatchObject([{ logIndex: "0x0" }, { logIndex: "0x1", blockHash: block.hash }]);
    await emit();
    expect(await changes(id)).toEqual([]);
    for (const bound of ["fromBlock", "toBlock"]) {
      const { error } = await ask("eth_getLogs", { blockHash: block.hash, [bound]: "0x1" });
      expect(error?.message).toContain("cannot specify both");
    }
    const nowhere = await ask("eth_getLogs", { blockHash: topic(3) });
    expect(nowhere.error).toMatchObject({ code: -32000, message: "unknown block" });
    expect((await ask("eth_getLogs", { blockHash: block.hash, fromBlock: null })).result).toHaveLength(2);
  });

  it("is any of the addresses, and any of the topics at each place", async () => {
    await emit();
    await emit(other);
    const count = async (filter: object) => {
      const { result, error } = await ask("eth_getLogs", { fromBlock: "0x0", ...filter });
      return result?.length ?? error?.message;
    };
    expect(await count({ address: [], topics: [] })).toBe(2);
    expect(await count({ address: null, topics: null })).toBe(2);
    expect(await count({ address: [other] })).toBe(1);
    expect(await count({ topics: [topic(7)] })).toBe(1);
    expect(await count({ topics: [[topic(7), null]] })).toBe(2);
    expect(await count({ topics: [null] })).toBe(2);
    expect(await count({ topics: [null, null] })).toBe(0);
    expect(await count({ topics: [topic(9)] })).toBe(0);
    expect(await count({ address: logger, topics: [topic(8)] })).toBe(0);
    expect(await count({ topics: "0x" })).toContain("invalid topic(s)");
    expect(await count({ topics: [null, null, null, null] })).toBe(0);
    const many = Array.from({ length: 1001 }, () => topic(7));
    expect(await count({ topics: [many] })).toContain("exceed max addresses or topics");
    expect(await count({ topics: [many.slice(1)] })).toBe(1);
  });

  it("is looked up by the blooms of each of its parts", async () => {
    const looked = vi.spyOn(small.chain, "candidates");
    await ask("eth_getLogs", { fromBlock: "0x0", address: [logger], topics: [null, topic(7)] });
    const [[query]] = looked.mock.calls as unknown as [[unknown[][]]];
    expect(query.map(({ length }) => length)).toEqual([1, 1]);
    looked.mockRestore();
  });

  it("waits in line with other queries, up to a limit", async () => {
    await emit();
    const asked = Array.from({ length: 259 }, () => ask("eth_getLogs", { fromBlock: "0x0" }));
    const answers = await Promise.all(asked);
    expect(answers.filter(({ result }) => result?.length === 1)).toHaveLength(258);
    expect(answers.at(-1)?.error).toMatchObject({
      code: -32005,
      message: "too many queries for logs at once",
    });
    expect((await ask("eth_getLogs", { fromBlock: "0x0" })).result).toHaveLength(1);
  });
});

describe("polling", () => {
  it("at once tells nothing twice", async () => {
    for (const method of ["eth_newFilter", "eth_newBlockFilter"]) {
      const id = await make(method, {});
      await emit();
      const both = await Promise.all([changes(id), changes(id)]);
      expect(both.map(({ length }) => length).sort()).toEqual([0, 1]);
    }
  });

  it("gives ten thousand blocks at most, and the others at the next poll", async () => {
    const id = await make("eth_newBlockFilter");
    const { header } = (await small.chain.headerByNumber(0n))!;
    const own = small.chain.headerByNumber.bind(small.chain);
    const read = vi
      .spyOn(small.chain, "headerByNumber")
      .mockImplementation(async (n) =>
        n === 0n ? own(0n) : { hash: topic(Number(n)) as `0x${string}`, header },
      );
    const head = vi
      .spyOn(small.chain, "head")
      .mockReturnValue({ number: 10_003n, hash: topic(10_003) as `0x${string}` });
    const first = await changes(id);
    expect([first.length, first[0], first.at(-1)]).toEqual([10_000, topic(1), topic(10_000)]);
    expect(await changes(id)).toEqual([topic(10_001), topic(10_002), topic(10_003)]);
    read.mockRestore();
    head.mockRestore();
  });

  it("begins anew where the block that was polled last is gone", async () => {
    const logs = await make("eth_newFilter", {});
    const blocks = await make("eth_newBlockFilter");
    const gone = await emit();
    expect(await changes(logs)).toHaveLength(1);
    expect(await changes(blocks)).toHaveLength(1);
    const forgetful = vi
      .spyOn(small.chain, "headerByHash")
      .mockImplementation(async (hash) => (hash === gone.block.hash ? undefined : gone.block.header));
    const next = await small.executor.build(
      (await small.chain.blockByNumber(0n))!.header,
      small.attributes(),
    );
    small.chain.replace(1, [next]);
    expect([await changes(logs), await changes(blocks)]).toEqual([[], []]);
    forgetful.mockRestore();
    small.head = next.block.header;
    nonce = 0;
    const { block } = await emit();
    expect(await changes(blocks)).toEqual([block.hash]);
    expect(await changes(logs)).toMatchObject([{ blockHash: block.hash }]);
  });

  it("is for ten thousand filters at most, and those that nobody polls make room", async () => {
    const now = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    const first = await make("eth_newBlockFilter");
    for (let i = 1; i < 10_000; i++) await make("eth_newBlockFilter");
    expect((await ask("eth_newBlockFilter")).error).toMatchObject({
      code: -32005,
      message: "too many filters",
    });
    clock.mockImplementation(() => now + 200_000);
    expect(await changes(first)).toEqual([]);
    clock.mockImplementation(() => now + 300_000);
    expect((await ask("eth_newBlockFilter")).error).toBeUndefined();
    expect(await changes(first)).toEqual([]);
    clock.mockRestore();
  });
});

describe("filters of pending transactions", () => {
  /** A pool that counts who listens, and tells of what it is told. */
  function listened() {
    const pool = new InstantPool(small);
    const listeners = new Set<(transaction: never) => void>();
    pool.onPending = (listener) => {
      listeners.add(listener as never);
      return () => listeners.delete(listener as never);
    };
    const tell = (hash: string) => {
      for (const listener of listeners) listener({ hash } as never);
    };
    return { on: askOf(small, { pool }), listeners, tell };
  }

  it("listen while one of them is there, and tell what came since each one's own last poll", async () => {
    const { on, listeners, tell } = listened();
    expect(listeners.size).toBe(0);
    const first = (await on("eth_newPendingTransactionFilter")).result;
    tell("0x1");
    const second = (await on("eth_newPendingTransactionFilter", false)).result;
    tell("0x2");
    expect(listeners.size).toBe(1);
    const polled = async (id: string) => (await on("eth_getFilterChanges", id)).result;
    expect(await polled(first)).toEqual(["0x1", "0x2"]);
    expect(await polled(second)).toEqual(["0x2"]);
    await on("eth_uninstallFilter", first);
    expect(listeners.size).toBe(1);
    tell("0x3");
    expect(await polled(second)).toEqual(["0x3"]);
    await on("eth_uninstallFilter", second);
    expect(listeners.size).toBe(0);
    const late = (await on("eth_newPendingTransactionFilter")).result;
    expect(await polled(late)).toEqual([]);
    tell("0x4");
    expect(await polled(late)).toEqual(["0x4"]);
    // Nobody polls it for five minutes: it goes with the next look at the filters.
    const now = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now + 300_001);
    await on("eth_newBlockFilter");
    clock.mockRestore();
    expect(listeners.size).toBe(0);
    expect((await on("eth_newPendingTransactionFilter", 5)).error?.code).toBe(-32602);
  });

  it("keep the newest of very many", async () => {
    const { on, tell } = listened();
    const id = (await on("eth_newPendingTransactionFilter", null)).result;
    for (let i = 0; i < 16_390; i++) tell(`0x${i.toString(16)}`);
    const { result } = await on("eth_getFilterChanges", id);
    expect(result).toHaveLength(16_384);
    expect([result[0], result.at(-1)]).toEqual(["0x6", `0x${(16_389).toString(16)}`]);
  });

  it("are empty where there is no pool", async () => {
    const none = askOf(small, { pool: undefined as never });
    const id = (await none("eth_newPendingTransactionFilter")).result;
    expect((await none("eth_getFilterChanges", id)).result).toEqual([]);
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
    expect((await ask("eth_getFilterChanges", 5)).error).toMatchObject({
      code: -32602,
      message: "invalid argument 0: filter id must be a string",
    });
    const late = await make("eth_newBlockFilter");
    const now = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now + 299_000);
    expect(await changes(late)).toEqual([]);
    clock.mockImplementation(() => now + 599_001);
    expect((await ask("eth_getFilterChanges", late)).error?.message).toBe("filter not found");
    clock.mockRestore();
  });
});
