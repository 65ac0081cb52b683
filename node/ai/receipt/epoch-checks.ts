import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { drawnTo, type EpochState, epochsIn, getEpoch } from "../client/epochs.ts";
import type { ContentSource } from "../content/source.ts";
import {
  feeOf,
  inferenceLeafHash,
  netOf,
  payoutLeafHash,
  positionOfRequest,
  requestIdOf,
} from "../epoch/epoch.ts";
import { findPlace } from "../epoch/places.ts";
import type { PrepaidPlace } from "../epoch/prepaid.ts";
import { standsIn } from "../epoch/sum-tree.ts";
import { CheckFailed, type CheckList, expectSame } from "./checks.ts";
import { type EpochProof, type PrepaidReceipt, proofAt } from "./prepaid-receipt.ts";

interface ChainAt {
  client: ChainClient;
  at: ProtocolAddresses;
}

/** A receipt whose answer stands in an epoch. */
type Placed = PrepaidReceipt & { place: PrepaidPlace };

const CHECKS = ["claim in its epoch", "challenge window", "payment", "payouts"];

/**
 * Compares an answer with the epoch that it stands in: its leaf, what it cost, what it paid, and what can still change.
 * @param source where the leaves are looked for that the receipt lacks: it may have been made before anybody had them.
 * @returns the receipt, with what proves it.
 */
export async function checkEpoch(
  list: CheckList,
  receipt: PrepaidReceipt,
  chain: ChainAt,
  source: ContentSource,
): Promise<PrepaidReceipt> {
  const place = receipt.place ?? (await placeBy(chain, source, receipt));
  if (place === null) {
    list.skip("epoch", "it stands in none yet: the host's signature alone stands for it", "waits");
    return receipt;
  }
  let found: { placed: Placed; state: EpochState } | undefined;
  await list.check(
    "epoch",
    async () => {
      const state = await getEpoch(chain.client, chain.at, place.epochId);
      if (state.status === "none") throw new CheckFailed(`the chain has no epoch ${place.epochId}`);
      expectSame("host", receipt.answer.host, state.host);
      expectSame("model", receipt.answer.claim.modelId, state.modelId);
      const isWhole = Boolean(receipt.proof?.payouts);
      const proof = (isWhole ? undefined : await proofAt(chain, source, place)) ?? receipt.proof;
      found = { placed: { ...receipt, place, proof }, state };
      return `epoch ${place.epochId} of ${state.count} answers is ${state.status}`;
    },
    "on chain",
  );
  if (found === undefined) {
    for (const name of CHECKS) list.skip(name, "the epoch could not be read", "on chain");
    return receipt;
  }
  const { placed, state } = found;
  await checkLeaf(list, placed, state);
  await checkStanding(list, state, place.epochId);
  await checkPayment(list, placed, state, chain);
  await checkPayouts(list, placed, state, chain);
  return placed;
}

/** Where an answer stands by now, that stood nowhere when its receipt was made. */
async function placeBy(
  { client, at }: ChainAt,
  source: ContentSource,
  { answer }: PrepaidReceipt,
): Promise<PrepaidPlace | null> {
  try {
    return await findPlace(client, at, source, answer);
  } catch {
    // Nothing is said then, true or false.
    return null;
  }
}

/** The leaf is one under the epoch's root: the sums on its path are those that the chain took the fees by. */
async function checkLeaf(
  list: CheckList,
  { answer, place, proof }: Placed,
  state: EpochState,
): Promise<void> {
  const { epochId, position } = place;
  const name = "claim in its epoch";
  if (proof === null && state.status === "closed") {
    list.skip(
      name,
      "nobody shows the epoch's leaves yet: `openledger dispute leaf demand` makes its host show this one",
      "waits",
    );
    return;
  }
  await list.check(
    name,
    () => {
      if (proof === null) throw new CheckFailed("nobody shows the epoch's leaves");
      const claim = { ...answer.claim, requestId: requestIdOf(epochId, position) };
      expectSame("position", position, positionOfRequest(claim.requestId));
      expectSame("net fee at the closing's rates", proof.net, netOf(state, claim));
      const leaf = { hash: inferenceLeafHash(answer.payer, claim), sum: proof.net };
      const tree = { root: { hash: state.root, sum: state.net }, count: state.count };
      if (!standsIn(tree, leaf, position, proof.path))
        throw new CheckFailed(`the path does not lead from this claim to the root of epoch ${epochId}`);
      return `leaf ${position} of ${state.count} of epoch ${epochId}: its path leads to root and sum that were closed`;
    },
    "proved on chain",
  );
}

async function checkStanding(list: CheckList, state: EpochState, epochId: bigint): Promise<void> {
  if (state.status === "closed") {
    const until = new Date(Number(state.deadline) * 1000).toISOString();
    list.skip("challenge window", `open until ${until}: the epoch can still be proven false`, "waits");
    return;
  }
  await list.check(
    "challenge window",
    () => {
      if (state.status === "settled") return `passed: nobody showed that epoch ${epochId} is false`;
      throw new CheckFailed(`epoch ${epochId} is ${state.status}: what it took goes back into the purses`);
    },
    "on chain",
  );
}

/** What the closing took out of the payer's purse. */
async function checkPayment(
  list: CheckList,
  { answer, place }: Placed,
  state: EpochState,
  { client, at }: ChainAt,
): Promise<void> {
  await list.check(
    "payment",
    async () => {
      const to = await client.public.getBlockNumber();
      const [closed] = await epochsIn(client, at, { from: 0n, to, epochId: place.epochId });
      if (closed === undefined) throw new CheckFailed(`the chain has no closing of epoch ${place.epochId}`);
      let end = 0;
      const range = closed.ranges.find(({ count }) => {
        end += count;
        return place.position < end;
      });
      expectSame("payer", answer.payer, range?.payer);
      const net = netOf(state, answer.claim);
      const agreed = feeOf(answer, netOf(answer, answer.claim));
      const fee = feeOf(state, net);
      const change = fee === agreed ? "" : `; when it was answered its rates made ${agreed}`;
      return `${fee} wei of it, within ${feeOf(state, range!.net)} wei out of the purse for ${range!.count} answers${change}`;
    },
    "on chain",
  );
}

/** What contributions earned by it stands under the epoch's root of payouts. */
async function checkPayouts(
  list: CheckList,
  { place, proof }: Placed,
  state: EpochState,
  chain: ChainAt,
): Promise<void> {
  const payouts = proof?.payouts;
  if (!payouts) {
    list.skip("payouts", "the epoch's payouts are not to be had here", "waits");
    return;
  }
  await list.check(
    "payouts",
    async () => {
      for (const payout of payouts) requirePayout(payout, place.position, state);
      const sum = payouts.reduce((all, { amount }) => all + amount, 0n);
      const said = `${payouts.length} contributions have ${sum} wei of the epoch's payouts`;
      if (state.status !== "settled") return `${said}, to be drawn once it is settled`;
      return `${said}; ${await drawnOf(payouts, place.epochId, chain)} of them drew theirs`;
    },
    "proved on chain",
  );
}

function requirePayout(
  { position, contributionId, amount, path }: NonNullable<EpochProof["payouts"]>[number],
  inference: number,
  { payoutRoot, payoutSum, payoutCount }: EpochState,
): void {
  const leaf = { hash: payoutLeafHash(contributionId, inference), sum: amount };
  const tree = { root: { hash: payoutRoot, sum: payoutSum }, count: payoutCount };
  if (standsIn(tree, leaf, position, path)) return;
  throw new CheckFailed(
    `the path of contribution ${contributionId}'s payout does not lead to the epoch's root`,
  );
}

/** How many of the payouts are drawn. */
async function drawnOf(
  payouts: NonNullable<EpochProof["payouts"]>,
  epochId: bigint,
  { client, at }: ChainAt,
): Promise<number> {
  let drawn = 0;
  for (const { contributionId, position } of payouts)
    if ((await drawnTo(client, at, epochId, contributionId)) > position) drawn++;
  return drawn;
}
