import type { Command } from "commander";
import { formatEther } from "viem";
import { send, type TransactionOrder } from "../ai/client/chain.ts";
import { sleep } from "../base/clock.ts";
import {
  collectFeesOrder,
  collectOrder,
  delegateOrder,
  extendOrder,
  pokeOrder,
  stakeOrder,
  unstakeOrder,
  voterStake,
} from "../governance/stakes.ts";
import { parseOpen } from "./amount.ts";
import { contextOf, print } from "./context.ts";
import { connectGovernance, type Governance } from "./governance-context.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { parseId } from "./protocol.ts";

const DAY = 86_400n;
const POLL_MS = 250;

/** Adds the commands of those who vote: stake, extend, unstake, withdraw, rewards, delegate, votes. */
export function addVoterCommands(governance: Command): void {
  governance
    .command("stake <open>")
    .description("stake OPEN for votes; a lock of half a year, one or four gives 1.5, 2 or 3 votes for each")
    .option("--lock <days>", "days that the whole position stays locked", "0")
    .action((amount: string, { lock }: { lock: string }, command: Command) =>
      act(command, ({ at }) => stakeOrder(at, parseOpen(amount), parseId(lock, "number of days") * DAY)),
    );
  governance
    .command("extend <days>")
    .description("lock your position for that many days from now, for the votes of that lock")
    .action((days: string, _options: unknown, command: Command) =>
      act(command, ({ at }) => extendOrder(at, parseId(days, "number of days") * DAY)),
    );
  governance
    .command("unstake <open>")
    .description("take OPEN out of a position whose lock is over; after the delay: `governance withdraw`")
    .action((amount: string, _options: unknown, command: Command) =>
      act(command, ({ at }) => unstakeOrder(at, parseOpen(amount))),
    );
  governance
    .command("withdraw")
    .description("move what has waited to your balance (`account draw` draws it)")
    .action((_options: unknown, command: Command) => act(command, ({ at }) => collectOrder(at, "withdraw")));
  governance
    .command("rewards")
    .description("move your part of the platform's fees to your balance (`account draw` draws it)")
    .action((_options: unknown, command: Command) =>
      act(command, ({ at }) => collectOrder(at, "claimRewards")),
    );
  governance
    .command("collect")
    .description("draw the platform's fees and stream the stakers' part to them; anybody may")
    .action((_options: unknown, command: Command) => act(command, ({ at }) => collectFeesOrder(at)));
  governance
    .command("poke <name|address>")
    .description("set a position whose lock is over back to one vote for each; anybody may")
    .action((who: string, _options: unknown, command: Command) =>
      act(command, ({ at, context }) => pokeOrder(at, resolveAddress(context, who))),
    );
  governance
    .command("delegate <name|address>")
    .description("let another account vote with your stake; yourself takes it back")
    .action((to: string, _options: unknown, command: Command) =>
      act(command, ({ at, context }) => delegateOrder(at, resolveAddress(context, to))),
    );
  governance
    .command("votes <name|address>")
    .description("an account's stake and votes")
    .action(async (who: string, _options: unknown, command: Command) => {
      const governance = await connectGovernance(contextOf(command));
      await tell(governance, resolveAddress(governance.context, who), undefined);
    });
}

async function act(command: Command, orderOf: (governance: Governance) => TransactionOrder): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const governance = await connectGovernance(context);
  const { client } = governance;
  const { hash, receipt } = await send(client, account, orderOf(governance));
  // The governor counts votes as of the block before: what changed in this one counts from the next on.
  while ((await client.public.getBlockNumber()) <= receipt.blockNumber) await sleep(POLL_MS);
  await tell(governance, account.address, hash);
}

async function tell(
  { client, at, context }: Governance,
  account: `0x${string}`,
  transaction: string | undefined,
): Promise<void> {
  const stake = await voterStake(client, at, account);
  const { amount, lockedUntil, multiplierBps, leaving, leavesAt, rewards, votes, threshold } = stake;
  const { timestamp } = await client.public.getBlock();
  const isLocked = lockedUntil > timestamp;
  const isOwn = stake.delegate === account.toLowerCase();
  print(context, { account, ...stake, transaction }, [
    ...(transaction === undefined ? [] : [`done in ${transaction}`]),
    `stake     ${formatEther(amount)} OPEN${isLocked ? `, locked until ${timeOf(lockedUntil)}` : ""}, ${multiplierBps / 10_000} votes for each`,
    `votes     ${formatEther(votes)}; a proposal needs ${formatEther(threshold)}`,
    ...(isOwn || amount === 0n ? [] : [`delegate  ${stake.delegate}`]),
    ...(leaving === 0n ? [] : [`leaving   ${formatEther(leaving)} OPEN, free from ${timeOf(leavesAt)} on`]),
    `rewards   ${formatEther(rewards)} OPEN`,
  ]);
}

function timeOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
