import { CodedError } from "../../node/base/errors.ts";
import { decodeTransaction } from "../../node/chain/codec/transaction.ts";
import type { ChainTransaction } from "../../node/chain/types/transaction.ts";
import type { TxPool } from "../../node/rpc/types.ts";
import { FUNDS, type SmallChain } from "./small-chain.ts";

/** Takes a transaction and builds a block of it at once. */
export class InstantPool implements TxPool {
  small: SmallChain;
  private readonly listeners = new Set<(transaction: ChainTransaction) => void>();

  constructor(small: SmallChain) {
    this.small = small;
  }

  async add(raw: Uint8Array) {
    const transaction = decodeTransaction(raw, this.small.rollup);
    if (transaction.kind === "signed" && transaction.value > FUNDS) {
      throw new CodedError("TXPOOL_FUNDS", "input", {
        message: "insufficient funds for gas * price + value: have less",
      });
    }
    for (const listener of this.listeners) listener(transaction);
    await this.small.advance([raw]);
    return transaction.hash;
  }

  pendingNonce() {
    return undefined;
  }

  get() {
    return undefined;
  }

  count() {
    return { pending: 0, queued: 0 };
  }

  content() {
    return { pending: new Map(), queued: new Map() };
  }

  onPending(listener: (transaction: ChainTransaction) => void) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
