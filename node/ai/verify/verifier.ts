import { bytesToHex, type LocalAccount } from "viem";
import { randomBytes, sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { casesIn } from "../client/audits.ts";
import { type ChainClient, type ProtocolAddresses, senderOf } from "../client/chain.ts";
import {
  collectVote,
  commitmentOf,
  commitResult,
  type Dispute,
  getDispute,
  LAST_ROUND,
  type PanelResult,
  panelsIn,
  revealResult,
  type Vote,
  voteOf,
  windowsOf,
} from "../client/disputes.ts";
import { LogScan } from "../client/log-scan.ts";
import { appealedLossesIn } from "../client/losses.ts";
import { disputedIn } from "../client/model-disputes.ts";
import { AppealDesk } from "./appeals.ts";
import { epochBoard } from "./board.ts";
import { ClaimMatter, type ClaimMatterOptions } from "./claim-matter.ts";
import type { StepOptions } from "./dispute-steps.ts";
import { LossMatter } from "./loss-matter.ts";
import type { Matter } from "./matter.ts";
import { RecordMatter } from "./record-matter.ts";
import type { RerunTask } from "./rerun.ts";
import { type L1Headers, SeedRecorder } from "./seed-recorder.ts";
import { type KeptVote, VoteFiles } from "./vote-files.ts";

export interface VerifierOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: LocalAccount;
  /** Of the account: opens what hosts sealed to it. */
  privateKey: Hex;
  /** Fetches evidence by its hash. */
  evidence: (hash: Hash) => Promise<Uint8Array>;
  /** Runs a request, or the making of a record, again within `ms` milliseconds. */
  rerun: (task: RerunTask, ms: number) => Promise<PanelResult>;
  /** Of the votes that are not over. */
  folder: string;
  l1Headers?: L1Headers;
  /** Wei that appeals leave on the account. */
  keep: bigint;
  /** Disputes over what this room does not know, opened in blocks `from`…`to`. */
  others?: (
    steps: StepOptions,
    range: { from: bigint; to: bigint },
  ) => Promise<readonly { disputeId: bigint; matter: Matter }[]>;
  logger: Logger;
}

/** What all matters need; one run at a time for all of them. */
type MatterOptions = Omit<ClaimMatterOptions, "rerun"> & Pick<VerifierOptions, "rerun">;

/** A case that is not over. */
interface OpenCase {
  disputeId: bigint;
  matter: Matter;
  /** Second of the chain's clock from which it is worth a look. */
  due: bigint;
}

const POLL_MS = 1_000;
/** Blocks in which a case that is not over may have been opened before this start: two days of them. */
const LOOK_BACK = 86_400n;
const MAX_CASES = 10_000;
/** Seconds between two looks at a case that waits for somebody else. */
const LOOK_S = 2n;
/** Seconds at the end of a window that a transaction takes. */
const MARGIN_S = 4n;
const NO_HASH = /^0x0+$/;

/**
 * Runs what panels that it is drawn for have to judge, commits and reveals. Each vote lies on disk before its commitment is sent, all
 * else is on chain: after kill -9 it goes on where it was.
 */
export class Verifier {
  private readonly options: VerifierOptions;
  private readonly address: Address;
  private readonly files: VoteFiles;
  private readonly matters: MatterOptions;
  private readonly appeals: AppealDesk;
  private readonly cases = new Map<bigint, OpenCase>();
  /** Disputes that were taken up; logs are read more than once. */
  private readonly seen = new Set<bigint>();
  private readonly running = new Map<bigint, Promise<void>>();
  private scan: LogScan | undefined;
  private othersScan: LogScan | undefined;
  /** What is run again is run one after the other: each may fill the memory. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: VerifierOptions) {
    const {
      client,
      at,
      account,
      privateKey,
      evidence,
      rerun,
      folder,
      keep,
      l1Headers: headers,
      logger,
    } = options;
    this.options = options;
    this.address = account.address.toLowerCase() as Address;
    this.files = new VoteFiles(folder);
    this.matters = {
      ...{ client, at, account, logger, address: this.address, privateKey, evidence },
      seeds: new SeedRecorder({ client, at, send: senderOf(client, account), headers, logger }),
      rerun: (task: RerunTask, ms: number) => {
        const mine = this.turn.catch(() => undefined).then(() => rerun(task, ms));
        this.turn = mine;
        return mine;
      },
    };
    this.appeals = new AppealDesk({ client, address: this.address, keep, logger });
  }

  /** Follows the chain until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.round().catch((error: unknown) => {
        const code = isCodedError(error) ? error.code : undefined;
        this.options.logger.warn({ error, code }, "the verifier could not read the chain");
      });
      await sleep(POLL_MS, signal).catch(() => undefined);
    }
  }

  /** Reads new cases and begins to look at those that are due. */
  async round(): Promise<void> {
    const { client, at } = this.options;
    const head = await client.public.getBlockNumber();
    this.scan ??= new LogScan(client, head > LOOK_BACK ? head - LOOK_BACK : 0n);
    await this.scan.advance(async (from, to) => {
      for (const { requestId, disputeId } of await casesIn(client, at, { from, to }))
        this.add(disputeId, new ClaimMatter(requestId, this.matters));
      const board = epochBoard(client, at);
      for (const { requestId, disputeId } of await casesIn(client, board.at, { from, to }))
        this.add(disputeId, new ClaimMatter(requestId, this.matters, board));
      for (const found of await disputedIn(client, at, { from, to }))
        this.add(found.disputeId, new RecordMatter(found, this.matters));
      for (const { contributionId, disputeId } of await appealedLossesIn(client, at, { from, to }))
        this.add(disputeId, new LossMatter(contributionId, this.matters));
    });
    await this.readOthers(head);
    const { timestamp } = await client.public.getBlock();
    for (const entry of [...this.cases.values()]) {
      if (entry.due > timestamp || this.running.has(entry.disputeId)) continue;
      const look = this.look(entry, timestamp).finally(() => this.running.delete(entry.disputeId));
      this.running.set(entry.disputeId, look);
    }
  }

  /** What another room can't read keeps no verifier from its own duties. */
  private async readOthers(head: bigint): Promise<void> {
    const { client, others, logger } = this.options;
    if (others === undefined) return;
    this.othersScan ??= new LogScan(client, head > LOOK_BACK ? head - LOOK_BACK : 0n);
    try {
      await this.othersScan.advance(async (from, to) => {
        for (const { disputeId, matter } of await others(this.matters, { from, to }))
          this.add(disputeId, matter);
      });
    } catch (error) {
      logger.warn({ error }, "the verifier could not read some of the disputes");
    }
  }

  /** Resolves when nothing is being looked at. */
  async idle(): Promise<void> {
    await Promise.all(this.running.values());
  }

  /** Cases that are not over. */
  get open(): number {
    return this.cases.size;
  }

  private add(disputeId: bigint, matter: Matter): void {
    if (this.seen.has(disputeId)) return;
    if (this.cases.size >= MAX_CASES) {
      this.options.logger.warn({ ...matter.facts }, "there is no room for another case");
      return;
    }
    this.seen.add(disputeId);
    this.cases.set(disputeId, { disputeId, matter, due: 0n });
  }

  private async look(entry: OpenCase, now: bigint): Promise<void> {
    const { disputeId, matter } = entry;
    entry.due = now + LOOK_S;
    try {
      const mine = await this.judge(entry, now);
      const standing = await matter.advance(now);
      if (standing.kind !== "later") {
        await this.collect(disputeId);
        this.files.remove(disputeId);
        this.cases.delete(disputeId);
        return;
      }
      entry.due = mine !== undefined && mine < standing.due ? mine : standing.due;
    } catch (error) {
      const code = isCodedError(error) ? error.code : undefined;
      this.options.logger.warn(
        { error, code, ...matter.facts, disputeId },
        "a dispute could not be moved yet",
      );
    }
  }

  /** This verifier's duty in the round as it stands. @returns when to look again, undefined where it has none. */
  private async judge({ disputeId, matter }: OpenCase, now: bigint): Promise<bigint | undefined> {
    const { client, at } = this.options;
    const dispute = await getDispute(client, at, disputeId);
    if (dispute.status === "decided") {
      const mine = this.files.last(disputeId);
      if (mine !== undefined) await this.appeals.consider(matter, dispute, mine, now);
    }
    if (dispute.status !== "drawn") return undefined;
    const { round } = dispute;
    const vote = await voteOf(client, at, disputeId, round, this.address);
    if (vote.weight === 0n) return undefined;
    const until = windowsOf(dispute);
    if (now <= until.commit) {
      if (!NO_HASH.test(vote.commitment)) return until.commit + 1n;
      await this.commit(matter, disputeId, dispute, now);
      return now + LOOK_S;
    }
    if (now <= until.reveal) await this.reveal(disputeId, round, vote);
    return undefined;
  }

  private async commit(matter: Matter, disputeId: bigint, dispute: Dispute, now: bigint): Promise<void> {
    const { client, at, account, logger } = this.options;
    const { round } = dispute;
    const kept = this.files.read(disputeId, round) ?? (await this.work(matter, disputeId, dispute, now));
    if (kept === undefined) return;
    const commitment = commitmentOf(disputeId, this.address, kept, kept.salt);
    const { hash } = await commitResult(client, at, account, disputeId, commitment);
    logger.info({ ...matter.facts, disputeId, round, transaction: hash }, "committed a result");
  }

  /** Computes what the panel is asked and keeps the vote; undefined while it can't. */
  private async work(
    matter: Matter,
    disputeId: bigint,
    dispute: Dispute,
    now: bigint,
  ): Promise<KeptVote | undefined> {
    const { round } = dispute;
    const left = windowsOf(dispute).commit - MARGIN_S - now;
    const result = await matter.compute(round, 1_000 * Number(left));
    if (result === undefined) return undefined;
    const { value, digest } = result;
    const salt = bytesToHex(randomBytes(32));
    this.files.write(disputeId, round, { value, digest, salt });
    this.options.logger.info({ ...matter.facts, disputeId, round }, "computed what a panel is asked");
    return { value, digest, salt };
  }

  private async reveal(disputeId: bigint, round: number, vote: Vote): Promise<void> {
    if (NO_HASH.test(vote.commitment) || !NO_HASH.test(vote.result)) return;
    const { client, at, account, logger } = this.options;
    const kept = this.files.read(disputeId, round);
    if (kept === undefined) {
      logger.error(
        { disputeId, round },
        "the vote of a commitment is gone from the disk: it can't be revealed",
      );
      return;
    }
    const { hash } = await revealResult(client, at, account, disputeId, kept, kept.salt);
    logger.info({ disputeId, round, transaction: hash }, "revealed a result");
  }

  /** What this verifier earned; after a last round also what others lose. */
  private async collect(disputeId: bigint): Promise<void> {
    const { client, at, account, logger } = this.options;
    const dispute = await getDispute(client, at, disputeId);
    if (dispute.status !== "decided") return;
    for (const { round, members } of await panelsIn(client, at, { from: 0n, disputeId })) {
      for (const { verifier } of members) {
        const isMine = verifier === this.address && round === dispute.round;
        if (!isMine && dispute.round !== LAST_ROUND) continue;
        if ((await voteOf(client, at, disputeId, round, verifier)).isCollected) continue;
        try {
          await collectVote(client, at, account, disputeId, round, verifier);
        } catch (error) {
          // Another verifier may have been faster.
          logger.debug({ error, disputeId, round, verifier }, "nothing was collected");
        }
      }
    }
  }
}
