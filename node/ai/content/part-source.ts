import { isCodedError } from "../../base/errors.ts";
import { extended, noParts, PART_BYTES, type PartsEnd, partBefore } from "../../chain/content-parts.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { concatBytes } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import { requireHash } from "./source.ts";

/** A part of a content, as somebody gives it. */
export interface ContentPart {
  bytes: Uint8Array;
  /** Of the whole content, as they say. */
  total: number;
  /** SHA-256's state before the part; absent at 0. */
  state: Hash | undefined;
}

/** Somebody who gives contents in parts. */
export interface PartSource {
  /** Who, for people. */
  name: string;
  /** The part at `offset`, a multiple of PART_BYTES. @throws CodedError `CONTENT_NOT_FOUND`, and what the way there throws. */
  part(hash: Hash, offset: number): Promise<ContentPart>;
}

/** What is fetched and checked of a content. */
interface Fetched {
  end: PartsEnd;
  /** The last one first. */
  parts: Uint8Array[];
}

/**
 * A content of whoever has it, from its last part to its first: each part is checked when it comes, so that whoever gives a false one costs
 * that part, and the next one in the list goes on from there.
 * @param maxBytes longest content that is fetched.
 * @throws CodedError `CONTENT_TOO_LARGE` where that is shown, else the failure of the last one asked: `CONTENT_ANSWER_INVALID`,
 * `CONTENT_PART_WRONG`, `CONTENT_HASH_MISMATCH`, and what a source throws.
 */
export async function fetchContent(
  sources: readonly PartSource[],
  hash: Hash,
  maxBytes: number,
): Promise<Uint8Array> {
  let fetched: Fetched | undefined;
  let failure: unknown = aiError("CONTENT_NOT_FOUND", {
    message: `there is nobody to ask for ${hash}`,
    fix: "name a node that has it",
    facts: { hash },
  });
  for (const source of sources) {
    try {
      const first = await askFor(source, hash, 0);
      await requireLength(source, hash, first.total, maxBytes);
      if (first.total <= PART_BYTES) return requireHash(first.bytes, hash, source.name);
      // Another length than what others gave so far is wrong, unless nothing that they gave was checked.
      if (fetched === undefined || fetched.parts.length === 0)
        fetched = { end: noParts(hash, first.total), parts: [] };
      while (fetched.end.from > PART_BYTES) {
        const at = partBefore(fetched.end.from);
        take(fetched, await askFor(source, hash, at), source, hash);
      }
      take(fetched, first, source, hash);
      return concatBytes(...fetched.parts.reverse());
    } catch (error) {
      // That is proven, whoever said so.
      if (isCodedError(error, "CONTENT_TOO_LARGE")) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** @throws CodedError `CONTENT_TOO_LARGE` where the last part shows it: it is hashed with the length. */
async function requireLength(source: PartSource, hash: Hash, total: number, maxBytes: number): Promise<void> {
  if (total <= maxBytes) return;
  const at = partBefore(total);
  const { bytes, state } = await askFor(source, hash, at);
  if (extended(noParts(hash, total), bytes, state) === undefined) throw partWrong(hash, at, source.name);
  throw aiError("CONTENT_TOO_LARGE", {
    message: `the content ${hash} has ${total} bytes; at most ${maxBytes} are fetched`,
    fix: "it was never meant to be fetched here: look at what names it",
    facts: { total, maxBytes },
  });
}

async function askFor(source: PartSource, hash: Hash, offset: number): Promise<ContentPart> {
  const part = await source.part(hash, offset);
  const { total, bytes } = part;
  if (bytes.length === Math.min(PART_BYTES, total - offset)) return part;
  throw aiError("CONTENT_ANSWER_INVALID", {
    message: `${source.name} gives ${bytes.length} bytes at ${offset} of a content that has ${total}`,
    fix: "fetch it from another node",
    facts: { source: source.name, hash, offset, length: bytes.length, total },
  });
}

function take(fetched: Fetched, { bytes, state }: ContentPart, source: PartSource, hash: Hash): void {
  const end = extended(fetched.end, bytes, state);
  if (end === undefined) throw partWrong(hash, partBefore(fetched.end.from), source.name);
  fetched.end = end;
  fetched.parts.push(bytes);
}

/** A part is not the content's, or not where it should be. */
export function partWrong(hash: Hash, offset: number, where: string) {
  return aiError("CONTENT_PART_WRONG", {
    message: `the part at byte ${offset} that ${where} gave is not one of ${hash}`,
    fix: "give or fetch that part again, from somebody else where it was fetched",
    facts: { hash, offset, where },
  });
}
