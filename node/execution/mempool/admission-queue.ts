import type { UnrecoveredTransaction } from "../../chain/codec/transaction.ts";
import type { RecoverSenders } from "../../chain/crypto.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { type PoolCandidate, recoverCandidates } from "./candidate.ts";
import { refuse } from "./limits.ts";

/** Transactions of one batch at most. */
const BATCH = 128;
/** So many go on together where few wait: while one thread has them, another has those before. */
const FEW = 6;
/** Transactions that wait for their batch at most. */
const MAX_WAITING = 4_096;

interface Waiting {
  transaction: UnrecoveredTransaction;
  resolve: (hash: Hash) => void;
  reject: (error: unknown) => void;
}

/** Takes candidates in, all at once; gives each one's hash or why it is refused. */
export type AddBatch = (candidates: readonly PoolCandidate[]) => Promise<readonly (Hash | Error)[]>;

/** Recovers and adds what arrives in one turn of the event loop, or while another batch is recovered, as one batch; in order. */
export class AdmissionQueue {
  private readonly recover: RecoverSenders;
  private readonly addBatch: AddBatch;
  private readonly waiting: Waiting[] = [];
  private isBusy = false;

  constructor(recover: RecoverSenders, addBatch: AddBatch) {
    this.recover = recover;
    this.addBatch = addBatch;
  }

  /** @throws CodedError `TRANSACTION_INVALID` (bad signature), `TXPOOL_FULL`, what `addBatch` gives. */
  add(transaction: UnrecoveredTransaction): Promise<Hash> {
    return new Promise((resolve, reject) => {
      if (this.waiting.length >= MAX_WAITING)
        throw refuse("TXPOOL_FULL", "txpool is full", "Send it again in a moment.");
      this.waiting.push({ transaction, resolve, reject });
      if (this.isBusy) return;
      this.isBusy = true;
      setImmediate(() => void this.recoverAll());
    });
  }

  private async recoverAll(): Promise<void> {
    while (this.waiting.length > 0)
      await this.recoverBatch(this.waiting.splice(0, batchOf(this.waiting.length)));
    this.isBusy = false;
  }

  private async recoverBatch(batch: readonly Waiting[]): Promise<void> {
    const fail = (error: unknown) => {
      for (const { reject } of batch) reject(error);
    };
    try {
      const found = await recoverCandidates(
        batch.map(({ transaction }) => transaction),
        this.recover,
      );
      const candidates = found.filter((each): each is PoolCandidate => !(each instanceof Error));
      // The next batch is recovered while this one is written.
      this.addBatch(candidates).then((answers) => answer(batch, found, answers), fail);
    } catch (error) {
      fail(error);
    }
  }
}

/** A part of what waits: all of it at once would be in one thread while the others have nothing to do. */
function batchOf(waiting: number): number {
  return Math.min(BATCH, Math.max(FEW, Math.ceil(waiting / 4)));
}

function answer(
  batch: readonly Waiting[],
  found: readonly (PoolCandidate | Error)[],
  answers: readonly (Hash | Error)[],
): void {
  let next = 0;
  for (const [index, { resolve, reject }] of batch.entries()) {
    const candidate = found[index]!;
    const result = candidate instanceof Error ? candidate : answers[next++]!;
    if (result instanceof Error) reject(result);
    else resolve(result);
  }
}
