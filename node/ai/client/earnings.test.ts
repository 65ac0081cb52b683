import * as fc from "fast-check";
import { bytesToHex, decodeErrorResult, decodeFunctionResult } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { balanceOf, call, compiled } from "../../../precompiles/testing/evm.ts";
import { makeIndex } from "../../../precompiles/testing/fixture.ts";
import {
  BOND,
  CONTRIBUTORS,
  claimWith,
  contributor,
  deployProtocol,
  drawable,
  HOST,
  marketCall,
  must,
  type Protocol,
  request,
  WINDOW,
} from "../../../precompiles/testing/protocol.ts";
import { inferenceMarketAbi } from "../../chain/generated/abi.ts";
import { type ContextShares, NO_CONTEXT } from "../context/rule.ts";
import { dividedBy, earnedBy, earnedParts, hasContextForm, paidContributions, summed } from "./earnings.ts";

const list = { rowIds: [], scores: [], gains: [], floor: 0n };

describe("what a claim pays", () => {
  it("is by hand", () => {
    const taught = { ...list, contributionIds: [7n, 3n], weights: [2n, 1n] };
    const context = { partBps: 2_500, contributionIds: [3n, 9n], weights: [1n, 3n] };
    const claim = { list: taught, context, earnedBps: 8_000 };
    const parts = earnedParts(claim, 1_000n);
    expect(parts).toEqual({ byContext: 250n, byList: 600n });
    expect(dividedBy(parts.byContext, context)).toEqual([
      { contributionId: 3n, amount: 63n },
      { contributionId: 9n, amount: 187n },
    ]);
    expect(earnedBy(claim, parts)).toEqual([
      { contributionId: 7n, amount: 400n },
      { contributionId: 3n, amount: 263n },
      { contributionId: 9n, amount: 187n },
    ]);
    expect(paidContributions(claim)).toEqual([7n, 3n, 9n]);
    const untaught = { ...claim, list: { ...list, contributionIds: [], weights: [] } };
    expect(earnedParts(untaught, 1_000n)).toEqual({ byContext: 250n, byList: 0n });
  });

  it("is never more than the part, and the parts of an amount are all of it", () => {
    const amounts = fc.bigInt(0n, 1n << 100n);
    const shares = fc
      .uniqueArray(fc.bigInt(1n, 1n << 60n), { maxLength: 8 })
      .map((weights) => ({ contributionIds: weights.map((_, i) => BigInt(i)), weights }));
    fc.assert(
      fc.property(
        amounts,
        shares,
        shares,
        fc.nat(10_000),
        fc.nat(10_000),
        (amount, taught, shown, part, earned) => {
          const context = shown.weights.length > 0 && part > 0 ? { ...shown, partBps: part } : NO_CONTEXT;
          const claim = { list: { ...list, ...taught }, context, earnedBps: earned };
          const parts = earnedParts(claim, amount);
          expect(parts.byContext + parts.byList).toBeLessThanOrEqual(amount);
          const all = earnedBy(claim, parts);
          expect(all.reduce((sum, one) => sum + one.amount, 0n)).toBe(parts.byContext + parts.byList);
          expect(summed(all)).toEqual(all);
        },
      ),
    );
  });
});

describe.skipIf(compiled("InferenceMarket") === undefined)("what a claim pays, in Solidity", () => {
  let p: Protocol;
  let requestId = 0n;
  beforeAll(async () => {
    p = await deployProtocol(
      makeIndex({ rows: 40, dimension: 16, topK: 8, floor: 0n, contributions: CONTRIBUTORS, seed: 5 }),
    );
  });

  const weight = fc.oneof(fc.bigInt(1n, 1n << 40n), fc.constantFrom(0n, (1n << 64n) - 1n, 1n << 64n));
  const contexts: fc.Arbitrary<ContextShares> = fc
    .array(fc.tuple(fc.bigInt(0n, 12n), weight), { maxLength: 9 })
    .chain((all) =>
      fc.record({
        partBps: fc.oneof(fc.nat(10_000), fc.constantFrom(0, 10_001, 65_535)),
        contributionIds: fc.constantFrom(
          all.map(([id]) => id),
          [...new Set(all.map(([id]) => id))].sort((a, b) => (a < b ? -1 : 1)),
          all.map((_, i) => BigInt(i + 1)),
        ),
        weights: fc.constantFrom(
          all.map(([, value]) => value),
          all.map((_, i) => BigInt(i + 1)),
        ),
      }),
    );
  const formed = contexts.filter(hasContextForm);

  async function claimed(context: ContextShares, earnedBps: number, hasList: boolean) {
    await request(p);
    requestId += 1n;
    const empty = { ...p.fixture.list, rowIds: [], scores: [], gains: [], contributionIds: [], weights: [] };
    const claim = { ...claimWith(p, hasList ? p.fixture.list : { ...empty, floor: 0n }), requestId };
    return { ...claim, context, earnedBps };
  }

  it("has the same form", { timeout: 60_000 }, async () => {
    let right = 0;
    const given = fc.oneof(contexts, formed);
    await fc.assert(
      fc.asyncProperty(given, async (context) => {
        const claim = await claimed(context, 10_000, true);
        const data = marketCall("claim", [claim, bytesToHex(p.fixture.query)]);
        const { execResult } = await call(p.evm, p.market, data, {
          from: HOST,
          value: BOND,
          timestamp: p.now,
        });
        const isTaken = execResult.exceptionError === undefined;
        expect(isTaken).toBe(hasContextForm(context));
        if (isTaken) {
          right += 1;
          await settle(claim);
          return;
        }
        const reason = bytesToHex(execResult.returnValue);
        expect(decodeErrorResult({ abi: inferenceMarketAbi, data: reason }).errorName).toBe("ContextForm");
      }),
      { numRuns: 60 },
    );
    expect(right).toBeGreaterThan(10);
  });

  it("divides to the same wei", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(formed, fc.nat(10_000), fc.boolean(), async (context, earnedBps, hasList) => {
        const claim = await claimed(context, earnedBps, hasList);
        const query = bytesToHex(p.fixture.query);
        await must(p, p.market, marketCall("claim", [claim, query]), { from: HOST, value: BOND });
        const payout = await payoutOf(claim);
        const parts = earnedParts(claim, payout.contributors + payout.context + payout.pools);
        expect(parts).toEqual({ byContext: payout.context, byList: payout.contributors });
        const ids = paidContributions(claim).filter((id) => id >= 1n && id <= BigInt(CONTRIBUTORS));
        const before = await Promise.all(ids.map((id) => fundsOf(id)));
        await settle(claim);
        const due = new Map(
          earnedBy(claim, parts).map(({ contributionId, amount }) => [contributionId, amount]),
        );
        for (const [i, id] of ids.entries()) expect((await fundsOf(id)) - before[i]!).toBe(due.get(id));
      }),
      { numRuns: 20 },
    );
  });

  /** A host has no more than so many open at once. */
  async function settle(claim: Awaited<ReturnType<typeof claimed>>): Promise<void> {
    p.now += WINDOW;
    await must(p, p.market, marketCall("settle", [[claim]]));
  }

  async function payoutOf(claim: Awaited<ReturnType<typeof claimed>>) {
    const { execResult } = await call(p.evm, p.market, marketCall("payoutOf", [claim]), { timestamp: p.now });
    const data = bytesToHex(execResult.returnValue);
    return decodeFunctionResult({ abi: inferenceMarketAbi, functionName: "payoutOf", data });
  }

  async function fundsOf(id: bigint): Promise<bigint> {
    return (await balanceOf(p.evm, contributor(Number(id)))) + (await drawable(p, contributor(Number(id))));
  }
});
