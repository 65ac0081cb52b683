import { type Account, encodeFunctionData } from "viem";
import { rewardBalancesAbi as abi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";

type At = Pick<ProtocolAddresses, "balances">;

/** Wei that bonds, returned stakes and stakers' rewards left to `account`. */
export function rewardBalance(client: ChainClient, { balances }: At, account: Address): Promise<bigint> {
  return client.public.readContract({ address: balances, abi, functionName: "balanceOf", args: [account] });
}

/** Draws the sender's whole balance to `to`. */
export function withdrawRewards(
  client: ChainClient,
  { balances }: At,
  account: Account,
  to: Address,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "withdraw", args: [to] });
  return send(client, account, { to: balances, data });
}
