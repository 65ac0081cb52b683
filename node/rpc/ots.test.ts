import { beforeAll, describe, expect, it } from "vitest";
import type { Ask } from "../../test/support/ask.ts";
import { askOf } from "../../test/support/ask.ts";
import type { MemoryChain } from "../../test/support/memory-chain.ts";
import { createSmallChain, SENDER, type SmallChain, signed } from "../../test/support/small-chain.ts";
import type { ChainReader } from "./types.ts";

/** Calls itself with 1 wei, and reverts where it is the caller itself. */
const ADDRESS = `0x${"ab".repeat(20)}` as const;

let small: SmallChain;
let ask: Ask;
beforeAll(async () => {
  small = createSmallChain({
    accounts: [{ address: ADDRESS, codeHex: "0x3033146010575f5f5f5f6001305af1005b5f5ffd" }],
  });
  await small.advance([await signed({ nonce: 0, to: ADDRESS, value: 2n })]);
  await small.advance();
  ask = askOf(small);
});

/** The chain with other facts. */
function chainWith(more: Partial<ChainReader>): ChainReader {
  const { chain } = small;
  return new Proxy(chain as MemoryChain & ChainReader, {
    get: (target, name) => {
      if (name in more) return more[name as keyof ChainReader];
      const value: unknown = target[name as keyof MemoryChain];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("ots_", () => {
  it("refuses what is no number, no page, or too large a page", async () => {
    const search = (...params: unknown[]) => ask("ots_searchTransactionsBefore", ADDRESS, ...params);
    for (const bound of ["0x0", -1, 0.5, 2 ** 53, null]) {
      expect((await search(bound, 25)).error).toMatchObject({ code: -32602 });
    }
    expect((await search(0, 26)).error).toMatchObject({ message: "max allowed page size: 25" });
    expect((await search(0, 0)).error).toMatchObject({ code: -32602 });
    expect((await ask("ots_getBlockTransactions", 1, 0, 1_001)).error).toMatchObject({ code: -32000 });
    expect((await ask("ots_getBlockDetails", 1.5)).error).toMatchObject({ code: -32602 });
  });

  it("says that there is no index of addresses, or that it is not built yet", async () => {
    expect((await ask("ots_searchTransactionsAfter", ADDRESS, 0, 25)).error).toMatchObject({
      message: expect.stringContaining("--address-index"),
    });
    const addresses = { builtTo: () => 9n, async *find() {} };
    const behind = chainWith({ addresses, head: () => ({ number: 100n, hash: small.chain.head().hash }) });
    const { error } = await askOf(small, { chain: behind })("ots_searchTransactionsAfter", ADDRESS, 0, 25);
    expect(error?.message).toBe("the index of addresses is being built: it has 10 of 101 blocks");
  });

  it("leaves out of a transaction's operations what was undone", async () => {
    const { hash } = (await small.chain.blockByNumber(1n))!.transactions[1]!;
    const trace = (await ask("ots_traceTransaction", hash)).result;
    expect(trace.map(({ depth, value }: { depth: number; value: string }) => [depth, value])).toEqual([
      [0, "0x2"],
      [1, "0x1"],
    ]);
    expect((await ask("ots_getInternalOperations", hash)).result).toEqual([]);
  });

  it("tells states that are not kept from things that never were", async () => {
    const pruned = askOf(small, { chain: chainWith({ oldestState: () => 1n }) });
    const missing = { code: -32000, message: expect.stringContaining("keeps states from block 1 on") };
    expect((await pruned("ots_getContractCreator", ADDRESS)).error).toMatchObject(missing);
    expect((await pruned("ots_getTransactionBySenderAndNonce", SENDER.address, 0)).error).toMatchObject(
      missing,
    );
    expect(await pruned("ots_getTransactionBySenderAndNonce", SENDER.address, 1)).toMatchObject({
      result: null,
    });
  });
});
