import { encodeFunctionData } from "viem";
import { rewardBalance } from "../../ai/client/balances.ts";
import type { SentTransaction } from "../../ai/client/chain.ts";
import { CONTRIBUTOR_PAYMENTS } from "../../ai/client/market.ts";
import { inferenceEpochsAbi, rewardBalancesAbi, snapshotPoolsAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { Protocol } from "./connection.tsx";
import type { Signer } from "./signer.ts";
import { transact } from "./transact.ts";

/** One payment for a contribution. */
export interface Earning {
  /** Of an answer, of an epoch of many, or of a snapshot's pool. */
  from: "answer" | "epoch" | "pool";
  /** The answer's request; undefined where it is none. */
  requestId?: bigint | undefined;
  /** The epoch; undefined where it is none. */
  epochId?: bigint | undefined;
  contributionId: bigint;
  amount: bigint;
  blockNumber: bigint;
  transactionHash: Hash;
}

/** What an account earned and what waits for it. */
export interface Rewards {
  /** Newest first. */
  earnings: readonly Earning[];
  total: bigint;
  /** Wei that can be withdrawn now; answers pay directly. */
  waiting: bigint;
}

/** Everything that contributions brought an account: its own, and those whose income it was given. */
export async function rewardsOf(protocol: Protocol, account: Address): Promise<Rewards> {
  const { client, at } = protocol;
  const [answers, pools, epochs, waiting] = await Promise.all([
    client.public.getContractEvents({
      address: at.market,
      abi: CONTRIBUTOR_PAYMENTS,
      fromBlock: 0n,
      strict: true,
    }),
    client.public.getContractEvents({
      address: at.pools,
      abi: snapshotPoolsAbi,
      eventName: "PoolClaimed",
      fromBlock: 0n,
      strict: true,
    }),
    client.public.getContractEvents({
      address: at.epochs,
      abi: inferenceEpochsAbi,
      eventName: "EpochDrawn",
      args: { contributor: account },
      fromBlock: 0n,
      strict: true,
    }),
    rewardBalance(client, at, account),
  ]);
  const isHis = (address: string) => address.toLowerCase() === account;
  const earnings: Earning[] = [
    ...answers.flatMap(({ args, blockNumber, transactionHash }) =>
      args.contributors.flatMap((contributor, i): Earning[] =>
        isHis(contributor)
          ? [
              {
                ...{ from: "answer", requestId: args.requestId, blockNumber, transactionHash },
                contributionId: args.contributionIds[i]!,
                amount: args.amounts[i]!,
              },
            ]
          : [],
      ),
    ),
    ...pools.flatMap(({ args, blockNumber, transactionHash }): Earning[] =>
      isHis(args.payee)
        ? [
            {
              ...{ from: "pool", blockNumber, transactionHash },
              contributionId: args.contributionId,
              amount: args.amount,
            },
          ]
        : [],
    ),
    ...epochs.map(
      ({ args: { epochId, contributionId, amount }, blockNumber, transactionHash }): Earning => ({
        ...{ from: "epoch", epochId, contributionId, amount, blockNumber, transactionHash },
      }),
    ),
  ];
  earnings.sort((a, b) => Number(b.blockNumber - a.blockNumber));
  return { earnings, total: earnings.reduce((sum, { amount }) => sum + amount, 0n), waiting };
}

/** Draws all that waits to the account itself. */
export function withdraw({ client, at }: Protocol, signer: Signer): Promise<SentTransaction> {
  const data = encodeFunctionData({
    abi: rewardBalancesAbi,
    functionName: "withdraw",
    args: [signer.address],
  });
  return transact(client, signer, { to: at.balances, data });
}

/** The payments as CSV (RFC 4180), amounts in wei. */
export function toCsv(earnings: readonly Earning[]): string {
  const lines = earnings.map(
    ({ from, requestId, epochId, contributionId, amount, blockNumber, transactionHash }) =>
      [from, requestId ?? "", epochId ?? "", contributionId, amount, blockNumber, transactionHash].join(","),
  );
  return ["from,request,epoch,contribution,wei,block,transaction", ...lines, ""].join("\r\n");
}
