import { describe, expect, test } from "vitest";
import { l1Hash, testRollup } from "../../../test/harness/blocks.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef } from "../../chain/types/rollup.ts";
import { selectOrigin } from "./origin-selector.ts";

const rollup = testRollup();

function l1Block(number: number, timestamp: number, parent = l1Hash(number - 1)): L1Block {
  return {
    number: BigInt(number),
    hash: l1Hash(number),
    parentHash: parent,
    timestamp: BigInt(timestamp),
    baseFeePerGas: 7n,
    mixHash: l1Hash(number, 1),
    parentBeaconBlockRoot: undefined,
    excessBlobGas: undefined,
    transactions: [],
    receipts: [],
  };
}

/** A head of origin 10 (L1 time 1,000) at an L2 time. */
function parentAt(timestamp: number, hash = l1Hash(10)): L2BlockRef {
  return {
    hash: l1Hash(99),
    number: 5n,
    parentHash: l1Hash(98),
    timestamp: BigInt(timestamp),
    l1Origin: { hash, number: 10n },
    sequenceNumber: 0n,
  };
}

/** The choice where L1 has told of these blocks; only the first two can matter. */
function choose(parent: L2BlockRef, blocks: L1Block[], replaced?: string) {
  const at = (number: bigint) => blocks.find((block) => block.number === number);
  const { number } = parent.l1Origin;
  const known = { current: at(number), next: at(number + 1n), replaced };
  return selectOrigin({ parent, known, rollup });
}

const ten = l1Block(10, 1_000);
const eleven = l1Block(11, 1_012);

describe("selectOrigin", () => {
  test("moves on as soon as L2 time reaches the next origin's", () => {
    expect(choose(parentAt(1_008), [ten, eleven])).toMatchObject({ origin: ten, mayIncludePool: true });
    expect(choose(parentAt(1_010), [ten, eleven])).toMatchObject({ origin: eleven });
  });

  test("stays while the next origin is unknown", () => {
    expect(choose(parentAt(1_010), [ten])).toMatchObject({ origin: ten });
  });

  test("past the drift it waits for L1, or builds empty blocks up to a late next origin", () => {
    expect(choose(parentAt(2_798), [ten])).toMatchObject({ origin: ten, mayIncludePool: true });
    expect(choose(parentAt(2_800), [ten])).toMatchObject({ kind: "wait" });
    const late = l1Block(11, 9_000);
    expect(choose(parentAt(2_800), [ten, late])).toMatchObject({ origin: ten, mayIncludePool: false });
  });

  test("takes no pool transaction while the origin that it moves to is past the drift as well", () => {
    // L1 makes a block each second, L2 each two: every block moves on by one origin, and falls a second further behind.
    const behind = [ten, l1Block(11, 1_001), l1Block(12, 1_002)];
    expect(choose(parentAt(2_799), behind)).toMatchObject({
      origin: behind[1],
      mayIncludePool: true,
    });
    expect(choose(parentAt(2_800), behind)).toMatchObject({
      origin: behind[1],
      mayIncludePool: false,
    });
    // After a stall: the first block of the next origin is still past that origin's drift, the following one is not.
    const stalled = [ten, l1Block(11, 1_012), l1Block(12, 2_000)];
    expect(choose(parentAt(2_812), stalled)).toMatchObject({
      origin: stalled[1],
      mayIncludePool: false,
    });
    const following = { ...parentAt(2_814), l1Origin: { hash: l1Hash(11), number: 11n } };
    expect(choose(following, stalled)).toMatchObject({ origin: stalled[2], mayIncludePool: true });
  });

  test("builds nothing on an origin that is gone or not known", () => {
    expect(choose(parentAt(1_010), [ten], "gone")).toMatchObject({ kind: "reorganised", reason: "gone" });
    expect(choose(parentAt(1_010), [])).toMatchObject({ kind: "wait" });
  });
});
