import { bytesToHex, writeHex } from "../../base/bytes.ts";
import { fastLzSize, storedTransaction } from "../../chain/codec/transaction.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { PoolCandidate } from "../../execution/mempool/candidate.ts";

/**
 * Candidates as they cross threads, in their order: one array of bytes crosses faster than anything with parts. Their number
 * u32, for each its envelope's length u32, bytes of it compressed by FastLZ u32, number of authorities u32, hash 32, sender 20;
 * then all envelopes, then all authorities, 20 each.
 */
export type PackedCandidates = Uint8Array;

const HASH_BYTES = 32;
const ADDRESS_BYTES = 20;
const ROW_BYTES = 12 + HASH_BYTES + ADDRESS_BYTES;

/** In memory of their own: it may be transferred. */
export function packCandidates(candidates: readonly PoolCandidate[]): PackedCandidates {
  const rows = 4 + ROW_BYTES * candidates.length;
  let envelopes = 0;
  let signers = 0;
  for (const { transaction, authorities } of candidates) {
    envelopes += transaction.raw.length;
    signers += authorities.length;
  }
  const packed = new Uint8Array(rows + envelopes + ADDRESS_BYTES * signers);
  const view = new DataView(packed.buffer);
  view.setUint32(0, candidates.length, true);
  let row = 4;
  let at = rows;
  let signer = rows + envelopes;
  for (const { transaction, authorities } of candidates) {
    view.setUint32(row, transaction.raw.length, true);
    view.setUint32(row + 4, fastLzSize(transaction), true);
    view.setUint32(row + 8, authorities.length, true);
    writeHex(transaction.hash, packed, row + 12);
    writeHex(transaction.from, packed, row + 12 + HASH_BYTES);
    packed.set(transaction.raw, at);
    row += ROW_BYTES;
    at += transaction.raw.length;
    for (const authority of authorities) {
      writeHex(authority, packed, signer);
      signer += ADDRESS_BYTES;
    }
  }
  return packed;
}

const NOBODY: readonly Address[] = [];
/** Envelopes may stay in the memory that they came in up to so many bytes of it: what one slot of the pool stands for. */
const SHARED_BYTES = 32 * 1024;

/** The candidates again; hashes and senders are believed, fields read when they are asked for. */
export function unpackCandidates(packed: PackedCandidates): PoolCandidate[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const count = view.getUint32(0, true);
  const isShared = packed.length <= SHARED_BYTES;
  const candidates: PoolCandidate[] = [];
  let row = 4;
  let at = 4 + ROW_BYTES * count;
  let signer = at;
  for (let i = 0; i < count; i++) signer += view.getUint32(4 + ROW_BYTES * i, true);
  for (; candidates.length < count; row += ROW_BYTES) {
    const end = at + view.getUint32(row, true);
    const envelope = isShared ? packed.subarray(at, end) : packed.slice(at, end);
    at = end;
    const signers = signer + ADDRESS_BYTES * view.getUint32(row + 8, true);
    const hash = bytesToHex(packed.subarray(row + 12, row + 12 + HASH_BYTES));
    const sender = bytesToHex(packed.subarray(row + 12 + HASH_BYTES, row + ROW_BYTES));
    const transaction = storedTransaction(envelope, sender, view.getUint32(row + 4, true), hash);
    const authorities = signers === signer ? NOBODY : addressesOf(packed.subarray(signer, signers));
    signer = signers;
    candidates.push({ transaction: transaction as SignedTransaction, authorities });
  }
  return candidates;
}

function addressesOf(bytes: Uint8Array): Address[] {
  return Array.from({ length: bytes.length / ADDRESS_BYTES }, (_, i) =>
    bytesToHex(bytes.subarray(ADDRESS_BYTES * i, ADDRESS_BYTES * (i + 1))),
  );
}
