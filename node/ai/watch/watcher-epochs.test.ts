import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ZERO_HASH } from "../../chain/constants.ts";
import { listOfRows } from "../attribution/score.ts";
import { recordOf } from "../attribution/sketch-index.ts";
import { rewardBalance } from "../client/balances.ts";
import type { ClaimWithQuery } from "../client/claims.ts";
import { getContribution } from "../client/datanets.ts";
import { leafDemandOf } from "../client/epoch-demands.ts";
import {
  drawFromEpoch,
  epochRefutationOf,
  getEpoch,
  returnEpochFees,
  settleEpoch,
} from "../client/epochs.ts";
import { getModel } from "../client/models.ts";
import { keccakOf } from "../codec/hash.ts";
import type { PublishedInference } from "../epoch/contents.ts";
import { type Epoch, netOf } from "../epoch/epoch.ts";
import { drawOf } from "../epoch/shown.ts";
import { claimOf, loadServedModel, runInference, type ServedModel } from "../serve/inference.ts";
import { deployEpochs, type EpochLie, EpochWorld } from "../testing/epoch-world.ts";
import { MarketWorld, PROMPT, STAKER, WATCHER } from "../testing/market-world.ts";
import { Watcher } from "./watcher.ts";

const TOKENS_OUT = 8;
const COUNT = 5;
const NOBODY = `0x${"00".repeat(20)}`;

describe("a watcher of epochs", () => {
  let world: MarketWorld;
  let epochs: EpochWorld;
  let model: ServedModel;
  let answer: ClaimWithQuery;
  let watch: Watcher;

  beforeAll(async () => {
    world = await MarketWorld.open();
    const { modelId } = await world.serving(false);
    const { client, l1Headers } = world.chain;
    const registered = await getModel(client, world.at, modelId);
    model = await loadServedModel(world.content, registered);
    const { rateIn, rateOut, split } = registered;
    const terms = { modelId, rateIn, rateOut, platformBps: 1000, contributorsBps: split.contributors };
    epochs = new EpochWorld(world, await deployEpochs(world), terms);
    await epochs.fill();
    const inference = await runInference(world.session, model, PROMPT, TOKENS_OUT);
    answer = claimOf(inference, { requestId: 0n, modelId, requestHash: ZERO_HASH });
    const { at, content, logger } = world;
    const account = world.account(WATCHER);
    watch = new Watcher({ client, at, account, content, epochs: epochs.at, l1Headers, logger });
  });
  afterAll(() => world?.close());

  /** Rounds until there is nothing to do at the chain's present second. */
  async function work(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await watch.round();
      await watch.idle();
    }
  }

  const statusOf = async ({ epochId }: Epoch) =>
    (await getEpoch(world.chain.client, epochs.at, epochId)).status;

  test("lets a true epoch stand; its contributors draw all that they earned", async () => {
    const { client } = world.chain;
    const { epoch, inferences } = await epochs.next(answer, COUNT);
    await epochs.close(epoch, inferences);
    await work();
    expect(watch.status()).toMatchObject({ checked: 1, stood: 1, refuted: 0, unjudged: [] });
    await world.chain.pass(30);
    await settleEpoch(client, epochs.at, world.account(STAKER), epoch.epochId);
    expect(await statusOf(epoch)).toBe("settled");
    for (const id of new Set(epoch.payouts.map(({ contributionId }) => contributionId))) {
      const { contributor } = await getContribution(client, world.at, id);
      const before = await rewardBalance(client, world.at, contributor);
      await drawFromEpoch(client, epochs.at, world.account(STAKER), epoch.epochId, drawOf(epoch, id)!);
      const due = epoch.payouts.reduce((sum, one) => sum + (one.contributionId === id ? one.amount : 0n), 0n);
      expect((await rewardBalance(client, world.at, contributor)) - before).toBe(due);
    }
  });

  type Told = { epoch: Epoch; inferences: PublishedInference[] };
  const changed = <T>(list: readonly T[], i: number, change: Partial<T>): T[] =>
    list.map((one, at) => (at === i ? { ...one, ...change } : one));
  /** One inference with another list. */
  const withList = ({ inferences }: Told, i: number, list: PublishedInference["claim"]["list"]) => ({
    inferences: changed(inferences, i, { claim: { ...inferences[i]!.claim, list } }),
  });
  const rowsOf = () => {
    const { list } = answer.claim;
    return list.rowIds.map((rowId, i) => ({ rowId, score: list.scores[i]! }));
  };
  const listOf = (rows: ReturnType<typeof rowsOf>) =>
    listOfRows(model.index.commitment, rows, (row) => recordOf(model.index, row).contributionId);

  const lies: [string, string, (told: Told) => EpochLie][] = [
    [
      "a false score",
      "score",
      (told) => {
        const rows = rowsOf();
        rows.at(-1)!.score -= 1n;
        return withList(told, 3, listOf(rows));
      },
    ],
    ["an omitted row", "omission", (told) => withList(told, 0, listOf(rowsOf().slice(1)))],
    [
      "a false weight",
      "weights",
      (told) => withList(told, 4, { ...answer.claim.list, contributionIds: [99n], weights: [1n] }),
    ],
    [
      "a list without form",
      "leaf",
      (told) => withList(told, 2, { ...answer.claim.list, floor: answer.claim.list.floor + 1n }),
    ],
    [
      "a query without form",
      "leaf",
      ({ inferences }) => ({
        inferences: changed(inferences, 1, {
          query: "0x0102",
          claim: {
            ...inferences[1]!.claim,
            queryHash: keccakOf(Uint8Array.of(1, 2)),
          },
        }),
      }),
    ],
    [
      "a fee that does not follow from its tokens",
      "leaf",
      ({ epoch, inferences }) => ({
        inferences: changed(inferences, 0, { net: inferences[0]!.net + 1n }),
        ranges: changed(epoch.ranges, 0, { net: epoch.ranges[0]!.net + 1n }),
      }),
    ],
    [
      "an inference of somebody who signed nothing",
      "leaf",
      ({ inferences }) => ({ inferences: changed(inferences, 1, { payer: world.address(0) }) }),
    ],
    [
      "a payer that pays for another",
      "range",
      ({ epoch: { ranges } }) => ({
        ranges: [
          { ...ranges[0]!, net: ranges[0]!.net + 5n },
          { ...ranges[1]!, net: ranges[1]!.net - 5n },
        ],
      }),
    ],
    [
      "a payout twice",
      "order",
      ({ epoch: { payouts } }) => ({ payouts: [payouts[0]!, ...payouts.slice(0, -1)] }),
    ],
    [
      "a payout of another amount",
      "payout",
      ({ epoch: { payouts } }) => ({
        payouts: changed(payouts, 2, { amount: payouts[2]!.amount - 1n }),
      }),
    ],
    [
      "a payout for somebody who is not listed",
      "payout",
      ({ epoch: { payouts } }) => ({
        payouts: changed(payouts, payouts.length - 1, { contributionId: 99n }),
      }),
    ],
    ["a missing payout", "missing payout", ({ epoch: { payouts } }) => ({ payouts: payouts.slice(1) })],
  ];

  test.each(lies)("refutes an epoch with %s", async (_, reason, lie) => {
    const { client } = world.chain;
    const told = await epochs.next(answer, COUNT);
    const closed = await epochs.close(told.epoch, told.inferences, lie(told));
    const before = await rewardBalance(client, world.at, world.address(WATCHER));
    await work();
    expect(watch.status().unjudged).toEqual([]);
    expect(await statusOf(closed)).toBe("refuted");
    const refutation = await epochRefutationOf(client, epochs.at, closed.epochId);
    expect(refutation).toMatchObject({ reason, challenger: world.address(WATCHER) });
    await returnEpochFees(client, epochs.at, world.account(STAKER), closed.epochId, closed.ranges);
    for (let block = 0; block < 4; block++) await world.chain.pass(2);
    await work();
    const { bond } = await getEpoch(client, epochs.at, closed.epochId);
    const gained = (await rewardBalance(client, world.at, world.address(WATCHER))) - before;
    expect(gained).toBeGreaterThanOrEqual(bond / 2n);
  });

  test("refutes an epoch whose leaves nobody shows, or whose file says something else", async () => {
    const { client } = world.chain;
    const least = netOf(epochs.terms, { tokensIn: 1, tokensOut: 0 });
    const hidden: ((told: Told) => EpochLie)[] = [
      () => ({ contents: null }),
      ({ epoch, inferences }) => ({
        contents: { inferences: changed(inferences, 0, { net: least }), payouts: epoch.payouts },
      }),
    ];
    for (const lie of hidden) {
      const told = await epochs.next(answer, COUNT);
      const closed = await epochs.close(told.epoch, told.inferences, lie(told));
      await work();
      // The file may be on its way.
      expect((await leafDemandOf(client, epochs.at, closed.epochId, false, 0)).by).toBe(NOBODY);
      await world.chain.pass(6);
      await work();
      expect((await leafDemandOf(client, epochs.at, closed.epochId, false, 0)).by).not.toBe(NOBODY);
      expect(await statusOf(closed)).toBe("closed");
      await world.chain.pass(25);
      await work();
      expect(await statusOf(closed)).toBe("refuted");
      const refutation = await epochRefutationOf(client, epochs.at, closed.epochId);
      expect(refutation).toMatchObject({ reason: "silence", challenger: world.address(WATCHER) });
    }
  });
});
