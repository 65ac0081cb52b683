/**
 * Suffix arrays of documents in token space: built, written to a file, mapped, searched and committed by the C++ addon, off the
 * event loop. Every answer is the same for any number of threads and for any division of the same documents into shards.
 *
 * A symbol is 0 for the end of a document, else a token id + 1; a shard's text is each document's symbols with its end. Suffixes are
 * ordered symbol by symbol up to their first end, equal ones by position.
 */
import { availableParallelism } from "node:os";
import { loadAddon, type RawOccurrences } from "./addon.ts";
import { NativeError } from "./error.ts";

/** Documents one after another. */
export interface SpanDocuments {
  /** Token ids of all documents, each below 2^32 - 1. */
  tokens: Uint32Array;
  /** Where each document ends in `tokens`, exclusive; never descends, the last is the number of tokens. */
  ends: Uint32Array;
  /** The snapshot's row of each document. */
  rows: Uint32Array;
  /** 20 bytes a document. */
  contributors: Uint8Array;
}

/** Symbols and documents of a shard, and the roots (32 bytes) of its four Merkle trees. */
export interface ShardCommitment {
  symbols: number;
  documents: number;
  text: Uint8Array;
  array: Uint8Array;
  inverse: Uint8Array;
  /** Of the records of the documents: start u32 | end u32 | row u32 | contributor 20, big endian. */
  table: Uint8Array;
}

/** A mapped file; unmapped when nothing holds it any more. Don't write to the file while it is mapped. */
export interface Shard {
  readonly handle: object;
  readonly path: string;
  readonly commitment: ShardCommitment;
  /** Bytes of a symbol in the file: 2 where all token ids are below 65,535. */
  readonly symbolBytes: number;
}

/** One place where a string of tokens stands. */
export interface SpanOccurrence {
  /** Index of the shard in the list that was searched, and the suffix's rank and position there. */
  shard: number;
  rank: number;
  position: number;
  /** Index of the document in that shard, the token in it at which the string begins, the document's row and contributor. */
  document: number;
  offset: number;
  row: number;
  /** 20 bytes. */
  contributor: Uint8Array;
}

export interface TracedSpan {
  /** Tokens of the answer; `end` is exclusive. */
  start: number;
  end: number;
  /** Sum over its tokens. */
  information: number;
  /** Occurrences in all shards, overlapping ones too. */
  count: number;
  /** The first of them in the order of the suffixes. */
  occurrences: SpanOccurrence[];
}

/** A token's part in a span, as bits of a mark: it may begin one, may end one, ends the one that reaches it. */
export const SPAN_MARKS = { mayBegin: 1, mayEnd: 2, stops: 4 } as const;

export interface TraceRequest {
  /** Token ids; 1 to 65,536 of them. */
  answer: Uint32Array;
  /** Of each token of the answer. */
  information: Uint8Array;
  /** Of each token of the answer: bits of {@link SPAN_MARKS}. */
  marks: Uint8Array;
  leastLength: number;
  leastInformation: number;
  /** The spans with the largest information stay, of equal ones the earlier. */
  maxSpans: number;
  /** Listed occurrences of one span, and of all together (earlier spans first). */
  maxOccurrences: number;
  maxTotal: number;
  threads?: number;
}

export interface Trace {
  /** Length of the longest string from each token of the answer on that occurs inside a document. */
  longest: Uint32Array;
  /** In the order of the answer; none lies inside another. */
  spans: TracedSpan[];
}

export const MAX_ANSWER_TOKENS = 65_536;
/** A call lists at most so many occurrences. */
export const MAX_LISTED = 65_536;
const MAX_TOKEN = 0xffff_fffe;
const SECTIONS = { text: 0, array: 1, inverse: 2, common: 3 } as const;
const TREES = { text: 0, array: 1, inverse: 2, table: 3 } as const;
export type ShardSection = keyof typeof SECTIONS;
export type ShardTree = keyof typeof TREES;

/**
 * Builds the shard of `documents` at `path`, replacing a file there in one step. Linear in the tokens but for a sort's logarithm; holds about 16 bytes a token.
 * @throws NativeError `SPANS_INPUT`, `SPANS_TOO_LARGE` (2^31 - 2^16 tokens and documents), `SPANS_WRITE`, `SPANS_MEMORY`
 */
export async function writeShard(
  path: string,
  documents: SpanDocuments,
  options: { threads?: number } = {},
): Promise<void> {
  const { tokens, ends, rows, contributors } = documents;
  const { threads = availableParallelism() } = options;
  await settled(loadAddon().spansWrite(path, tokens, ends, rows, contributors, threads));
}

/** The positions of the documents' text in the order of their suffixes, without a file. Errors as writeShard's. */
export async function sortSuffixes(
  { tokens, ends, rows, contributors }: SpanDocuments,
  options: { threads?: number } = {},
): Promise<Uint32Array> {
  const { threads = availableParallelism() } = options;
  return settled(loadAddon().spansSort(tokens, ends, rows, contributors, threads));
}

/** Writes the documents of `shards`, in their order, as one shard: the same bytes as if it had been built at once. Errors as writeShard's. */
export async function compactShards(shards: readonly Shard[], path: string, threads?: number): Promise<void> {
  await settled(loadAddon().spansCompact(handles(shards), path, threads ?? availableParallelism()));
}

/**
 * Maps a shard. With `verify` (the default) every byte is compared with its checksum first.
 * @throws NativeError `SPANS_FILE` (not a shard, another version, damaged), `SPANS_READ`
 */
export async function openShard(
  path: string,
  options: { verify?: boolean; threads?: number } = {},
): Promise<Shard> {
  const { verify = true, threads = availableParallelism() } = options;
  const handle = await settled(loadAddon().spansOpen(path, verify, threads));
  const { symbolBytes, ...commitment } = loadAddon().spansAbout(handle);
  return { handle, path, symbolBytes, commitment };
}

/** All maximal spans of an answer, with counts and occurrences. @throws NativeError `SPANS_INPUT`, `SPANS_FILE` */
export async function traceAnswer(shards: readonly Shard[], request: TraceRequest): Promise<Trace> {
  const { answer, information, marks } = request;
  if (answer.length > MAX_ANSWER_TOKENS || request.maxTotal > MAX_LISTED) {
    throw new NativeError(
      "SPANS_INPUT",
      `an answer has at most ${MAX_ANSWER_TOKENS} tokens, a list ${MAX_LISTED} occurrences`,
    );
  }
  if (answer.length === 0) return { longest: new Uint32Array(0), spans: [] };
  const limits = Uint32Array.of(
    request.leastLength,
    request.leastInformation,
    request.maxSpans,
    request.maxOccurrences,
    request.maxTotal,
  );
  const threads = request.threads ?? 1;
  const raw = await settled(
    loadAddon().spansTrace(handles(shards), symbolsOf(answer), information, marks, limits, threads),
  );
  const occurrences = readOccurrences(raw);
  const spans: TracedSpan[] = [];
  let listed = 0;
  for (let i = 0; i < raw.spans.length; i += 5) {
    const [start, end, sum, count, length] = raw.spans.subarray(i, i + 5) as unknown as number[];
    spans.push({
      start: start!,
      end: end!,
      information: sum!,
      count: count!,
      occurrences: occurrences.slice(listed, listed + length!),
    });
    listed += length!;
  }
  return { longest: raw.longest, spans };
}

/** How often a string of tokens occurs, and its first `limit` occurrences in the order of the suffixes. */
export async function findTokens(
  shards: readonly Shard[],
  tokens: Uint32Array,
  limit: number,
): Promise<{ count: number; occurrences: SpanOccurrence[] }> {
  if (tokens.length === 0 || tokens.length > MAX_ANSWER_TOKENS || limit > MAX_LISTED) {
    throw new NativeError("SPANS_INPUT", `expected 1 to ${MAX_ANSWER_TOKENS} tokens, at most ${MAX_LISTED}`);
  }
  const raw = await settled(loadAddon().spansFind(handles(shards), symbolsOf(tokens), limit));
  return { count: raw.count, occurrences: readOccurrences(raw) };
}

/**
 * Where tokens stand in one shard's array: how many suffixes sort before them (`rank`), how many begin with all of them (from `rank`
 * on), and the longest beginning of them that occurs.
 */
export async function placeTokens(
  shard: Shard,
  tokens: Uint32Array,
): Promise<{ rank: number; length: number; count: number }> {
  return settled(loadAddon().spansPlace(shard.handle, symbolsOf(tokens)));
}

/** `count` values of a section from index `from` on; at most 2^24. `common`: symbols that neighbouring suffixes share. */
export async function shardValues(
  shard: Shard,
  section: ShardSection,
  from = 0,
  count = shard.commitment.symbols,
): Promise<Uint32Array> {
  return settled(loadAddon().spansValues(shard.handle, SECTIONS[section], from, count));
}

/** One symbol that occurs in a shard. */
export interface VocabularyEntry {
  symbol: number;
  /** Occurrences, and documents that hold it. */
  count: number;
  documents: number;
}

/** Every symbol that occurs, ascending; the end of a document (0) is the first. */
export async function shardVocabulary(shard: Shard): Promise<VocabularyEntry[]> {
  const raw = await settled(loadAddon().spansVocabulary(shard.handle));
  const entries: VocabularyEntry[] = [];
  for (let i = 0; i < raw.length; i += 3) {
    const next = i + 3 < raw.length ? raw[i + 4]! : shard.commitment.symbols;
    entries.push({ symbol: raw[i]!, count: next - raw[i + 1]!, documents: raw[i + 2]! });
  }
  return entries;
}

/**
 * Leaves `first` to `last` of a tree and the sibling hashes (32 bytes each) that open them, bottom up, the left one first. A leaf is 64
 * values of 4 bytes, big endian, zeros after the last; of the table it is a record of 32 bytes.
 */
export async function openLeaves(
  shard: Shard,
  tree: ShardTree,
  first: number,
  last = first,
): Promise<{ bytes: Uint8Array; siblings: Uint8Array[] }> {
  const { bytes, path } = await settled(loadAddon().spansOpening(shard.handle, TREES[tree], first, last));
  const siblings = Array.from({ length: path.length / 32 }, (_, i) => path.subarray(32 * i, 32 * i + 32));
  return { bytes, siblings };
}

/** A token of a query, how often it stands there, and its weight in units of 2^-16. */
export interface QueryToken {
  token: number;
  times: number;
  weight: number;
}

/**
 * The best documents by BM25 (k1 = 6/5, b = 3/4) in integers: score descending in units of 2^-16, ties the earlier document; those
 * without a score are left out. `document` counts over all shards. @param query distinct tokens, ascending
 */
export async function rankDocuments(
  shards: readonly Shard[],
  query: readonly QueryToken[],
  limit: number,
  threads = 1,
): Promise<{ document: number; score: bigint }[]> {
  if (query.length === 0 || limit === 0) return [];
  const raw = await settled(
    loadAddon().spansBm25(
      handles(shards),
      symbolsOf(Uint32Array.from(query, ({ token }) => token)),
      Uint32Array.from(query, ({ times }) => times),
      Uint32Array.from(query, ({ weight }) => weight),
      Math.min(limit, MAX_LISTED),
      threads,
    ),
  );
  return Array.from({ length: raw.length / 2 }, (_, i) => ({
    document: Number(raw[2 * i]),
    score: raw[2 * i + 1]!,
  }));
}

function handles(shards: readonly Shard[]): object[] {
  return shards.map(({ handle }) => handle);
}

function symbolsOf(tokens: Uint32Array): Uint32Array {
  return tokens.map((token) => {
    if (token > MAX_TOKEN) throw new NativeError("SPANS_INPUT", `token id ${token} is above ${MAX_TOKEN}`);
    return token + 1;
  });
}

function readOccurrences({ occurrences: facts, contributors }: RawOccurrences): SpanOccurrence[] {
  return Array.from({ length: facts.length / 6 }, (_, i) => {
    const [shard, rank, position, document, offset, row] = facts.subarray(6 * i, 6 * i + 6) as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const contributor = contributors.subarray(20 * i, 20 * i + 20);
    return { shard, rank, position, document, offset, row, contributor };
  });
}

async function settled<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const code = (cause as Error & { code?: unknown }).code;
    throw new NativeError(
      typeof code === "string" ? code : "SPANS_INTERNAL",
      cause.message,
      undefined,
      cause,
    );
  }
}
