import { queryOptions } from "@tanstack/react-query";
import { drawnTo, epochsIn, getEpoch } from "../../ai/client/epochs.ts";
import type { EpochIncome } from "../../ai/epoch/draws.ts";
import { publishedEpoch } from "../../ai/epoch/published.ts";
import { drawOf } from "../../ai/epoch/shown.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import { contentOf } from "./rows.ts";

/** Epochs that are looked through, the newest ones of which something is not drawn. */
const MOST = 16;

/** What one contribution earned in an epoch, and nobody drew. */
export interface UndrawnIncome extends EpochIncome {
  contributionId: bigint;
}

/** What contributions earned in the newest epochs and nobody drew, as far as the node has the epochs' leaves. */
export const undrawnQuery = (protocol: Protocol, account: Address, contributionIds: readonly bigint[]) =>
  queryOptions({
    queryKey: [LIVE, "epoch-income", account, contributionIds.join()],
    queryFn: async (): Promise<UndrawnIncome[]> => {
      const { client, at } = protocol;
      if (contributionIds.length === 0) return [];
      const to = await client.public.getBlockNumber();
      const found: UndrawnIncome[] = [];
      let looked = 0;
      for (const closed of (await epochsIn(client, at, { from: 0n, to })).reverse()) {
        const { epochId, closing } = closed;
        const { status, undrawn } = await getEpoch(client, at, epochId);
        if ((status !== "closed" && status !== "settled") || undrawn === 0n) continue;
        if (++looked > MOST) break;
        const epoch = (await publishedEpoch(contentOf(protocol), closed))?.epoch;
        if (epoch === undefined) continue;
        for (const contributionId of contributionIds) {
          const from = await drawnTo(client, at, epochId, contributionId);
          const draw = drawOf(epoch, contributionId, from);
          if (draw === undefined) continue;
          const own = epoch.payouts.filter((one, i) => i >= from && one.contributionId === contributionId);
          const amount = own.reduce((sum, one) => sum + one.amount, 0n);
          const { modelId } = closing;
          found.push({ epochId, modelId, contributionId, amount, isSettled: status === "settled", draw });
        }
      }
      return found;
    },
  });
