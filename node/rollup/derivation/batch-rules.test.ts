import { describe, expect, it } from "vitest";
import {
  beforeHolocene,
  context,
  hash,
  l1Block,
  rollup,
  safeHead,
} from "../../../test/support/batch-fixture.ts";
import type { SingularBatch } from "../../chain/codec/singular-batch.ts";
import { type BatchContext, checkSingularBatch } from "./batch-rules.ts";

const singular: SingularBatch = {
  parentHash: safeHead.hash,
  epochNumber: 10n,
  epochHash: hash(10),
  timestamp: 1_012n,
  transactions: [Uint8Array.of(2)],
};

describe("checkSingularBatch", () => {
  const late = { ...context, l1Blocks: [l1Block(10, 0n), l1Block(11, 1_013n)] };
  const empty = { transactions: [] as Uint8Array[] };

  it.each<[string, Partial<SingularBatch>, Partial<BatchContext>, string]>([
    ["the next block", {}, {}, "accept"],
    ["no L1 blocks", {}, { l1Blocks: [] }, "undecided"],
    ["a future block", { timestamp: 1_014n }, {}, "drop"],
    ["the safe head's time", { timestamp: 1_010n }, {}, "past"],
    ["another parent", { parentHash: hash(1) }, {}, "drop"],
    ["the window's last block", {}, { inclusion: l1Block(30) }, "accept"],
    ["one block after the window", {}, { inclusion: l1Block(31) }, "drop"],
    ["an older epoch", { epochNumber: 9n, epochHash: hash(9) }, {}, "drop"],
    ["the next epoch", { epochNumber: 11n, epochHash: hash(11) }, {}, "accept"],
    ["the next epoch unseen", { epochNumber: 11n }, { l1Blocks: [l1Block(10)] }, "undecided"],
    ["an epoch skipped", { epochNumber: 12n, epochHash: hash(12) }, {}, "drop"],
    ["another L1 chain", { epochHash: hash(1) }, {}, "drop"],
    [
      "before its origin's time",
      { epochNumber: 11n, epochHash: hash(11) },
      { l1Blocks: [l1Block(10), l1Block(11, 1_013n)] },
      "drop",
    ],
    [
      "beyond the drift with transactions",
      { epochHash: hash(10) },
      { l1Blocks: [l1Block(10, -789n)] },
      "drop",
    ],
    ["at the drift's end", {}, { l1Blocks: [l1Block(10, -788n)] }, "accept"],
    [
      "beyond the drift, empty, next origin not reached",
      empty,
      { ...late, l1Blocks: [l1Block(10, -789n), l1Block(11, 1_013n)] },
      "accept",
    ],
    [
      "beyond the drift, empty, next origin reached",
      empty,
      { l1Blocks: [l1Block(10, -789n), l1Block(11, 1_012n)] },
      "drop",
    ],
    ["beyond the drift, empty, next origin unseen", empty, { l1Blocks: [l1Block(10, -789n)] }, "undecided"],
    ["an empty transaction", { transactions: [Uint8Array.of()] }, {}, "drop"],
    ["a deposit", { transactions: [Uint8Array.of(0x7e, 1)] }, {}, "drop"],
    ["a set-code transaction", { transactions: [Uint8Array.of(4, 1)] }, {}, "accept"],
  ])("%s", (_, change, contextChange, verdict) => {
    expect(checkSingularBatch({ ...singular, ...change }, { ...context, ...contextChange }).kind).toBe(
      verdict,
    );
  });

  it("drops a set-code transaction before Isthmus", () => {
    const before = { ...rollup, forkTimes: { ...rollup.forkTimes, isthmus: 2_000n } };
    const batch = { ...singular, transactions: [Uint8Array.of(4, 1)] };
    expect(checkSingularBatch(batch, { ...context, rollup: before }).kind).toBe("drop");
  });

  it("lets a future block wait before Holocene, and drops an old one", () => {
    expect(checkSingularBatch({ ...singular, timestamp: 1_014n }, beforeHolocene).kind).toBe("future");
    expect(checkSingularBatch({ ...singular, timestamp: 1_010n }, beforeHolocene).kind).toBe("drop");
    expect(checkSingularBatch(singular, beforeHolocene).kind).toBe("accept");
  });

  it("keeps transactions out of Jovian's first block, and of no other fork's", () => {
    const at = (fork: "isthmus" | "jovian") => ({
      ...context,
      rollup: { ...rollup, forkTimes: { ...rollup.forkTimes, [fork]: 1_011n } },
    });
    expect(checkSingularBatch(singular, at("jovian")).kind).toBe("drop");
    expect(checkSingularBatch({ ...singular, transactions: [] }, at("jovian")).kind).toBe("accept");
    expect(checkSingularBatch(singular, at("isthmus")).kind).toBe("accept");
  });
});
