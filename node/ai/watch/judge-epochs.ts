import { demandLeaf, endSilentLeaf, leafDemandOf } from "../client/epoch-demands.ts";
import {
  type ClosedEpoch,
  collectEpochReward,
  type EpochAddresses,
  type EpochState,
  epochRewardOf,
  getEpoch,
  settleEpoch,
} from "../client/epochs.ts";
import { getModel } from "../client/models.ts";
import { publishedEpoch } from "../epoch/published.ts";
import { aiError } from "../errors.ts";
import { EpochDocket } from "../verify/epoch-docket.ts";
import type { ClaimLies } from "./claim-lies.ts";
import { EpochLies } from "./epoch-lies.ts";
import { BLOCK_SECONDS, type JudgeOptions, NEVER, type Verdict } from "./verdict.ts";

const NOBODY = `0x${"00".repeat(20)}`;
/** Leaves that are demanded of an epoch whose file is not there, or is not what was closed: each for a deposit. */
const MOST_DEMANDED = 16;

/** The file of an epoch may take this part of its window. */
const WAITED = 4;
/** Seconds for which an epoch's own host may bring it forward. */
const SETTLE_GRACE_S = 60n;

/** Judges one closed epoch and acts on it; it keeps nothing from one to the next. */
export class EpochJudge {
  private readonly options: JudgeOptions;
  private readonly at: EpochAddresses;
  private readonly lies: EpochLies;
  private readonly docket: EpochDocket;

  constructor(options: JudgeOptions, at: EpochAddresses, lies: ClaimLies) {
    this.options = options;
    this.at = at;
    this.lies = new EpochLies(options.client, { ...options.at, ...at }, lies);
    this.docket = new EpochDocket({ ...options, at: { ...options.at, ...at } });
  }

  /** A false one is refuted by the first thing that shows it; leaves that nobody can read are demanded. */
  async epoch(closed: ClosedEpoch, now: bigint): Promise<Verdict> {
    const { client, at, account, logger } = this.options;
    const { epochId } = closed;
    const state = await getEpoch(client, this.at, epochId);
    if (state.status !== "closed") return { kind: "decided" };
    const published = await publishedEpoch(this.options.content, closed);
    if (published === undefined) return this.withheld(closed, state, now);
    const model = await getModel(client, at, state.modelId);
    const lie = await this.lies.find(model, closed, state, published);
    if (lie === undefined) {
      logger.debug({ epochId }, "an epoch was checked and stands");
      return { kind: "stands" };
    }
    const { kind, position } = lie;
    logger.warn({ epochId, fault: kind, position }, "an epoch is false: bringing the counter-example");
    const sent = await lie.refute(account);
    logger.info({ epochId, transaction: sent.hash }, "a false epoch was refuted");
    return { kind: "refuted", reason: kind, transactionHash: sent.hash };
  }

  /** Has a true epoch audited and paid out where its host does not do it. */
  async settle(closed: ClosedEpoch, now: bigint): Promise<Verdict> {
    const { client, account, logger } = this.options;
    const { epochId, blockNumber } = closed;
    const state = await getEpoch(client, this.at, epochId);
    if (state.status !== "closed") return { kind: "decided" };
    const due = state.deadline + SETTLE_GRACE_S;
    if (now <= due) return { kind: "later", due: due + 1n, deadline: NEVER };
    const published = await publishedEpoch(this.options.content, closed);
    if (published === undefined) return { kind: "decided" };
    const standing = await this.docket.advance(published.epoch, state, blockNumber, now);
    if (standing.kind === "over") return { kind: "decided" };
    if (standing.kind === "later") return { kind: "later", due: standing.due, deadline: NEVER };
    await settleEpoch(client, this.at, account, epochId);
    logger.info({ epochId }, "settled an epoch that its host left");
    return { kind: "decided" };
  }

  /** The reward of a refutation that this watcher brought. */
  async collect(epochId: bigint, now: bigint): Promise<Verdict> {
    const { client, account, logger } = this.options;
    const { challenger, finalBlock, reward } = await epochRewardOf(client, this.at, epochId);
    if (reward === 0n || challenger !== account.address.toLowerCase()) return { kind: "decided" };
    if ((await client.public.getBlockNumber()) <= finalBlock) {
      return { kind: "later", due: now + BLOCK_SECONDS, deadline: NEVER };
    }
    await collectEpochReward(client, this.at, account, epochId);
    logger.info({ epochId, reward }, "drew what a refuted host lost");
    return { kind: "decided" };
  }

  /** Nobody can read the leaves: some all over the epoch are demanded, and silence about one ends it. */
  private async withheld(
    { epochId }: ClosedEpoch,
    { count, demandsUntil, deadline, challengeWindow }: EpochState,
    now: bigint,
  ): Promise<Verdict> {
    // The file may still be on its way to this node: what is demanded is paid to the host that shows it.
    const begin = demandsUntil - BigInt(challengeWindow - Math.floor(challengeWindow / WAITED));
    if (now < begin) return { kind: "later", due: now + BLOCK_SECONDS, deadline };
    const { client, at, account, logger } = this.options;
    const places = { ...at, ...this.at };
    const asked = Math.min(count, MOST_DEMANDED);
    let isAnswered = true;
    for (let i = 0; i < asked; i++) {
      const position = Math.floor((i * count) / asked);
      const demand = await leafDemandOf(client, places, epochId, false, position);
      if (demand.by === NOBODY && now <= demandsUntil)
        await demandLeaf(client, places, account, epochId, false, position);
      else if (demand.by !== NOBODY && !demand.isAnswered && now > demand.deadline) {
        const sent = await endSilentLeaf(client, places, account, epochId, false, position);
        logger.info({ epochId, position, transaction: sent.hash }, "an epoch ended: a leaf was withheld");
        return { kind: "refuted", reason: "silence", transactionHash: sent.hash };
      }
      isAnswered &&= demand.isAnswered;
    }
    if (!isAnswered) {
      const { deadline: until } = await getEpoch(client, this.at, epochId);
      return { kind: "later", due: now + BLOCK_SECONDS, deadline: until };
    }
    throw aiError("EPOCH_CONTENTS", {
      message: `the file of epoch ${epochId} is not what was closed, but its host answers for single leaves`,
      fix: "fetch the file from another node, or demand further leaves",
      facts: { epochId: String(epochId), deadline: String(deadline) },
    });
  }
}
