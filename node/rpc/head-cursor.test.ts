import { describe, expect, it } from "vitest";
import type { BlockHeader } from "../chain/types/block.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { pathFrom } from "./namespaces/eth/head-cursor.ts";
import type { ChainReader } from "./types.ts";

const hashOf = (chain: number, number: bigint) =>
  `0x${chain.toString(16).padStart(2, "0")}${number.toString(16).padStart(62, "0")}` as Hash;

/** Chain 1 is canonical; chain 2 left it above block `fork`. */
function chainOf(fork: bigint, head: bigint): ChainReader {
  const headerByHash = async (hash: Hash) => {
    const number = BigInt(`0x${hash.slice(4)}`);
    const parent = number - 1n;
    const parentHash = hashOf(hash.startsWith("0x02") && parent > fork ? 2 : 1, parent);
    return { number, parentHash } as BlockHeader;
  };
  const headerByNumber = async (number: bigint) =>
    number > head ? undefined : { hash: hashOf(1, number), header: {} as BlockHeader };
  const reader: Partial<ChainReader> = {
    headerByHash,
    headerByNumber,
    head: () => ({ hash: hashOf(1, head), number: head }),
  };
  return reader as ChainReader;
}

describe("the way from an old head", () => {
  it("leads over each block that left, newest first, to the last one that stayed", async () => {
    const path = await pathFrom(chainOf(7n, 20n), { hash: hashOf(2, 10n), number: 10n });
    expect(path).toEqual({
      removed: [hashOf(2, 10n), hashOf(2, 9n), hashOf(2, 8n)],
      common: 7n,
      head: { hash: hashOf(1, 20n), number: 20n },
    });
    expect(await pathFrom(chainOf(7n, 20n), { hash: hashOf(1, 5n), number: 5n })).toMatchObject({
      removed: [],
      common: 5n,
    });
  });

  it("leads also from above a chain that has become shorter", async () => {
    const path = await pathFrom(chainOf(7n, 8n), { hash: hashOf(2, 10n), number: 10n });
    expect(path).toMatchObject({ removed: { length: 3 }, common: 7n });
  });

  it("is given up after 50,000 blocks", async () => {
    const head = 60_000n;
    const from = { hash: hashOf(2, head), number: head };
    expect((await pathFrom(chainOf(head - 50_000n, head), from))?.removed).toHaveLength(50_000);
    expect(await pathFrom(chainOf(head - 50_001n, head), from)).toBeUndefined();
  });

  it("is none where the genesis is another", async () => {
    const path = await pathFrom(chainOf(-5n, 3n), { hash: hashOf(2, 3n), number: 3n });
    expect(path).toBeUndefined();
  });
});
