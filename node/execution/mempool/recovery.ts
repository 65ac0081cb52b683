import { recoveryJob, type UnrecoveredTransaction, withSender } from "../../chain/codec/transaction.ts";
import type { RecoverSenders } from "../../chain/crypto.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { refuse } from "./pool-entry.ts";

/** Transactions of one batch. */
const BATCH = 128;
/** Transactions that wait for their batch at most. */
const MAX_WAITING = 4_096;

interface Waiting {
  transaction: UnrecoveredTransaction;
  resolve: (transaction: SignedTransaction) => void;
  reject: (error: unknown) => void;
}

/** Recovers what arrives in one turn of the event loop, or while another batch is under way, as one batch; in order. */
export class RecoveryQueue {
  private readonly recover: RecoverSenders;
  private readonly waiting: Waiting[] = [];
  private isBusy = false;

  constructor(recover: RecoverSenders) {
    this.recover = recover;
  }

  /** @throws CodedError `TRANSACTION_INVALID` (bad signature), `TXPOOL_FULL`. */
  run(transaction: UnrecoveredTransaction): Promise<SignedTransaction> {
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
    while (this.waiting.length > 0) await this.recoverBatch(this.waiting.splice(0, BATCH));
    this.isBusy = false;
  }

  private async recoverBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const senders = await this.recover(batch.map(({ transaction }) => recoveryJob(transaction)));
      for (const [index, { transaction, resolve, reject }] of batch.entries()) {
        try {
          resolve(withSender(transaction, senders[index]));
        } catch (error) {
          reject(error);
        }
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
