import * as fc from "fast-check";
import { encodeFunctionData, keccak256 } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import {
  challenge,
  closeEpoch,
  deployEpochs,
  type EpochContracts,
  epochsCall,
  PAYERS,
  readEpochs,
  TERMS,
} from "../../../precompiles/testing/epochs.ts";
import { compiled } from "../../../precompiles/testing/evm.ts";
import { makeIndex } from "../../../precompiles/testing/fixture.ts";
import {
  CONTRIBUTORS,
  claimWith,
  contributor,
  deployProtocol,
  drawable,
  HOST,
  must,
  type Protocol,
  SALT,
  WINDOW,
} from "../../../precompiles/testing/protocol.ts";
import { epochLeavesAbi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { NO_CONTEXT } from "../context/rule.ts";
import {
  composeEpoch,
  type Epoch,
  type EpochInference,
  type EpochPayout,
  epochWith,
  feeOf,
  payoutsOf,
} from "./epoch.ts";
import { type EpochFault, epochChallengeCall, findEpochFault } from "./faults.ts";
import { drawOf, shownLeaf } from "./shown.ts";

const REFUTED = 3;

describe.skipIf(compiled("InferenceEpochs") === undefined)("epochs in TypeScript and in Solidity", () => {
  let p: Protocol;
  let at: EpochContracts;
  let answered: fc.Arbitrary<{ payer: Address; claim: Omit<EpochInference["claim"], "requestId"> }[]>;

  beforeAll(async () => {
    const fixture = makeIndex({
      rows: 40,
      dimension: 16,
      topK: 8,
      floor: 0n,
      contributions: CONTRIBUTORS,
      seed: 5,
    });
    p = await deployProtocol(fixture);
    at = await deployEpochs(p);
    const one = fc.record({
      payer: fc.constantFrom(...PAYERS.map(({ address }) => address)),
      tokensIn: fc.nat(200),
      tokensOut: fc.nat(90),
      earnedBps: fc.nat(10_000),
      isEmpty: fc.boolean(),
      context: contexts,
    });
    const empty = { ...fixture.list, rowIds: [], scores: [], gains: [], contributionIds: [], weights: [] };
    answered = fc.array(one, { minLength: 1, maxLength: 12 }).map((all) =>
      all.map(({ payer, isEmpty, ...counted }) => ({
        payer,
        claim: { ...claimWith(p, isEmpty ? { ...empty, floor: 0n } : fixture.list), ...counted },
      })),
    );
  });

  /** Of the first contributors, or none. */
  const contexts = fc
    .record({
      partBps: fc.nat(10_000),
      weights: fc.array(fc.bigInt(1n, (1n << 64n) - 1n), { maxLength: CONTRIBUTORS }),
    })
    .map(({ partBps, weights }) =>
      partBps === 0 || weights.length === 0
        ? NO_CONTEXT
        : { partBps, weights, contributionIds: weights.map((_, i) => BigInt(i + 1)) },
    );

  /** The next epoch of HOST. */
  async function next(all: Parameters<typeof composeEpoch>[3]): Promise<Epoch> {
    const count = await readEpochs<bigint>(p, at.epochs, "epochCount", [HOST]);
    return composeEpoch(HOST, count + 1n, TERMS, all);
  }

  const statusOf = async ({ epochId }: Epoch) =>
    (await readEpochs<{ status: number }>(p, at.epochs, "epochOf", [epochId])).status;

  it("have the same trees, fees and payouts", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(answered, async (all) => {
        const epoch = await next(all);
        expect(findEpochFault(epoch, TERMS, epoch.largestNet, () => true)).toBeUndefined();
        await closeEpoch(p, at, epoch);
        for (const [position] of epoch.inferences.entries()) {
          const args = [epoch.epochId, shownLeaf(epoch, position)] as const;
          await must(p, at.leaves, encodeFunctionData({ abi: epochLeavesAbi, functionName: "open", args }));
        }
        p.now += WINDOW;
        await must(p, at.epochs, epochsCall("settle", [epoch.epochId]));
        await drawsAll(epoch);
        const { undrawn } = await readEpochs<{ undrawn: bigint }>(p, at.epochs, "epochOf", [epoch.epochId]);
        expect(undrawn).toBe(0n);
      }),
      { numRuns: 15 },
    );
  });

  async function drawsAll(epoch: Epoch): Promise<void> {
    for (let id = 1; id <= CONTRIBUTORS; id++) {
      const draw = drawOf(epoch, BigInt(id));
      const mine = epoch.payouts.filter(({ contributionId }) => contributionId === BigInt(id));
      expect(draw === undefined).toBe(mine.length === 0);
      if (draw === undefined) continue;
      const before = await drawable(p, contributor(id));
      await must(p, at.epochs, epochsCall("draw", [epoch.epochId, ...draw]));
      const due = mine.reduce((sum, { amount }) => sum + amount, 0n);
      expect((await drawable(p, contributor(id))) - before).toBe(due);
    }
  }

  /** An epoch of five inferences of two payers, changed. */
  async function lying(
    change: (epoch: Epoch) => {
      inferences?: EpochInference[];
      payouts?: EpochPayout[];
      ranges?: Epoch["ranges"];
    },
  ): Promise<Epoch> {
    const claim = claimWith(p, p.fixture.list);
    const all = [0, 0, 0, 1, 1].map((payer, i) => ({
      payer: PAYERS[payer]!.address,
      claim: { ...claim, tokensIn: 40 + i },
    }));
    const epoch = await next(all);
    const { inferences = epoch.inferences, payouts, ranges = epoch.ranges } = change(epoch);
    return epochWith(epoch.epochId, inferences, payouts ?? payoutsOf(TERMS, inferences), ranges);
  }

  const changed = <T>(list: readonly T[], i: number, change: Partial<T>): T[] =>
    list.map((one, at) => (at === i ? { ...one, ...change } : one));

  const lies: [string, EpochFault["kind"], Parameters<typeof lying>[0]][] = [
    [
      "a fee that does not follow from its tokens",
      "leaf",
      ({ inferences, ranges }) => ({
        inferences: changed(inferences, 1, { net: inferences[1]!.net + 1n }),
        ranges: changed(
          ranges,
          ranges.findIndex(({ payer }) => payer === inferences[1]!.payer),
          {
            net: ranges.find(({ payer }) => payer === inferences[1]!.payer)!.net + 1n,
          },
        ),
      }),
    ],
    [
      "an inference of somebody who signed nothing",
      "leaf",
      ({ inferences }) => ({ inferences: changed(inferences, 2, { payer: contributor(1) }) }),
    ],
    [
      "an inference of another name",
      "leaf",
      ({ inferences }) => ({
        inferences: changed(inferences, 2, { claim: { ...inferences[2]!.claim, requestId: 7n } }),
      }),
    ],
    [
      "a payer that pays another's",
      "range",
      ({ ranges: [a, b] }) => ({
        ranges: [
          { ...a!, net: a!.net + 5n },
          { ...b!, net: b!.net - 5n },
        ],
      }),
    ],
    ["a payout twice", "order", ({ payouts }) => ({ payouts: changed(payouts, 1, payouts[0]!) })],
    [
      "a payout of another amount",
      "payout",
      ({ payouts }) => ({ payouts: changed(payouts, 3, { amount: payouts[3]!.amount - 1n }) }),
    ],
    [
      "a payout of no inference",
      "payout",
      ({ payouts }) => ({ payouts: changed(payouts, payouts.length - 1, { inference: 99 }) }),
    ],
    ["a first payout missing", "missing", ({ payouts }) => ({ payouts: payouts.slice(1) })],
    ["a last payout missing", "missing", ({ payouts }) => ({ payouts: payouts.slice(0, -1) })],
    [
      "one between others missing",
      "missing",
      ({ payouts }) => ({ payouts: payouts.filter((_, i) => i !== 4) }),
    ],
    ["all payouts missing", "missing", () => ({ payouts: [] })],
  ];

  it.each(lies)("%s is found, and refutes the epoch", async (_, kind, change) => {
    const epoch = await lying(change);
    const fault = findEpochFault(epoch, TERMS, epoch.largestNet, () => true);
    expect(fault?.kind).toBe(kind);
    await closeEpoch(p, at, epoch);
    await challenge(p, at.challenges, epochChallengeCall(epoch, fault!, SALT));
    expect(await statusOf(epoch)).toBe(REFUTED);
  });

  it("a list without form is found, and refutes the epoch", async () => {
    const epoch = await lying(({ inferences }) => {
      const { claim } = inferences[4]!;
      const list = { ...claim.list, floor: claim.list.floor + 1n };
      return { inferences: changed(inferences, 4, { claim: { ...claim, list } }) };
    });
    const hasForm = ({ claim }: EpochInference) => claim.list.floor === p.fixture.list.floor;
    const fault = findEpochFault(epoch, TERMS, epoch.largestNet, hasForm);
    expect(fault).toEqual({ kind: "leaf", position: 4 });
    await closeEpoch(p, at, epoch);
    await challenge(p, at.challenges, epochChallengeCall(epoch, fault!, SALT));
    expect(await statusOf(epoch)).toBe(REFUTED);
  });

  it("a payout is missing that only the context earned", async () => {
    const context = { partBps: 5_000, contributionIds: [BigInt(CONTRIBUTORS)], weights: [1n] };
    const empty = { ...p.fixture.list, rowIds: [], scores: [], gains: [], contributionIds: [], weights: [] };
    const epoch = await lying(({ inferences }) => {
      const { claim } = inferences[2]!;
      const told = changed(inferences, 2, { claim: { ...claim, list: { ...empty, floor: 0n }, context } });
      const payouts = payoutsOf(TERMS, told).filter(({ inference }) => inference !== 2);
      return { inferences: told, payouts };
    });
    const fault = findEpochFault(epoch, TERMS, epoch.largestNet, () => true);
    expect(fault).toMatchObject({ kind: "missing", position: 2, contributionId: BigInt(CONTRIBUTORS) });
    await closeEpoch(p, at, epoch);
    await challenge(p, at.challenges, epochChallengeCall(epoch, fault!, SALT));
    expect(await statusOf(epoch)).toBe(REFUTED);
  });

  it("a context without form refutes the epoch", async () => {
    const context = { partBps: 0, contributionIds: [1n], weights: [1n] };
    const epoch = await lying(({ inferences }) => {
      const { claim } = inferences[4]!;
      return { inferences: changed(inferences, 4, { claim: { ...claim, context } }) };
    });
    const fault: EpochFault = { kind: "leaf", position: 4 };
    await closeEpoch(p, at, epoch);
    await challenge(p, at.challenges, epochChallengeCall(epoch, fault, SALT));
    expect(await statusOf(epoch)).toBe(REFUTED);
  });

  it("refuses an epoch of nothing, or of too many payers", () => {
    const claim = claimWith(p, p.fixture.list);
    const tooMany = Array.from({ length: 257 }, (_, i) => ({
      payer: `0x${keccak256(`0x${i.toString(16).padStart(4, "0")}`).slice(2, 42)}` as Address,
      claim,
    }));
    for (const all of [[], tooMany])
      expect(() => composeEpoch(HOST, 1n, TERMS, all)).toThrow(
        expect.objectContaining({ code: "EPOCH_SIZE" }),
      );
    expect(feeOf(TERMS, 900n)).toBe(1000n);
  });
});
