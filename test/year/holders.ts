import type { Abi } from "viem";
import { devAccounts } from "../../devnet/accounts.ts";
import {
  agentStakesAbi,
  auditsAbi,
  circleFundAbi,
  circlePanelsAbi,
  circleReviewersAbi,
  claimChallengesAbi,
  claimDemandsAbi,
  curationAbi,
  datanetRegistryAbi,
  disputesAbi,
  epochAuditsAbi,
  hostStakesAbi,
  inferenceEpochsAbi,
  inferenceMarketAbi,
  modelChallengesAbi,
  modelLedgerAbi,
  modelRoyaltiesAbi,
  modelStakingAbi,
  openCircleAbi,
  reviewersAbi,
  rewardBalancesAbi,
  snapshotPoolsAbi,
  stakedOpenAbi,
  stakeLossesAbi,
  verifierPoolAbi,
} from "../../node/chain/generated/abi.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import type { Ground } from "./ground.ts";

/** A contract of the protocol, and what it owes in wei; undefined where what it has is owed to nobody. */
export interface Holder {
  name: string;
  address: Address;
  owes(): Promise<bigint | undefined>;
}

/** Reads contracts of L2 at one block. */
export class Reader {
  private readonly ground: Ground;
  readonly blockNumber: bigint;

  constructor(ground: Ground, blockNumber: bigint) {
    this.ground = ground;
    this.blockNumber = blockNumber;
  }

  async read<T>(address: Address, abi: Abi, functionName: string, args: readonly unknown[] = []): Promise<T> {
    const { blockNumber } = this;
    const call = { address, abi, functionName, args, blockNumber };
    return (await this.ground.client.public.readContract(call)) as T;
  }

  balance(address: Address): Promise<bigint> {
    return this.ground.client.public.getBalance({ address, blockNumber: this.blockNumber });
  }
}

const holder = (name: string, address: Address, owes: () => Promise<bigint | undefined>): Holder => ({
  ...{ name, address, owes },
});
/** Holds nothing between two transactions. */
const empty = (name: string, address: Address) => holder(name, address, async () => 0n);
/** What it has is its own. */
const free = (name: string, address: Address) => holder(name, address, async () => undefined);
/** Says itself what it owes. */
const counted =
  (reader: Reader) =>
  (name: string, address: Address, abi: Abi, value = "held") =>
    holder(name, address, () => reader.read<bigint>(address, abi, value));

/** Every contract of protocol, governance, OpenCircle and agents. */
export async function holdersOf(ground: Ground, reader: Reader): Promise<Holder[]> {
  const { governance, circle, agents } = ground;
  const held = counted(reader);
  return [
    ...protocolHolders(ground, reader),
    held("StakedOpen", governance.staked, stakedOpenAbi),
    free("FeeTreasury", governance.treasury),
    empty("OpenGovernor", governance.governor),
    empty("ParametersTimelock", governance.timelock),
    empty("UpgradeTimelock", governance.upgrades),
    held("OpenCircle", circle.circle, openCircleAbi),
    held("CircleFund", circle.fund, circleFundAbi),
    held("CirclePanels", circle.panels, circlePanelsAbi),
    held("CircleReviewers", circle.reviewers, circleReviewersAbi),
    empty("CircleServices", circle.services),
    empty("AgentRegistry", agents.registry),
    held("AgentStakes", agents.stakes, agentStakesAbi),
    empty("AgentVerdicts", agents.verdicts),
    empty("AgentDeeds", agents.deeds),
    free("SwapPool", agents.pool!),
    ...(await agentAccounts(ground, reader)),
    ...(await royaltyPurses(ground, reader)),
  ];
}

function protocolHolders(ground: Ground, reader: Reader): Holder[] {
  const { at } = ground;
  const held = counted(reader);
  return [
    holder("RewardBalances", at.balances, () => balancesOwe(ground, reader)),
    holder("ContributionStakes", at.stakes, () => contributorsAreOwed(ground, reader)),
    holder("Reviewers", at.reviewers, () => reviewersAreOwed(ground, reader)),
    holder("ModelLedger", at.models, () => modelsOwe(ground, reader)),
    empty("DatanetRegistry", at.datanets),
    empty("ModelRegistry", at.modelRegistry),
    empty("AttributionLedger", at.ledger),
    holder("InferenceMarket", at.market, () => marketOwes(ground, reader)),
    held("StakeLosses", at.losses, stakeLossesAbi),
    held("Curation", at.curation, curationAbi),
    held("SnapshotPools", at.pools, snapshotPoolsAbi),
    held("ModelStaking", at.staking, modelStakingAbi),
    held("ModelRoyalties", at.royalties, modelRoyaltiesAbi),
    held("VerifierPool", at.verifiers, verifierPoolAbi),
    held("Disputes", at.disputes, disputesAbi),
    held("HostStakes", at.hosts, hostStakesAbi),
    held("Audits", at.audits, auditsAbi, "fund"),
    empty("ProtocolParameters", at.parameters),
    empty("DataAccess", at.access),
    empty("PlagiarismProofs", at.plagiarism),
    empty("Seeds", at.seeds),
    holder("ClaimChallenges", at.challenges, () => announcementsOwe(ground, reader, at.challenges)),
    holder("ClaimDemands", at.demands, () => claimDemandsOwe(ground, reader)),
    holder("ModelChallenges", at.modelChallenges, () => recordDemandsOwe(ground, reader)),
    empty("ModelDisputes", at.modelDisputes),
    held("InferenceEpochs", at.epochs, inferenceEpochsAbi),
    held("EpochAudits", at.epochAudits, epochAuditsAbi, "fund"),
    // No epoch is closed in the year: nothing of one is challenged or demanded.
    empty("EpochChallenges", at.epochChallenges),
    empty("EpochLeaves", at.epochLeaves),
    empty("LeafChallenges", at.leafChallenges),
    empty("EpochDemands", at.epochDemands),
  ];
}

/** What all who were ever credited can draw. */
async function balancesOwe({ client, at }: Ground, reader: Reader): Promise<bigint> {
  const events = await client.public.getContractEvents({
    ...{ address: at.balances, abi: rewardBalancesAbi, eventName: "Credited", strict: true },
    ...{ fromBlock: 0n, toBlock: reader.blockNumber },
  });
  let sum = 0n;
  for (const account of new Set(events.map(({ args }) => args.account)))
    sum += await reader.read<bigint>(at.balances, rewardBalancesAbi, "balanceOf", [account]);
  return sum;
}

/** Contributors' stakes. */
async function contributorsAreOwed({ at }: Ground, reader: Reader): Promise<bigint> {
  const ask = <T>(name: string, ...args: readonly unknown[]) =>
    reader.read<T>(at.datanets, datanetRegistryAbi, name, args);
  let sum = 0n;
  const contributions = await ask<bigint>("contributionCount");
  for (let id = 1n; id <= contributions; id++) {
    const { stakeHeld, stake } = await ask<{ stakeHeld: boolean; stake: bigint }>("getContribution", id);
    if (stakeHeld) sum += stake;
  }
  return sum;
}

/** Per datanet the pot for reviews and the reviewers' bonds. */
async function reviewersAreOwed({ at }: Ground, reader: Reader): Promise<bigint> {
  const ask = <T>(name: string, ...args: readonly unknown[]) =>
    reader.read<T>(at.reviewers, reviewersAbi, name, args);
  let sum = 0n;
  const datanets = await reader.read<bigint>(at.datanets, datanetRegistryAbi, "datanetCount");
  for (let id = 1n; id <= datanets; id++) {
    sum += (await ask<{ pot: bigint }>("reviewPayOf", id)).pot;
    for (const { address } of Object.values(devAccounts()))
      sum += (await ask<{ amount: bigint }>("bondOf", id, address)).amount;
  }
  return sum;
}

/** Bonds of registrations that were not given back. */
async function modelsOwe({ at }: Ground, reader: Reader): Promise<bigint> {
  let sum = 0n;
  for (const id of await modelIds({ at }, reader))
    sum += (await reader.read<{ bond: bigint }>(at.models, modelLedgerAbi, "getModel", [id])).bond;
  return sum;
}

/** Escrows of requests that wait or were claimed, and the claims' bonds. */
async function marketOwes({ at }: Ground, reader: Reader): Promise<bigint> {
  const [requested, claimed] = [1, 2];
  const ask = <T>(name: string, ...args: readonly unknown[]) =>
    reader.read<T>(at.market, inferenceMarketAbi, name, args);
  let sum = 0n;
  const count = await ask<bigint>("requestCount");
  for (let id = 1n; id <= count; id++) {
    const order = await ask<{ status: number; escrow: bigint; bond: bigint }>("getRequest", id);
    if (order.status === requested || order.status === claimed) sum += order.escrow;
    if (order.status === claimed) sum += order.bond;
  }
  return sum;
}

/** Deposits of announced challenges that were not shown. */
async function announcementsOwe({ client }: Ground, reader: Reader, address: Address): Promise<bigint> {
  const events = await client.public.getContractEvents({
    ...{ address, abi: claimChallengesAbi, eventName: "ChallengeAnnounced", strict: true },
    ...{ fromBlock: 0n, toBlock: reader.blockNumber },
  });
  const places = new Map(
    events.map(({ args }) => [`${args.challenger} ${args.hash}`, [args.challenger, args.hash]]),
  );
  let sum = 0n;
  for (const place of places.values())
    sum += (await reader.read<{ deposit: bigint }>(address, claimChallengesAbi, "announcementOf", place))
      .deposit;
  return sum;
}

/** Deposits of queries and answers that are demanded. */
async function claimDemandsOwe({ at }: Ground, reader: Reader): Promise<bigint> {
  let sum = 0n;
  const requests = await reader.read<bigint>(at.market, inferenceMarketAbi, "requestCount");
  for (let id = 1n; id <= requests; id++)
    sum += (await reader.read<{ deposit: bigint }>(at.demands, claimDemandsAbi, "demandOf", [id])).deposit;
  return sum;
}

/** Deposits of records that are demanded, and of announcements. */
async function recordDemandsOwe(ground: Ground, reader: Reader): Promise<bigint> {
  const address = ground.at.modelChallenges;
  const events = await ground.client.public.getContractEvents({
    ...{ address, abi: modelChallengesAbi, eventName: "RecordDemanded", strict: true },
    ...{ fromBlock: 0n, toBlock: reader.blockNumber },
  });
  const places = new Map(
    events.map(({ args }) => [`${args.modelId} ${args.rowId}`, [args.modelId, args.rowId]]),
  );
  let sum = await announcementsOwe(ground, reader, address);
  for (const place of places.values())
    sum += (await reader.read<{ deposit: bigint }>(address, modelChallengesAbi, "demandOf", place)).deposit;
  return sum;
}

async function modelIds({ at }: Pick<Ground, "at">, reader: Reader): Promise<bigint[]> {
  const count = await reader.read<bigint>(at.models, modelLedgerAbi, "modelCount");
  return Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1));
}

/** What agents' accounts have is their owners'. */
async function agentAccounts({ agents }: Ground, reader: Reader): Promise<Holder[]> {
  const count = await reader.read<bigint>(agents.stakes, agentStakesAbi, "agentCount");
  const found: Holder[] = [];
  for (let id = 1n; id <= count; id++) {
    const { account } = await reader.read<{ account: Address }>(agents.stakes, agentStakesAbi, "getAgent", [
      id,
    ]);
    found.push(free(`account of agent ${id}`, account));
  }
  return found;
}

/** What came to a model with parents and is not divided yet. */
async function royaltyPurses({ at }: Ground, reader: Reader): Promise<Holder[]> {
  const found: Holder[] = [];
  for (const id of await modelIds({ at }, reader)) {
    const address = await reader.read<Address>(at.royalties, modelRoyaltiesAbi, "purseOf", [id]);
    if (BigInt(address) !== 0n) found.push(free(`purse of model ${id}`, address));
  }
  return found;
}
