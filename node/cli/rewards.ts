import { Command } from "commander";
import { formatEther } from "viem";
import { rewardBalance } from "../ai/client/balances.ts";
import { getContribution, getDatanet, snapshotsWith } from "../ai/client/datanets.ts";
import { claimPoolShare, type PoolPlace, poolShare } from "../ai/client/pools.ts";
import { contextOf, print } from "./context.ts";
import { requireKey } from "./keys.ts";
import { connectProtocol, type Protocol, parseId } from "./protocol.ts";

/** `openledger rewards ...`: what a contribution's rows earn together with all rows of their snapshots. */
export function rewardsCommand(): Command {
  const rewards = new Command("rewards").description(
    "shares of the snapshots' pools: fees that no single row earned, parts of what liars lost",
  );
  rewards
    .command("show <contribution>")
    .description("what waits for a contribution, snapshot by snapshot")
    .action(show);
  rewards
    .command("draw <contribution>")
    .description("move it to the contributor's balance (`account withdraw` draws it); anybody may")
    .action(draw);
  return rewards;
}

/** The snapshots that hold the contribution, with what waits in the pool of each. */
async function sharesOf({ client, at }: Protocol, contributionId: bigint) {
  const { datanetId, rowCount, position, statusName } = await getContribution(client, at, contributionId);
  const { snapshots } = await getDatanet(client, at, datanetId);
  const numbers =
    statusName === "accepted" ? await snapshotsWith(client, at, datanetId, snapshots, position) : [];
  const shares: (PoolPlace & { amount: bigint })[] = [];
  for (const number of numbers) {
    const place = { datanetId, number, contributionId };
    shares.push({ ...place, amount: await poolShare(client, at, { ...place, rows: rowCount }) });
  }
  return shares;
}

async function show(contribution: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const protocol = await connectProtocol(context);
  const shares = await sharesOf(protocol, parseId(contribution, "contribution"));
  const lines = shares.map(
    ({ datanetId, number, amount }) => `snapshot ${datanetId}:${number}  ${formatEther(amount)} OPEN`,
  );
  print(context, shares, lines.length > 0 ? lines : ["no snapshot holds this contribution yet"]);
}

async function draw(contribution: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const contributionId = parseId(contribution, "contribution");
  const drawn = [];
  for (const share of await sharesOf(protocol, contributionId)) {
    if (share.amount === 0n) continue;
    const { hash, amount } = await claimPoolShare(client, at, account, share);
    drawn.push({ ...share, amount, transaction: hash });
  }
  const { contributor } = await getContribution(client, at, contributionId);
  const balance = await rewardBalance(client, at, contributor);
  print(context, { drawn, contributor, balance }, [
    ...drawn.map(
      ({ datanetId, number, amount, transaction }) =>
        `${formatEther(amount)} OPEN of snapshot ${datanetId}:${number} in ${transaction}`,
    ),
    drawn.length === 0
      ? "nothing waits for this contribution"
      : `${contributor} has ${formatEther(balance)} OPEN`,
  ]);
}
