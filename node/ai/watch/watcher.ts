import type { LocalAccount } from "viem";
import { sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { type PostedClaim, postedClaims } from "../client/claims.ts";
import { LogScan } from "../client/log-scan.ts";
import { recordDemandsIn, registeredIn } from "../client/registration.ts";
import type { ContentSource } from "../content/source.ts";
import { IndexCache } from "./indexes.ts";
import { Judge, NEVER, type Verdict } from "./judge.ts";
import { type WorkItem, WorkQueue } from "./queue.ts";

export interface WatcherOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  /** Receives what liars lose. */
  account: LocalAccount;
  content: ContentSource;
  /** Bytes of indexes in memory; default 1 GiB. */
  maxIndexBytes?: number;
  logger: Logger;
}

/** Enough to find the event again: a queue of many claims stays small. */
interface Task extends WorkItem {
  kind: "claim" | "model" | "answer" | "collect" | "settle";
  /** Request or model. */
  id: bigint;
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
 * Checks every registration and every posted claim, and acts against the false ones. It works from a queue: each item has its own
 * deadline and its own retries, so that one that can't be judged costs nothing but itself.
 */
export class Watcher {
  private readonly options: WatcherOptions;
  private readonly judge: Judge;
  private readonly queue = new WorkQueue<Task>({ maxWaiting: MAX_WAITING, maxKnown: MAX_KNOWN });
  private readonly unjudged = new Map<string, Unjudged>();
  private readonly counts = { checked: 0, stood: 0, refuted: 0, settled: 0 };
  private readonly running = new Map<string, Promise<void>>();
  private scan: LogScan;

  constructor(options: WatcherOptions) {
    const { client, at, account, content, maxIndexBytes = MAX_INDEX_BYTES, logger } = options;
    this.options = options;
    const indexes = new IndexCache(content, maxIndexBytes);
    this.judge = new Judge({ client, at, account, content, indexes, logger });
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
    // What was over before this watcher began was never its to judge.
    const { timestamp: now } = await client.public.getBlock();
    for (const posted of await postedClaims(client, at, { from, to })) {
      const { requestId, claimHash, blockNumber, challengeDeadline, transactionHash } = posted;
      if (challengeDeadline < now) continue;
      const key = `claim ${requestId} ${claimHash} ${transactionHash}`;
      this.queue.add({
        kind: "claim",
        key,
        id: requestId,
        claimHash,
        blockNumber,
        deadline: challengeDeadline,
      });
    }
    for (const { modelId, pendingUntil } of await registeredIn(client, at, { from, to })) {
      if (pendingUntil < now) continue;
      const key = `model ${modelId}`;
      this.queue.add({ kind: "model", key, id: modelId, blockNumber: to, deadline: pendingUntil });
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
    if (task.kind === "model") return this.judge.model(task.id, now);
    if (task.kind === "answer") return this.judge.answer(task.id, task.rowId!);
    if (task.kind === "collect") return this.judge.collect(task.id, now);
    const posted = await this.postedClaim(task);
    if (posted === undefined) return { kind: "decided" };
    if (task.kind === "settle") return this.judge.settle(posted, now);
    const verdict = await this.judge.claim(posted, now);
    // Checked, so it may be paid out, should its host not do it.
    if (verdict.kind === "stands") {
      const due = task.deadline + SETTLE_GRACE_S;
      this.queue.add({ ...task, kind: "settle", key: `settle ${task.key}`, deadline: NEVER }, due);
    }
    return verdict;
  }

  private async postedClaim({ id, blockNumber, claimHash }: Task): Promise<PostedClaim | undefined> {
    const { client, at } = this.options;
    const range = { from: blockNumber, to: blockNumber, requestId: id };
    return (await postedClaims(client, at, range)).find((posted) => posted.claimHash === claimHash);
  }

  private count({ kind }: Task, verdict: Verdict): void {
    if (kind === "settle") this.counts.settled++;
    if (kind !== "claim" && kind !== "model") return;
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
