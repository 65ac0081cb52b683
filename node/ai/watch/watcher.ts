import type { LocalAccount } from "viem";
import { sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { IndexFiles } from "../attribution/index-files.ts";
import { casesIn } from "../client/audits.ts";
import { type ChainClient, type ProtocolAddresses, senderOf } from "../client/chain.ts";
import { type PostedClaim, postedClaims } from "../client/claims.ts";
import { type EpochAddresses, epochsIn, epochsRefutedIn } from "../client/epochs.ts";
import { LogScan } from "../client/log-scan.ts";
import { lossesIn } from "../client/losses.ts";
import { disputedIn } from "../client/model-disputes.ts";
import { recordDemandsIn, registeredIn } from "../client/registration.ts";
import type { ContentSource } from "../content/source.ts";
import { Docket } from "../verify/docket.ts";
import { advanceLoss } from "../verify/loss-matter.ts";
import { type L1Headers, SeedRecorder } from "../verify/seed-recorder.ts";
import { ClaimLies } from "./claim-lies.ts";
import { IndexCache } from "./indexes.ts";
import { ClaimJudge } from "./judge-claims.ts";
import { EpochJudge } from "./judge-epochs.ts";
import { ModelJudge } from "./judge-models.ts";
import { mappedIndexes } from "./mapped-indexes.ts";
import { type WorkItem, WorkQueue } from "./queue.ts";
import { type JudgeOptions, NEVER, type Verdict, verdictOf } from "./verdict.ts";

export interface WatcherOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  /** Receives what liars lose. */
  account: LocalAccount;
  content: ContentSource;
  /** Bytes of indexes in memory, and as many of rows; default 1 GiB. */
  maxIndexBytes?: number;
  /** Where the files of indexes are kept. */
  indexes?: IndexFiles;
  /** Where the chain's epochs are; absent: it has none. */
  epochs?: EpochAddresses;
  /** Of L1, for draws whose block was missed; absent: such draws wait for somebody else. */
  l1Headers?: L1Headers;
  logger: Logger;
}

/** What is done about a claim. */
type ClaimTask = "claim" | "settle" | "audit" | "case";

/** Enough to find the event again: a queue of many claims stays small. */
interface Task extends WorkItem {
  kind:
    | ClaimTask
    | "model"
    | "answer"
    | "collect"
    | "record"
    | "loss"
    | "epoch"
    | "epoch settle"
    | "epoch reward";
  /** Request, model, contribution or epoch. */
  id: bigint;
  /** Where the event is; where that is not known, the first block that can hold it. */
  blockNumber: bigint;
  claimHash?: Hash;
  rowId?: number;
}

/** Something that could not be judged, and why. */
export interface Unjudged {
  what: Task["kind"];
  id: string;
  code: string;
  message: string;
  tries: number;
  /** Its deadline passed. */
  missed: boolean;
}

/** How far a watcher is. Numbers of this run; big ones as decimal digits. */
export interface WatcherStatus {
  account: string;
  /** The last block whose claims are known. */
  scanned: string;
  waiting: number;
  /** Seconds: the nearest deadline of what waits, or null. */
  nextDeadline: string | null;
  checked: number;
  stood: number;
  refuted: number;
  settled: number;
  /** Items that found no room in the queue. */
  refused: number;
  unjudged: readonly Unjudged[];
}

const POLL_MS = 1_000;
const MAX_WAITING = 50_000;
const MAX_KNOWN = 200_000;
const MAX_UNJUDGED = 100;
const MAX_INDEX_BYTES = 2 ** 30;
/** Items that are judged at once: a challenge takes blocks, and many lies may come together. */
const MAX_RUNNING = 16;
/** Seconds until a failed item is tried again: more each time, up to the second. */
const RETRY_S = 2n;
const MAX_RETRY_S = 60n;
/** Seconds for which a claim's own host may settle it. */
const SETTLE_GRACE_S = 60n;

/**
 * Checks every registration, every posted claim and every closed epoch, and acts against the false ones. It works from a queue: each item has its own
 * deadline and its own retries, so that one that can't be judged costs nothing but itself.
 */
export class Watcher {
  private readonly options: WatcherOptions;
  private readonly judging: JudgeOptions;
  private readonly claims: ClaimJudge;
  private readonly models: ModelJudge;
  private readonly epochs: EpochJudge | undefined;
  private readonly queue = new WorkQueue<Task>({ maxWaiting: MAX_WAITING, maxKnown: MAX_KNOWN });
  private readonly unjudged = new Map<string, Unjudged>();
  private readonly counts = { checked: 0, stood: 0, refuted: 0, settled: 0 };
  private readonly running = new Map<string, Promise<void>>();
  private scan: LogScan;

  constructor(options: WatcherOptions) {
    const { client, at, account, content, epochs, l1Headers, logger } = options;
    const { maxIndexBytes = MAX_INDEX_BYTES } = options;
    this.options = options;
    const indexes = new IndexCache(content, maxIndexBytes, mappedIndexes(options.indexes));
    const seeds = new SeedRecorder({
      client,
      at,
      send: senderOf(client, account),
      headers: l1Headers,
      logger,
    });
    const docket = new Docket({ client, at, account, seeds, logger });
    const maxRowBytes = maxIndexBytes;
    this.judging = { client, at, account, content, indexes, maxRowBytes, docket, seeds, logger };
    const lies = new ClaimLies(this.judging);
    this.claims = new ClaimJudge(this.judging, lies);
    this.models = new ModelJudge(this.judging);
    this.epochs = epochs && new EpochJudge(this.judging, epochs, lies);
    this.scan = new LogScan(client, 0n);
  }

  /** How far it is, and what it could not judge. */
  status(): WatcherStatus {
    return {
      account: this.options.account.address.toLowerCase(),
      scanned: this.scan.done.toString(),
      waiting: this.queue.size,
      nextDeadline: this.queue.urgent()?.toString() ?? null,
      ...this.counts,
      refused: this.queue.refused,
      unjudged: [...this.unjudged.values()],
    };
  }

  /** Follows the chain from block `from` on until the signal. */
  async run(from: bigint, signal: AbortSignal): Promise<void> {
    this.scan = new LogScan(this.options.client, from);
    while (!signal.aborted) {
      const atHead = await this.round().catch((error: unknown) => {
        const code = isCodedError(error) ? error.code : undefined;
        this.options.logger.warn({ error, code }, "the watcher could not read the chain");
        return true;
      });
      if (atHead) await sleep(POLL_MS, signal).catch(() => undefined);
    }
    await this.idle();
  }

  /**
   * Reads what is new on the chain and begins to judge what is due.
   * @returns true when the head is reached.
   */
  async round(): Promise<boolean> {
    const atHead = await this.scan.advance((first, last) => this.read(first, last));
    const { timestamp } = await this.options.client.public.getBlock();
    this.expire(timestamp);
    while (this.running.size < MAX_RUNNING) {
      const task = this.queue.take(timestamp);
      if (task === undefined) break;
      const look = this.look(task, timestamp).finally(() => this.running.delete(task.key));
      this.running.set(task.key, look);
    }
    return atHead;
  }

  /** Resolves when nothing is being judged. */
  async idle(): Promise<void> {
    await Promise.all(this.running.values());
  }

  private async read(from: bigint, to: bigint): Promise<void> {
    const { client, at } = this.options;
    const { timestamp: now } = await client.public.getBlock();
    for (const posted of await postedClaims(client, at, { from, to })) {
      const { requestId, claimHash, blockNumber, challengeDeadline, transactionHash } = posted;
      const key = `claim ${requestId} ${claimHash} ${transactionHash}`;
      const task = { id: requestId, claimHash, blockNumber };
      this.queue.add({ ...task, kind: "audit", key: `audit ${key}`, deadline: NEVER });
      // What was over before this watcher began was never its to judge.
      if (challengeDeadline >= now)
        this.queue.add({ ...task, kind: "claim", key, deadline: challengeDeadline });
    }
    for (const { requestId, disputeId } of await casesIn(client, at, { from, to })) {
      const key = `case ${requestId} ${disputeId}`;
      this.queue.add({ kind: "case", key, id: requestId, blockNumber: 0n, deadline: NEVER });
    }
    for (const { modelId, pendingUntil } of await registeredIn(client, at, { from, to })) {
      if (pendingUntil < now) continue;
      const key = `model ${modelId}`;
      this.queue.add({ kind: "model", key, id: modelId, blockNumber: to, deadline: pendingUntil });
    }
    for (const { modelId, rowId, disputeId } of await disputedIn(client, at, { from, to })) {
      const task = { id: modelId, rowId, blockNumber: to, deadline: NEVER };
      this.queue.add({ ...task, kind: "record", key: `record ${modelId} ${rowId} ${disputeId}` });
    }
    for (const { contributionId } of await lossesIn(client, at, { from, to })) {
      const task = { id: contributionId, blockNumber: to, deadline: NEVER };
      this.queue.add({ ...task, kind: "loss", key: `loss ${contributionId}` });
    }
    for (const { modelId, rowId, by, deadline } of await recordDemandsIn(client, at, { from, to })) {
      // It demanded the record because it could not open the index.
      if (deadline < now || by === this.options.account.address.toLowerCase()) continue;
      const key = `answer ${modelId} ${rowId} ${deadline}`;
      this.queue.add({ kind: "answer", key, id: modelId, rowId, blockNumber: to, deadline });
    }
    const refuted = await client.public.getContractEvents({
      address: at.market,
      abi: inferenceMarketAbi,
      eventName: "InferenceRefuted",
      args: { challenger: this.options.account.address },
      fromBlock: from,
      toBlock: to,
      strict: true,
    });
    for (const { args, blockNumber } of refuted) {
      const key = `collect ${args.requestId}`;
      this.queue.add({ kind: "collect", key, id: args.requestId, blockNumber, deadline: NEVER });
    }
    if (this.options.epochs) await this.readEpochs(this.options.epochs, { from, to }, now);
  }

  private async look(task: Task, now: bigint): Promise<void> {
    const { logger } = this.options;
    try {
      const verdict = await this.verdictOf(task, now);
      this.unjudged.delete(task.key);
      if (verdict.kind === "later") {
        this.queue.retry(task, verdict.due, verdict.deadline);
        return;
      }
      this.queue.done(task);
      this.count(task, verdict);
    } catch (error) {
      const code = isCodedError(error) ? error.code : "UNEXPECTED";
      const message = error instanceof Error ? error.message : String(error);
      const before = this.unjudged.get(task.key)?.tries ?? 0;
      const wait = RETRY_S << BigInt(Math.min(before, 5));
      const tries = this.queue.retry(task, now + (wait < MAX_RETRY_S ? wait : MAX_RETRY_S));
      this.note(task, { what: task.kind, id: String(task.id), code, message, tries, missed: false });
      logger.warn({ error, code, what: task.kind, id: task.id, tries }, "could not be judged yet");
    }
  }

  private async verdictOf(task: Task, now: bigint): Promise<Verdict> {
    if (task.kind === "model") return this.models.model(task.id, now);
    if (task.kind === "answer") return this.models.answer(task.id, task.rowId!);
    if (task.kind === "record") return this.models.record(task.id, task.rowId!, now);
    // A stake that a contributor lost is paid out once that is final.
    if (task.kind === "loss") return verdictOf(await advanceLoss(this.judging, task.id, now));
    if (task.kind === "collect") return this.claims.collect(task.id, now);
    if (task.kind.startsWith("epoch")) return this.epochVerdict(task, now);
    const posted = await this.postedClaim(task);
    if (posted === undefined) return { kind: "decided" };
    if (task.kind === "settle") return this.claims.settle(posted, now);
    if (task.kind === "audit" || task.kind === "case") return this.claims.audit(posted, now);
    const verdict = await this.claims.claim(posted, now);
    // Checked, so it may be paid out, should its host not do it.
    if (verdict.kind === "stands") {
      const due = task.deadline + SETTLE_GRACE_S;
      this.queue.add({ ...task, kind: "settle", key: `settle ${task.key}`, deadline: NEVER }, due);
    }
    return verdict;
  }

  private async epochVerdict(task: Task, now: bigint): Promise<Verdict> {
    const { kind, id, blockNumber } = task;
    const { client, epochs } = this.options;
    if (this.epochs === undefined || epochs === undefined) return { kind: "decided" };
    if (kind === "epoch reward") return this.epochs.collect(id, now);
    const range = { from: blockNumber, to: blockNumber, epochId: id };
    const [closed] = await epochsIn(client, epochs, range);
    if (closed === undefined) return { kind: "decided" };
    if (kind === "epoch settle") return this.epochs.settle(closed, now);
    const verdict = await this.epochs.epoch(closed, now);
    if (verdict.kind === "stands")
      this.queue.add({ ...task, kind: "epoch settle", key: `settle ${task.key}`, deadline: NEVER }, now);
    return verdict;
  }

  private async readEpochs(epochs: EpochAddresses, range: { from: bigint; to: bigint }, now: bigint) {
    const { client, account } = this.options;
    for (const { epochId, deadline, blockNumber } of await epochsIn(client, epochs, range)) {
      if (deadline < now) continue;
      this.queue.add({ kind: "epoch", key: `epoch ${epochId}`, id: epochId, blockNumber, deadline });
    }
    for (const id of await epochsRefutedIn(client, epochs, account.address, range)) {
      const key = `epoch reward ${id}`;
      this.queue.add({ kind: "epoch reward", key, id, blockNumber: range.to, deadline: NEVER });
    }
  }

  private async postedClaim({ id, blockNumber, claimHash }: Task): Promise<PostedClaim | undefined> {
    const { client, at } = this.options;
    const to = claimHash === undefined ? await client.public.getBlockNumber() : blockNumber;
    const found = await postedClaims(client, at, { from: blockNumber, to, requestId: id });
    if (claimHash === undefined) return found.at(-1);
    return found.find((posted) => posted.claimHash === claimHash);
  }

  private count({ kind }: Task, verdict: Verdict): void {
    if (kind === "settle") this.counts.settled++;
    if (kind !== "claim" && kind !== "model" && kind !== "epoch") return;
    this.counts.checked++;
    if (verdict.kind === "stands") this.counts.stood++;
    if (verdict.kind === "refuted") this.counts.refuted++;
  }

  private expire(now: bigint): void {
    for (const task of this.queue.expire(now)) {
      const known = this.unjudged.get(task.key);
      const reason = {
        code: "DEADLINE_PASSED",
        message: "its time was over before it was looked at",
        tries: 0,
      };
      this.note(task, { what: task.kind, id: String(task.id), ...(known ?? reason), missed: true });
    }
  }

  private note({ key }: Task, entry: Unjudged): void {
    this.unjudged.delete(key);
    this.unjudged.set(key, entry);
    const [oldest] = this.unjudged.keys();
    if (this.unjudged.size > MAX_UNJUDGED && oldest !== undefined) this.unjudged.delete(oldest);
  }
}
