import { bytesToHex, concatBytes } from "@ethereumjs/util";
import { encodeFunctionData } from "viem";
import { keccak256 } from "../../node/chain/crypto.ts";
import { iSpanVerifierAbi } from "../../node/chain/generated/abi.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";

/** A committed suffix array straight from the definitions, and every proof about it: nothing here shares code with the precompile. */

export interface CommitmentArgument {
  text: Hex;
  array: Hex;
  inverse: Hex;
  table: Hex;
  symbols: number;
  documents: number;
}

export interface OpeningArgument {
  leaves: Hex;
  siblings: Hex[];
}

export interface EntryArgument {
  rank: number;
  array: OpeningArgument;
  text: OpeningArgument;
}

export interface SpanFixture {
  lists: readonly (readonly number[])[];
  text: number[];
  array: number[];
  inverse: number[];
  /** Records of 32 bytes. */
  table: Uint8Array[];
  commitment: CommitmentArgument;
  trees: Record<"text" | "array" | "inverse" | "table", Tree>;
}

interface Tree {
  leaves: Uint8Array[];
  levels: Uint8Array[][];
}

const CHUNK = 64;

export function contributorOf(document: number): Address {
  return `0x${(0xc0ffee00 + document).toString(16).padStart(40, "0")}`;
}

/** Negative: the suffix at `a` comes first. */
export function compareSuffixes(text: readonly number[], a: number, b: number): number {
  for (let i = 0; ; i++) {
    const [left, right] = [text[a + i]!, text[b + i]!];
    if (left !== right) return left - right;
    if (left === 0) return a - b;
  }
}

export function makeSpans(lists: readonly (readonly number[])[]): SpanFixture {
  const text = lists.flatMap((list) => [...list.map((token) => token + 1), 0]);
  const array = text.map((_, i) => i).sort((a, b) => compareSuffixes(text, a, b));
  let start = 0;
  const table = lists.map((list, document) => {
    const record = new Uint8Array(32);
    const view = new DataView(record.buffer);
    view.setUint32(0, start);
    view.setUint32(4, start + list.length);
    view.setUint32(8, 10 * document);
    record.set(Buffer.from(contributorOf(document).slice(2), "hex"), 12);
    start += list.length + 1;
    return record;
  });
  return committed({ lists, text, array, inverse: inverseOf(array), table });
}

export function inverseOf(array: readonly number[]): number[] {
  const inverse = new Array<number>(array.length).fill(0);
  for (const [rank, position] of array.entries()) inverse[position] = rank;
  return inverse;
}

/** Commits what is given, sound or not. */
export function committed(
  parts: Pick<SpanFixture, "lists" | "text" | "array" | "inverse" | "table">,
): SpanFixture {
  const trees = {
    text: treeOf(chunks(parts.text)),
    array: treeOf(chunks(parts.array)),
    inverse: treeOf(chunks(parts.inverse)),
    table: treeOf(parts.table),
  };
  const root = (name: keyof typeof trees) => bytesToHex(trees[name].levels.at(-1)![0]!);
  const commitment: CommitmentArgument = {
    text: root("text"),
    array: root("array"),
    inverse: root("inverse"),
    table: root("table"),
    symbols: parts.text.length,
    documents: parts.table.length,
  };
  return { ...parts, commitment, trees };
}

function chunks(values: readonly number[]): Uint8Array[] {
  return Array.from({ length: Math.ceil(values.length / CHUNK) }, (_, i) => {
    const leaf = new Uint8Array(4 * CHUNK);
    const view = new DataView(leaf.buffer);
    values.slice(CHUNK * i, CHUNK * (i + 1)).forEach((value, k) => {
      view.setUint32(4 * k, value);
    });
    return leaf;
  });
}

function treeOf(leaves: Uint8Array[]): Tree {
  let level = leaves.map((leaf) => keccak256(concatBytes(Uint8Array.of(0), leaf)));
  while ((level.length & (level.length - 1)) !== 0) level.push(new Uint8Array(32));
  const levels = [level];
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      above.push(keccak256(concatBytes(Uint8Array.of(1), level[i]!, level[i + 1]!)));
    }
    level = above;
    levels.push(level);
  }
  return { leaves, levels };
}

/** Leaves `first` to `last` of a tree: siblings by walking the whole levels. */
export function openLeaves(tree: Tree, first: number, last: number): OpeningArgument {
  const siblings: Hex[] = [];
  let [left, right] = [first, last];
  for (const level of tree.levels.slice(0, -1)) {
    if (left % 2 === 1) siblings.push(bytesToHex(level[left - 1]!));
    if (right % 2 === 0) siblings.push(bytesToHex(level[right + 1]!));
    left = Math.floor(left / 2);
    right = Math.floor(right / 2);
  }
  return { leaves: bytesToHex(concatBytes(...tree.leaves.slice(first, last + 1))), siblings };
}

/** Values from `from` on, `count` of them or as many as there are. */
export function openValues(
  fixture: SpanFixture,
  tree: "text" | "array" | "inverse",
  from: number,
  count = 1,
): OpeningArgument {
  const end = Math.min(from + count, fixture.text.length) - 1;
  return openLeaves(fixture.trees[tree], Math.floor(from / CHUNK), Math.floor(end / CHUNK));
}

export function patternHex(tokens: readonly number[]): Hex {
  return `0x${tokens.map((token) => (token + 1).toString(16).padStart(8, "0")).join("")}`;
}

/** The entry at `rank` with as much text as `tokens` needs; none outside the array. */
export function entryAt(fixture: SpanFixture, rank: number, tokens: readonly number[]): EntryArgument[] {
  const position = fixture.array[rank];
  if (position === undefined) return [];
  return [
    {
      rank,
      array: openValues(fixture, "array", rank),
      text: openValues(fixture, "text", position, tokens.length),
    },
  ];
}

/** Ranks of the suffixes that begin with `tokens`, from `low` to before `high`; where they would stand if there are none. */
export function ranksOf(fixture: SpanFixture, tokens: readonly number[]): { low: number; high: number } {
  const { text, array } = fixture;
  const difference = (at: number) => {
    for (const [i, token] of tokens.entries()) {
      const symbol = text[at + i]!;
      if (symbol !== token + 1) return symbol - token - 1;
    }
    return 0;
  };
  const low = array.filter((at) => difference(at) < 0).length;
  return { low, high: low + array.filter((at) => difference(at) === 0).length };
}

/** Inputs of the calls that prove what is true of `tokens`. */
export function proofs(fixture: SpanFixture, tokens: readonly number[]) {
  const { commitment } = fixture;
  const pattern = patternHex(tokens);
  const { low, high } = ranksOf(fixture, tokens);
  const around = (above: number) =>
    [commitment, pattern, entryAt(fixture, low - 1, tokens), entryAt(fixture, above, tokens)] as const;
  const call = { abi: iSpanVerifierAbi };
  return {
    longestMatch: encodeFunctionData({ ...call, functionName: "longestMatch", args: around(low) }),
    countAtMost: encodeFunctionData({ ...call, functionName: "countAtMost", args: around(high) }),
    countAtLeast:
      low === high
        ? undefined
        : encodeFunctionData({
            ...call,
            functionName: "countAtLeast",
            args: [
              commitment,
              pattern,
              entryAt(fixture, low, tokens)[0]!,
              entryAt(fixture, high - 1, tokens)[0]!,
            ],
          }),
  };
}

/** The call that shows `tokens` at `position`. */
export function occurrenceProof(fixture: SpanFixture, tokens: readonly number[], position: number): Hex {
  const document = fixture.text.slice(0, position).filter((symbol) => symbol === 0).length;
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "occurrence",
    args: [
      fixture.commitment,
      patternHex(tokens),
      position,
      openValues(fixture, "text", position, tokens.length),
      document,
      openLeaves(fixture.trees.table, document, document),
    ],
  });
}

/** The call about the order of the suffixes at `rank` and the rank after it. */
export function disorderProof(fixture: SpanFixture, rank: number): Hex {
  const { text, array } = fixture;
  const [p, q] = [array[rank]!, array[rank + 1]!];
  const needsInverse = text[p] === text[q] && text[p] !== 0;
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "disorder",
    args: [
      fixture.commitment,
      rank,
      [openValues(fixture, "array", rank), openValues(fixture, "array", rank + 1)],
      [openValues(fixture, "text", p), openValues(fixture, "text", q)],
      needsInverse ? [openValues(fixture, "inverse", p + 1), openValues(fixture, "inverse", q + 1)] : [],
    ],
  });
}

export function inverseProof(fixture: SpanFixture, rank: number): Hex {
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "notInverse",
    args: [
      fixture.commitment,
      rank,
      openValues(fixture, "array", rank),
      openValues(fixture, "inverse", fixture.array[rank]!),
    ],
  });
}

export function valueProof(fixture: SpanFixture, tree: 0 | 1 | 2, at: number): Hex {
  const name = (["text", "array", "inverse"] as const)[tree];
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "badValue",
    args: [fixture.commitment, tree, at, openValues(fixture, name, at)],
  });
}

/** The call about one record, with the record after it if there is one, and the symbol at `position` if it is given. */
export function documentProof(fixture: SpanFixture, document: number, position?: number): Hex {
  const last = Math.min(document + 1, fixture.table.length - 1);
  return encodeFunctionData({
    abi: iSpanVerifierAbi,
    functionName: "badDocument",
    args: [
      fixture.commitment,
      document,
      openLeaves(fixture.trees.table, document, last),
      position ?? 0,
      position === undefined ? [] : [openValues(fixture, "text", position)],
    ],
  });
}
