import { queryOptions } from "@tanstack/react-query";
import type { SentTransaction } from "../../ai/client/chain.ts";
import {
  type ClosedEpoch,
  drawnTo,
  drawOrder,
  type EpochState,
  epochRefutationOf,
  epochsIn,
  getEpoch,
} from "../../ai/client/epochs.ts";
import { type Published, publishedEpoch } from "../../ai/epoch/published.ts";
import { drawOf } from "../../ai/epoch/shown.ts";
import { webError } from "../errors.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import { contentOf } from "./rows.ts";
import type { Signer } from "./signer.ts";
import { transact } from "./transact.ts";

/** Epochs of a list, the newest ones. */
const MOST = 50;

/** An epoch as it was closed, and as it stands. */
export interface ReadEpoch {
  closed: ClosedEpoch;
  state: EpochState;
}

/** The newest epochs, newest first, and how many there are. */
export const epochsQuery = ({ client, at }: Protocol) =>
  queryOptions({
    queryKey: [LIVE, "epochs"],
    queryFn: async (): Promise<{ count: number; epochs: ReadEpoch[] }> => {
      const to = await client.public.getBlockNumber();
      const all = (await epochsIn(client, at, { from: 0n, to })).reverse();
      const epochs = await Promise.all(
        all.slice(0, MOST).map(async (closed) => ({
          closed,
          state: await getEpoch(client, at, closed.epochId),
        })),
      );
      return { count: all.length, epochs };
    },
  });

/** One epoch. Fails with `EPOCH_MISSING` where nobody closed it. */
export const epochQuery = ({ client, at }: Protocol, epochId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "epoch", epochId.toString()],
    queryFn: async () => {
      const to = await client.public.getBlockNumber();
      const [closed] = await epochsIn(client, at, { from: 0n, to, epochId });
      if (closed === undefined) {
        throw webError("EPOCH_MISSING", {
          message: "No host closed such an epoch on this chain.",
          fix: "The page Epochs lists those that were closed.",
        });
      }
      const [state, refutation] = await Promise.all([
        getEpoch(client, at, epochId),
        epochRefutationOf(client, at, epochId),
      ]);
      return { closed, state, refutation };
    },
  });

/** Its leaves, as far as the node has them; null where it does not. They never change. */
export const leavesQuery = (protocol: Protocol, closed: ClosedEpoch) =>
  queryOptions({
    queryKey: ["epoch-leaves", closed.epochId.toString(), closed.closing.contents],
    queryFn: async (): Promise<Published | null> =>
      (await publishedEpoch(contentOf(protocol), closed)) ?? null,
    staleTime: (query) => (query.state.data === null ? 0 : Number.POSITIVE_INFINITY),
  });

/** What a contribution earned in an epoch. */
export interface EpochEarned {
  contributionId: bigint;
  answers: number;
  amount: bigint;
  /** Of it, what nobody drew. */
  undrawn: bigint;
}

/** What contributions earned in an epoch, the largest part first, and what is drawn of it. */
export const earnedInQuery = ({ client, at }: Protocol, { epoch }: Published) =>
  queryOptions({
    queryKey: [LIVE, "epoch-earned", epoch.epochId.toString()],
    queryFn: async (): Promise<EpochEarned[]> => {
      const ids = [...new Set(epoch.payouts.map(({ contributionId }) => contributionId))];
      const found = await Promise.all(
        ids.map(async (contributionId) => {
          const from = await drawnTo(client, at, epoch.epochId, contributionId);
          const own = epoch.payouts.flatMap((one, i) =>
            one.contributionId === contributionId ? [{ amount: one.amount, isDrawn: i < from }] : [],
          );
          return {
            ...{ contributionId, answers: own.length },
            amount: own.reduce((sum, { amount }) => sum + amount, 0n),
            undrawn: own.reduce((sum, { amount, isDrawn }) => sum + (isDrawn ? 0n : amount), 0n),
          };
        }),
      );
      return found.sort((a, b) => (a.amount > b.amount ? -1 : 1));
    },
  });

/** Draws what a contribution earned in a settled epoch for whoever is paid for it. Anybody may. */
export async function drawFor(
  { client, at }: Protocol,
  signer: Signer,
  { epoch }: Published,
  contributionId: bigint,
): Promise<SentTransaction | undefined> {
  const draw = drawOf(epoch, contributionId, await drawnTo(client, at, epoch.epochId, contributionId));
  return draw && transact(client, signer, drawOrder(at, epoch.epochId, draw));
}
