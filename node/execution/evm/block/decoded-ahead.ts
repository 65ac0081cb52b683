import type { CodedError } from "../../../base/errors.ts";
import { decodeTransactions } from "../../../chain/codec/transaction.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import type { ChainTransaction } from "../../../chain/types/transaction.ts";
import { recoverSendersOffThread } from "../../senders.ts";

type Decoded = (ChainTransaction | CodedError)[];

/** The next block's transactions, whose senders other threads recover while this block runs. */
export class DecodedAhead {
  private readonly rollup: RollupConfig;
  private expected: { raws: readonly Uint8Array[]; decoded: Promise<Decoded> } | undefined;

  constructor(rollup: RollupConfig) {
    this.rollup = rollup;
  }

  /** Begins with what the next block is to bring after its deposits; whatever was expected before is forgotten. */
  expect(raws: readonly Uint8Array[]): void {
    const decoded = this.decode(raws);
    // Whoever takes them gets the failure.
    decoded.catch(() => undefined);
    this.expected = { raws, decoded };
  }

  /** Decodes a block's transactions, or waits for those that were expected: the same arrays, at the block's end. */
  async take(envelopes: readonly Uint8Array[]): Promise<Decoded> {
    const { expected } = this;
    this.expected = undefined;
    if (expected === undefined) return this.decode(envelopes);
    const first = envelopes.length - expected.raws.length;
    const isExpected = first >= 0 && expected.raws.every((raw, i) => raw === envelopes[first + i]);
    if (!isExpected) return this.decode(envelopes);
    return [...(await this.decode(envelopes.slice(0, first))), ...(await expected.decoded)];
  }

  private decode(raws: readonly Uint8Array[]): Promise<Decoded> {
    return decodeTransactions(raws, this.rollup, recoverSendersOffThread);
  }
}
