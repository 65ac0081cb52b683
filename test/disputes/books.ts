import { rewardBalance } from "../../node/ai/client/balances.ts";
import { hostOf } from "../../node/ai/client/hosts.ts";
import { verifierOf } from "../../node/ai/client/verifiers.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import type { Ground } from "./ground.ts";

/** Wei that wallets have: on their accounts, waiting for them, and staked. What gas took is gone. */
export async function wealthOf(
  { client, at }: Pick<Ground, "client" | "at">,
  wallets: readonly Address[],
): Promise<bigint> {
  let sum = 0n;
  for (const address of wallets) {
    sum += await client.public.getBalance({ address });
    sum += await rewardBalance(client, at, address);
    sum += (await hostOf(client, at, address)).amount;
    const { stake, leaving } = await verifierOf(client, at, address);
    sum += stake + leaving;
  }
  return sum;
}
