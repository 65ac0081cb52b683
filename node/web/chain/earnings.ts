import { queryOptions } from "@tanstack/react-query";
import { inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";

/** What a model's settled answers brought, in wei. */
export interface Earned {
  answers: number;
  fee: bigint;
  /** By training's list, and of rows in the prompt. */
  contributors: bigint;
  pools: bigint;
  owner: bigint;
  host: bigint;
  stakers: bigint;
}

const PARTS = ["contributors", "pools", "owner", "host", "stakers"] as const;

/** What a model earned so far, and who got it. */
export const earningsQuery = (protocol: Protocol, modelId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "model-earnings", modelId.toString()],
    queryFn: async (): Promise<Earned> => {
      const events = await protocol.client.public.getContractEvents({
        address: protocol.at.market,
        abi: inferenceMarketAbi,
        eventName: "InferenceSettled",
        args: { modelId },
        fromBlock: 0n,
        strict: true,
      });
      const sum = { contributors: 0n, pools: 0n, owner: 0n, host: 0n, stakers: 0n };
      let fee = 0n;
      for (const { args } of events) {
        fee += args.fee;
        for (const part of PARTS) sum[part] += args.payout[part];
        sum.contributors += args.payout.context;
      }
      return { answers: events.length, fee, ...sum };
    },
  });
