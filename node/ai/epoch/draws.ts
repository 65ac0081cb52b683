import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getContribution } from "../client/datanets.ts";
import { drawnTo, epochsIn, getEpoch } from "../client/epochs.ts";
import { LogScan } from "../client/log-scan.ts";
import { getModel } from "../client/models.ts";
import type { ContentSource } from "../content/source.ts";
import { publishedEpoch } from "./published.ts";
import { drawOf, type ShownPayout } from "./shown.ts";

/** What a contribution earned in an epoch and nobody drew yet. */
export interface EpochIncome {
  epochId: bigint;
  modelId: bigint;
  /** Wei. */
  amount: bigint;
  /** The epoch stands: it can be drawn. */
  isSettled: boolean;
  draw: [before: ShownPayout, first: ShownPayout, last: ShownPayout];
}

/** An epoch in which a contribution may have earned something, and whose leaves could not be read. */
export interface UnreadEpoch {
  epochId: bigint;
}

/**
 * Looks through all epochs that stand or may still stand for what a contribution earned in them. The leaves come from the content store,
 * and are checked against the epoch's roots.
 */
export async function epochIncomeOf(
  client: ChainClient,
  at: ProtocolAddresses,
  content: ContentSource,
  contributionId: bigint,
): Promise<{ income: EpochIncome[]; unread: UnreadEpoch[] }> {
  const { datanetId } = await getContribution(client, at, contributionId);
  const income: EpochIncome[] = [];
  const unread: UnreadEpoch[] = [];
  const isOf = modelsOf(client, at, datanetId);
  for (const closed of await allEpochs(client, at)) {
    const { epochId, closing } = closed;
    const { modelId, payoutCount } = closing;
    if (payoutCount === 0 || !(await isOf(modelId))) continue;
    const { status, undrawn, root } = await getEpoch(client, at, epochId);
    const isOpen = (status === "closed" || status === "settled") && undrawn > 0n && root === closing.root;
    if (!isOpen) continue;
    // Anybody may draw, also a part.
    const from = await drawnTo(client, at, epochId, contributionId);
    const published = await publishedEpoch(content, closed);
    const draw = published && drawOf(published.epoch, contributionId, from);
    if (published === undefined) unread.push({ epochId });
    if (published === undefined || draw === undefined) continue;
    const amount = published.epoch.payouts.reduce(
      (sum, one, i) => sum + (i >= from && one.contributionId === contributionId ? one.amount : 0n),
      0n,
    );
    income.push({ epochId, modelId, amount, isSettled: status === "settled", draw });
  }
  return { income, unread };
}

/** All epochs that were closed, in the order of their blocks. */
export async function allEpochs(client: ChainClient, at: ProtocolAddresses) {
  const found = new Map<bigint, Awaited<ReturnType<typeof epochsIn>>[number]>();
  const scan = new LogScan(client, 0n);
  let isAtHead = false;
  while (!isAtHead) {
    isAtHead = await scan.advance(async (from, to) => {
      for (const closed of await epochsIn(client, at, { from, to })) found.set(closed.epochId, closed);
    });
  }
  return [...found.values()];
}

/** Whether a model's snapshots are of a datanet; each model is asked for once. */
function modelsOf(client: ChainClient, at: ProtocolAddresses, datanetId: bigint) {
  const known = new Map<bigint, boolean>();
  return async (modelId: bigint): Promise<boolean> => {
    const is =
      known.get(modelId) ??
      (await getModel(client, at, modelId)).snapshots.some((one) => one.datanetId === datanetId);
    known.set(modelId, is);
    return is;
  };
}
