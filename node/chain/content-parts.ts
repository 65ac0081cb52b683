import { _SHA256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "viem/utils";
import type { Hash } from "./types/primitives.ts";

/**
 * Contents travel in parts of this many bytes, which lie at its multiples; the last one may be shorter. A multiple of SHA-256's block, so that
 * the state between two parts is eight words.
 */
export const PART_BYTES = 512 * 1024;

/** SHA-256 whose state can be read and set between two blocks of 64 bytes (FIPS 180-4, section 6.2.2: H after a block). */
export class PartHash extends _SHA256 {
  /** Goes on from the state after `before` bytes, a multiple of 64. */
  static after(before: number, state: Hash): PartHash {
    const hash = new PartHash();
    const { buffer, byteOffset } = hexToBytes(state);
    const view = new DataView(buffer, byteOffset);
    const word = (i: number) => view.getUint32(4 * i);
    hash.set(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7));
    hash.length = before;
    return hash;
  }

  /** The state after what was hashed, which is a multiple of 64 bytes. */
  state(): Hash {
    const view = new DataView(new ArrayBuffer(32));
    for (const [i, word] of this.get().entries()) view.setUint32(4 * i, word);
    return bytesToHex(new Uint8Array(view.buffer));
  }

  /** The SHA-256 of all that was hashed; nothing can be added after it. */
  whole(): Hash {
    return bytesToHex(this.digest());
  }
}

const FIRST_STATE = new PartHash().state();
const STATE = /^0x[0-9a-f]{64}$/;

/** Where the part before `end` begins. */
export function partBefore(end: number): number {
  return end === 0 ? 0 : Math.floor((end - 1) / PART_BYTES) * PART_BYTES;
}

/** What is checked of a content: all of it from `from` on. */
export interface PartsEnd {
  /** Of the whole content. */
  total: number;
  from: number;
  /** SHA-256's state before `from`; the content's hash where nothing is checked yet. */
  expects: Hash;
}

/** Nothing of a content. */
export function noParts(hash: Hash, total: number): PartsEnd {
  return { total, from: total, expects: hash };
}

/**
 * Whether a part stands before the end that is checked, by its own bytes and the state before it alone: SHA-256 is a chain, each link of
 * which gives the next state or, padded with the length, the hash. A part that is not the content's would be a preimage of SHA-256's
 * compression. The first part's state is the standard's own, so what is checked down to 0 has the whole's hash.
 * @returns the longer end, or undefined: the part, its place or its state is another one.
 */
export function extended(end: PartsEnd, bytes: Uint8Array, state: Hash | undefined): PartsEnd | undefined {
  const { total, from, expects } = end;
  const at = partBefore(from);
  if (bytes.length !== from - at || (at > 0 && !STATE.test(state ?? ""))) return undefined;
  const before = at === 0 ? FIRST_STATE : (state as Hash);
  const hash = PartHash.after(at, before).update(bytes);
  const found = from === total ? hash.whole() : hash.state();
  return found === expects ? { total, from: at, expects: before } : undefined;
}

/** Makes the states between a content's parts while its bytes pass, in parts. */
export class PartStates {
  private readonly hash = new PartHash();
  /** Before each part that was added. */
  readonly states: Hash[] = [];

  /** The next part. */
  add(part: Uint8Array): void {
    this.states.push(this.hash.state());
    this.hash.update(part);
  }

  /** The hash of all parts; none can be added after it. */
  whole(): Hash {
    return this.hash.whole();
  }
}
