import { fastLzSize, storedTransaction } from "../../chain/codec/transaction.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { PoolCandidate } from "../../execution/mempool/candidate.ts";

/** Candidates as they cross threads, in their order: few large things cross faster than many small ones. */
export interface PackedCandidates {
  /** Their envelopes, one behind the other. */
  raw: Uint8Array;
  /** Where each ends in `raw`. */
  ends: Uint32Array;
  hashes: Hash[];
  senders: Address[];
  /** Bytes of each envelope compressed by FastLZ. */
  fastLz: Uint32Array;
  /** Of those that have any, by their place. */
  authorities: [number, readonly Address[]][];
}

/** `raw.buffer` may be transferred: nothing else lies in it. */
export function packCandidates(candidates: readonly PoolCandidate[]): PackedCandidates {
  const raw = new Uint8Array(candidates.reduce((sum, { transaction }) => sum + transaction.raw.length, 0));
  const ends = new Uint32Array(candidates.length);
  const fastLz = new Uint32Array(candidates.length);
  const authorities: [number, readonly Address[]][] = [];
  let end = 0;
  for (const [index, candidate] of candidates.entries()) {
    const { transaction } = candidate;
    raw.set(transaction.raw, end);
    end += transaction.raw.length;
    ends[index] = end;
    fastLz[index] = fastLzSize(transaction);
    if (candidate.authorities.length > 0) authorities.push([index, candidate.authorities]);
  }
  const hashes = candidates.map(({ transaction }) => transaction.hash);
  const senders = candidates.map(({ transaction }) => transaction.from);
  return { raw, ends, hashes, senders, fastLz, authorities };
}

const NOBODY: readonly Address[] = [];

/** The candidates again; hashes and senders are believed, fields read when they are asked for. */
export function unpackCandidates(packed: PackedCandidates): PoolCandidate[] {
  const { raw, ends, hashes, senders, fastLz } = packed;
  const authorities = new Map(packed.authorities);
  let from = 0;
  return senders.map((sender, index) => {
    const envelope = raw.slice(from, ends[index]);
    from = ends[index]!;
    const transaction = storedTransaction(envelope, sender, fastLz[index]!, hashes[index]);
    return {
      transaction: transaction as SignedTransaction,
      authorities: authorities.get(index) ?? NOBODY,
    };
  });
}
