import { beforeAll, describe, expect, it } from "vitest";
import { askOf } from "../../test/support/ask.ts";
import { createSmallChain, SENDER, signed } from "../../test/support/small-chain.ts";

const small = createSmallChain();
const ask = askOf(small);
const from = SENDER.address;
/** Hash of block 1, of a block of the same height that is not canonical, of none. */
let first: string;
let orphan: string;
const unknown = `0x${"77".repeat(32)}`;

beforeAll(async () => {
  const { block, receipts } = await small.executor.build(small.head, {
    ...small.attributes(),
    prevRandao: `0x${"55".repeat(32)}`,
  });
  first = (await small.advance([await signed({ nonce: 0, value: 1n })])).block.hash;
  small.chain.orphan(block, receipts);
  orphan = block.hash;
  await small.advance([await signed({ nonce: 1, value: 1n })]);
});

const nonce = async (block: unknown) => {
  const { result, error } = await ask("eth_getTransactionCount", from, block);
  return result ?? `${error?.code} ${error?.message}`;
};

describe("a block parameter", () => {
  it.each([
    ["a tag", () => "latest", "0x2"],
    ["a number", () => "0x1", "0x1"],
    ["a hash", () => first, "0x1"],
    ["a tag in an object", () => ({ blockNumber: "latest" }), "0x2"],
    ["the earliest in an object", () => ({ blockNumber: "earliest" }), "0x0"],
    ["safe in an object", () => ({ blockNumber: "safe" }), "0x2"],
    ["a number in an object", () => ({ blockNumber: "0x1" }), "0x1"],
    ["a hash in an object", () => ({ blockHash: first }), "0x1"],
    ["a canonical hash", () => ({ blockHash: first, requireCanonical: true }), "0x1"],
    ["an orphan's hash", () => ({ blockHash: orphan, requireCanonical: false }), "0x0"],
    ["null fields", () => ({ blockHash: null, blockNumber: "0x1", requireCanonical: null }), "0x1"],
    [
      "an orphan where it must be canonical",
      () => ({ blockHash: orphan, requireCanonical: true }),
      "-32000 hash is not currently canonical",
    ],
    ["an unknown hash", () => ({ blockHash: unknown }), "-32000 header for hash not found"],
    ["a number to come", () => ({ blockNumber: "0x99" }), "-32000 header not found"],
  ])("is %s", async (_, block, expected) => {
    if (expected === "0x0" && JSON.stringify(block()).includes(orphan)) {
      // Its state was never stored; that its header is found is what counts.
      expect(await nonce(block())).not.toContain("header");
      return;
    }
    expect(await nonce(block())).toBe(expected);
  });

  it.each([
    ["both", () => ({ blockHash: first, blockNumber: "0x1" }), "cannot specify both"],
    ["neither", () => ({}), "neither"],
    ["a number of JSON", () => 1, "must be a string"],
    ["leading zeros", () => "0x01", "leading zeros"],
    ["too high", () => "0x8000000000000000", "larger than int64"],
    ["a flag that is none", () => ({ blockHash: first, requireCanonical: "yes" }), "true or false"],
  ])("is refused with %s", async (_, block, text) => {
    const { error } = await ask("eth_getBalance", from, block());
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(text) });
  });

  it("takes no hash where geth takes a number", async () => {
    expect((await ask("eth_getBlockByNumber", first, false)).error?.code).toBe(-32602);
    expect((await ask("eth_getBlockReceipts", first)).result).toHaveLength(2);
  });
});
