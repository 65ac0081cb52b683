import { encodeFunctionData } from "viem/utils";
import {
  openLeaves,
  placeTokens,
  type Shard,
  type ShardTree,
  shardValues,
} from "../../../native/js/spans.ts";
import { MAX_PATTERN } from "../../../precompiles/span-verifier/types.ts";
import { iSpanVerifierAbi } from "../../chain/generated/abi.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { hexOfBytes } from "../codec/hash.ts";
import { aiError } from "../errors.ts";

/** Calls of the SpanVerifier about one shard: selector and arguments, each below 12,000 bytes. */

const CHUNK = 64;

export interface OpeningArgument {
  leaves: Hex;
  siblings: Hex[];
}

interface EntryArgument {
  rank: number;
  array: OpeningArgument;
  text: OpeningArgument;
}

/** The shard's commitment as the contracts take it. */
export function spanCommitment({ commitment }: Shard) {
  const { text, array, inverse, table, symbols, documents } = commitment;
  return {
    text: hexOfBytes(text),
    array: hexOfBytes(array),
    inverse: hexOfBytes(inverse),
    table: hexOfBytes(table),
    symbols,
    documents,
  };
}

/** `occurrence`: tokens stand at `position`, inside `document` (its index in the shard). @throws CodedError `QUERY_INVALID` */
export async function proveOccurrence(
  shard: Shard,
  tokens: Uint32Array,
  { position, document }: { position: number; document: number },
): Promise<Hex> {
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "occurrence",
    args: [
      spanCommitment(shard),
      patternOf(tokens),
      position,
      await openValues(shard, "text", position, tokens.length),
      document,
      await openDocument(shard, document),
    ],
  });
}

/** `longestMatch`: the longest beginning of the tokens that occurs in the shard. @throws CodedError `QUERY_INVALID` */
export async function proveLongestMatch(shard: Shard, tokens: Uint32Array): Promise<Hex> {
  const pattern = patternOf(tokens);
  const { rank } = await placeTokens(shard, tokens);
  const below = await entryAt(shard, rank - 1, tokens.length);
  const above = await entryAt(shard, rank, tokens.length);
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "longestMatch",
    args: [spanCommitment(shard), pattern, below, above],
  });
}

/**
 * `countAtMost`, and `countAtLeast` where there is an occurrence: together they fix the count. Without one the first shows the tokens'
 * absence. @throws CodedError `QUERY_INVALID`
 */
export async function proveCount(
  shard: Shard,
  tokens: Uint32Array,
): Promise<{ count: number; atMost: Hex; atLeast: Hex | undefined }> {
  const pattern = patternOf(tokens);
  const { rank, count } = await placeTokens(shard, tokens);
  const entry = (at: number) => entryAt(shard, at, tokens.length);
  const commitment = spanCommitment(shard);
  const atMost = encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "countAtMost",
    args: [commitment, pattern, await entry(rank - 1), await entry(rank + count)],
  });
  if (count === 0) return { count, atMost, atLeast: undefined };
  const [first, last] = [(await entry(rank))[0]!, (await entry(rank + count - 1))[0]!];
  const atLeast = encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "countAtLeast",
    args: [commitment, pattern, first, last],
  });
  return { count, atMost, atLeast };
}

/**
 * The first fault of a shard's array that `badValue`, `notInverse` or `disorder` shows; undefined if the array is the one that its text
 * has. Reads all of text, array and inverse, a stretch at a time, and holds text and inverse: 8 bytes a token.
 */
export async function findArrayFault(shard: Shard): Promise<Hex | undefined> {
  const { symbols } = shard.commitment;
  const text = await allValues(shard, "text");
  const inverse = await allValues(shard, "inverse");
  if (text[symbols - 1] !== 0) return badValue(shard, 0, symbols - 1);
  const outside = inverse.findIndex((rank) => rank >= symbols);
  if (outside >= 0) return badValue(shard, 2, outside);
  let before: number | undefined;
  for (let from = 0; from < symbols; from += STRETCH) {
    const array = await shardValues(shard, "array", from, Math.min(STRETCH, symbols - from));
    for (const [i, position] of array.entries()) {
      const rank = from + i;
      if (position >= symbols) return badValue(shard, 1, rank);
      if (inverse[position] !== rank) return notInverse(shard, rank, position);
      if (before !== undefined && !isInOrder(text, inverse, before, position)) {
        return disorder(
          shard,
          rank - 1,
          before,
          position,
          text[before] === text[position] && text[before] !== 0,
        );
      }
      before = position;
    }
  }
  return undefined;
}

const STRETCH = 1 << 20;

async function allValues(shard: Shard, section: "text" | "inverse"): Promise<Uint32Array> {
  const all = new Uint32Array(shard.commitment.symbols);
  for (let from = 0; from < all.length; from += STRETCH) {
    all.set(await shardValues(shard, section, from, Math.min(STRETCH, all.length - from)), from);
  }
  return all;
}

function isInOrder(text: Uint32Array, inverse: Uint32Array, p: number, q: number): boolean {
  const [left, right] = [text[p]!, text[q]!];
  if (left !== right) return left < right;
  return left === 0 ? p < q : inverse[p + 1]! < inverse[q + 1]!;
}

async function badValue(shard: Shard, tree: 0 | 1 | 2, at: number): Promise<Hex> {
  const name = (["text", "array", "inverse"] as const)[tree];
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "badValue",
    args: [spanCommitment(shard), tree, at, await openValues(shard, name, at)],
  });
}

async function notInverse(shard: Shard, rank: number, position: number): Promise<Hex> {
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "notInverse",
    args: [
      spanCommitment(shard),
      rank,
      await openValues(shard, "array", rank),
      await openValues(shard, "inverse", position),
    ],
  });
}

async function disorder(
  shard: Shard,
  rank: number,
  p: number,
  q: number,
  needsInverse: boolean,
): Promise<Hex> {
  const pair = async (tree: ShardTree, first: number, second: number) => [
    await openValues(shard, tree, first),
    await openValues(shard, tree, second),
  ];
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "disorder",
    args: [
      spanCommitment(shard),
      rank,
      await pair("array", rank, rank + 1),
      await pair("text", p, q),
      needsInverse ? await pair("inverse", p + 1, q + 1) : [],
    ],
  });
}

/** The entry at `rank` with the text that a pattern of `length` tokens is compared with; none outside the array. */
async function entryAt(shard: Shard, rank: number, length: number): Promise<EntryArgument[]> {
  if (rank < 0 || rank >= shard.commitment.symbols) return [];
  const [position] = await shardValues(shard, "array", rank, 1);
  const array = await openValues(shard, "array", rank);
  return [{ rank, array, text: await openValues(shard, "text", position!, length) }];
}

/** The text from `position` on, `count` symbols or as many as there are. @throws NativeError `SPANS_INPUT` */
export function openText(shard: Shard, position: number, count: number): Promise<OpeningArgument> {
  return openValues(shard, "text", position, count);
}

/** The record of a document. @throws NativeError `SPANS_INPUT` */
export async function openDocument(shard: Shard, document: number): Promise<OpeningArgument> {
  return toArgument(await openLeaves(shard, "table", document));
}

/** The leaves that hold `count` values from `from` on, or as many as there are. */
async function openValues(shard: Shard, tree: ShardTree, from: number, count = 1): Promise<OpeningArgument> {
  const last = Math.min(from + count, shard.commitment.symbols) - 1;
  return toArgument(await openLeaves(shard, tree, Math.floor(from / CHUNK), Math.floor(last / CHUNK)));
}

function toArgument({ bytes, siblings }: { bytes: Uint8Array; siblings: Uint8Array[] }): OpeningArgument {
  return { leaves: hexOfBytes(bytes), siblings: siblings.map(hexOfBytes) };
}

/** Symbols of 4 bytes, big endian. */
function patternOf(tokens: Uint32Array): Hex {
  if (tokens.length === 0 || tokens.length > MAX_PATTERN) {
    throw aiError("QUERY_INVALID", {
      message: `a proof is about 1 to ${MAX_PATTERN} tokens, not ${tokens.length}`,
      fix: "prove a longer span in pieces that follow each other",
    });
  }
  const bytes = new Uint8Array(4 * tokens.length);
  const view = new DataView(bytes.buffer);
  tokens.forEach((token, i) => {
    view.setUint32(4 * i, token + 1);
  });
  return hexOfBytes(bytes);
}
