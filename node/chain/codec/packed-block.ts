import type { Block, BlockHeader } from "../types/block.ts";
import type { Address, Hash } from "../types/primitives.ts";
import { fastLzSize, storedTransaction } from "./transaction.ts";

/** A block as plain data: what crosses threads, where decoded transactions would lose the fields that they read late. */
export interface PackedBlock {
  hash: Hash;
  header: BlockHeader;
  transactions: readonly { raw: Uint8Array; from: Address; hash: Hash; fastLzBytes: number }[];
}

export function packBlock({ hash, header, transactions }: Block): PackedBlock {
  return {
    hash,
    header,
    transactions: transactions.map((transaction) => ({
      raw: transaction.raw,
      from: transaction.from,
      hash: transaction.hash,
      fastLzBytes: fastLzSize(transaction),
    })),
  };
}

/** Inverse of {@link packBlock}: recovers no signature. */
export function unpackBlock({ hash, header, transactions }: PackedBlock): Block {
  return {
    hash,
    header,
    transactions: transactions.map((packed) =>
      storedTransaction(packed.raw, packed.from, packed.fastLzBytes, packed.hash),
    ),
  };
}
