import { type Abi, encodeDeployData, getContractAddress, type LocalAccount } from "viem";
import {
  claimChallengesAbi,
  epochChallengesAbi,
  epochDemandsAbi,
  epochLeavesAbi,
  inferenceEpochsAbi,
} from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { send } from "../client/chain.ts";
import { closeEpoch, type EpochAddresses, epochBond, epochCount, fillPurse } from "../client/epochs.ts";
import { type EpochContents, encodeEpochContents, type PublishedInference } from "../epoch/contents.ts";
import { composeEpoch, type Epoch, type EpochTerms, epochWith, feeOf, payoutsOf } from "../epoch/epoch.ts";
import { type Closing, closingOf } from "../epoch/shown.ts";
import { signVoucher } from "../epoch/voucher.ts";
import { creationCode } from "./anvil-chain.ts";
import { LIAR, type MarketWorld, OPEN, OWNER, PAYER, STAKER } from "./market-world.ts";

/** Epochs in a market's world, closed by its lying host: for tests. */

const DELAY = 60n;
const AUDITED_LEAVES = 4;
const NOBODY: Address = `0x${"00".repeat(20)}`;

/** What a host changes of a true epoch before it closes it. */
export interface EpochLie {
  inferences?: PublishedInference[];
  payouts?: Epoch["payouts"];
  ranges?: Epoch["ranges"];
  closing?: Partial<Closing>;
  /** What the store holds of it instead; nothing where it is null. */
  contents?: EpochContents | null;
}

/** Deploys the contracts of epochs beside a world's. */
export async function deployEpochs(world: MarketWorld): Promise<EpochAddresses> {
  const { at } = world;
  const { client } = world.chain;
  const owner = world.account(OWNER);
  const from = owner.address;
  const nonce = await client.public.getTransactionCount({ address: from, blockTag: "pending" });
  const next = (i: number) => getContractAddress({ from, nonce: BigInt(nonce + i) }).toLowerCase() as Address;
  const [epochs, epochChallenges, epochLeaves, epochDemands, leafChallenges] = [0, 1, 2, 3, 4].map(next);
  const { parameters, balances, models } = at;
  const parts = {
    ...{ ...at, challenges: epochChallenges, leaves: epochLeaves, demands: epochDemands },
    ...{ audits: NOBODY, auditedLeaves: AUDITED_LEAVES },
  };
  const all: [string, Abi, readonly unknown[]][] = [
    ["InferenceEpochs", inferenceEpochsAbi, [parts, DELAY]],
    ["EpochChallenges", epochChallengesAbi, [parameters, balances, models, epochs]],
    ["EpochLeaves", epochLeavesAbi, [epochs, leafChallenges]],
    ["EpochDemands", epochDemandsAbi, [parameters, balances, epochs]],
    ["ClaimChallenges", claimChallengesAbi, [parameters, balances, models, epochLeaves]],
  ];
  for (const [name, abi, args] of all) {
    const data = encodeDeployData({ abi, bytecode: creationCode(name), args });
    await send(client, owner, { data });
  }
  return {
    epochs: epochs!,
    epochChallenges: epochChallenges!,
    epochLeaves: epochLeaves!,
    epochDemands: epochDemands!,
    leafChallenges: leafChallenges!,
  };
}

/** Payers with purses for the lying host, which closes epochs of what they asked. */
export class EpochWorld {
  private readonly spent = new Map<Address, bigint>();

  constructor(
    readonly world: MarketWorld,
    readonly at: EpochAddresses,
    readonly terms: EpochTerms,
  ) {}

  private get payers(): LocalAccount[] {
    return [PAYER, STAKER].map((n) => this.world.account(n));
  }

  async fill(): Promise<void> {
    const host = this.world.address(LIAR);
    for (const account of this.payers) {
      const purse = { payer: account.address, host, amount: 100n * OPEN };
      await fillPurse(this.world.chain.client, this.at, account, purse);
    }
  }

  /** The host's next epoch: `count` times the same answer, for both payers in turn. */
  async next(answer: Omit<PublishedInference, "payer" | "net">, count: number) {
    const host = this.world.address(LIAR);
    const number = (await epochCount(this.world.chain.client, this.at, host)) + 1n;
    const answered = Array.from({ length: count }, (_, i) => ({
      payer: this.payers[i % 2]!.address,
      claim: answer.claim,
    }));
    const epoch = composeEpoch(host, number, this.terms, answered);
    const inferences = epoch.inferences.map((one) => ({ ...one, query: answer.query }));
    return { epoch, inferences };
  }

  /** Closes an epoch as the host, with a lie or without. */
  async close(epoch: Epoch, inferences: PublishedInference[], lie: EpochLie = {}): Promise<Epoch> {
    const { world, at, terms } = this;
    const { client } = world.chain;
    const told = lie.inferences ?? inferences;
    const payouts = lie.payouts ?? (lie.inferences ? payoutsOf(terms, told) : epoch.payouts);
    const closed = epochWith(epoch.epochId, told, payouts, lie.ranges ?? epoch.ranges);
    const kept = lie.contents === undefined ? { inferences: told, payouts } : lie.contents;
    const contents: Hash =
      kept === null ? `0x${"99".repeat(32)}` : await world.content.put(encodeEpochContents(kept));
    const closing = { ...closingOf(closed, terms, contents), ...lie.closing };
    const fees = closed.ranges.reduce((sum, { net }) => sum + feeOf(terms, net), 0n);
    const bond = await epochBond(client, at, fees, closing);
    const vouchers = [];
    for (const { payer, net } of closed.ranges) vouchers.push(await this.voucher(payer, feeOf(terms, net)));
    await closeEpoch(client, at, world.account(LIAR), { closing, ranges: closed.ranges, vouchers, bond });
    return closed;
  }

  private async voucher(payer: Address, fee: bigint) {
    const { world, at } = this;
    const { timestamp } = await world.chain.client.public.getBlock();
    const cumulative = (this.spent.get(payer) ?? 0n) + fee;
    this.spent.set(payer, cumulative);
    const account = this.payers.find(({ address }) => address.toLowerCase() === payer)!;
    const signed = { host: world.address(LIAR), cumulative, validUntil: timestamp + 600n };
    const signature = await signVoucher(account, world.chain.client.chain.id, at.epochs, signed);
    return { cumulative, validUntil: signed.validUntil, signature };
  }
}
