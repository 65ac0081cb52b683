import { decodeFunctionData, encodeFunctionData } from "viem";
import { iSpanVerifierAbi } from "../../node/chain/generated/abi.ts";
import type { Hex } from "../../node/chain/types/primitives.ts";
import { seededRandom } from "./fixture.ts";
import {
  disorderProof,
  documentProof,
  entryAt,
  inverseProof,
  makeSpans,
  occurrenceProof,
  openLeaves,
  openValues,
  patternHex,
  proofs,
  ranksOf,
  type SpanFixture,
  valueProof,
} from "./spans.ts";

/** Calls of the SpanVerifier, right and wrong ones, each with a name: for the vectors and for the comparison with the twin. */
export interface SpanCase {
  name: string;
  input: Hex;
}

/** Documents of which some string occurs several times; symbol 64 stands inside one, so that a pattern can pass a leaf's border. */
export function caseFixture(seed: number): SpanFixture {
  const random = seededRandom(seed);
  const whole = (bound: number) => Math.floor(random() * bound);
  const lists = Array.from({ length: 9 }, () => Array.from({ length: 10 + whole(20) }, () => whole(3)));
  lists[4] = [];
  lists[7] = lists[2]!;
  lists[3] = Array.from({ length: 64 }, () => whole(3));
  return makeSpans(lists);
}

function encode(functionName: string, args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: iSpanVerifierAbi, functionName, args } as Parameters<
    typeof encodeFunctionData
  >[0]);
}

/** Calls that get an answer. */
export function rightCases(fixture: SpanFixture): SpanCase[] {
  const { text, array, commitment } = fixture;
  const present = (fixture.lists[2] as number[]).slice(3, 8);
  const absent = [...present, 9];
  const { low } = ranksOf(fixture, present);
  const cases: SpanCase[] = [
    { name: "checkCommitment", input: encode("checkCommitment", [commitment]) },
    { name: "occurrence", input: occurrenceProof(fixture, present, array[low]!) },
    { name: "badValue: text", input: valueProof(fixture, 0, text.length - 1) },
    { name: "badValue: array", input: valueProof(fixture, 1, 70) },
    { name: "badValue: inverse", input: valueProof(fixture, 2, 3) },
    { name: "notInverse", input: inverseProof(fixture, 80) },
    { name: "disorder: two ends", input: disorderProof(fixture, 0) },
    { name: "disorder: an end and a token", input: disorderProof(fixture, fixture.lists.length - 1) },
    { name: "disorder: equal tokens", input: disorderProof(fixture, low) },
    { name: "badDocument: records", input: documentProof(fixture, 2) },
    { name: "badDocument: last", input: documentProof(fixture, fixture.lists.length - 1) },
    { name: "badDocument: symbol", input: documentProof(fixture, 0, 2) },
    { name: "badDocument: end", input: documentProof(fixture, 0, fixture.lists[0]!.length) },
  ];
  for (const [what, tokens] of [
    ["present", present],
    ["absent", absent],
    ["before all tokens", [0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ["after all", [50]],
  ] as const) {
    for (const [name, input] of Object.entries(proofs(fixture, tokens))) {
      if (input !== undefined) cases.push({ name: `${name}: ${what}`, input });
    }
  }
  return cases;
}

type Change = (args: unknown[], pick: (bound: number) => number, fixture: SpanFixture) => void;

/** The `index`-th parameter, changed by `change`. */
const at =
  (index: number, change: (value: never, pick: (bound: number) => number) => unknown): Change =>
  (args, pick) => {
    args[index] = change(args[index] as never, pick);
  };

interface Opened {
  leaves: Hex;
  siblings: Hex[];
}
interface Entry {
  rank: number;
  array: Opened;
  text: Opened;
}

const flip = (hex: Hex, pick: (bound: number) => number): Hex => {
  const digit = 2 + pick(hex.length - 2);
  const changed = (Number.parseInt(hex[digit] ?? "0", 16) ^ (1 + pick(15))).toString(16);
  return hex.length === 2 ? hex : (`${hex.slice(0, digit)}${changed}${hex.slice(digit + 1)}` as Hex);
};

const openingChanges: ((opening: Opened, pick: (bound: number) => number) => Opened)[] = [
  (opening, pick) => ({ ...opening, leaves: flip(opening.leaves, pick) }),
  (opening) => ({ ...opening, leaves: opening.leaves.slice(0, -2) as Hex }),
  (opening) => ({ ...opening, leaves: "0x" }),
  (opening) => ({ ...opening, leaves: `${opening.leaves}${opening.leaves.slice(2).repeat(9)}` }),
  (opening) => ({ ...opening, leaves: opening.leaves.slice(0, 2 + 512) as Hex }),
  (opening) => ({ ...opening, siblings: opening.siblings.slice(1) }),
  (opening) => ({ ...opening, siblings: [...opening.siblings, `0x${"11".repeat(32)}`] }),
  (opening, pick) => ({ ...opening, siblings: opening.siblings.map((hash) => flip(hash, pick)) }),
];

const numberChanges: ((value: number) => number)[] = [
  (value) => value + 1,
  (value) => Math.max(0, value - 1),
  () => 0,
  () => 2 ** 32 - 1,
  (value) => value + 64,
];

const commitmentChanges: Change[] = [
  ...(["symbols", "documents"] as const).flatMap((field) =>
    [0, 1, 2 ** 31 - 2 ** 16, 2 ** 31 - 2 ** 16 + 1, 2 ** 32 - 1].map((value) =>
      at(0, (commitment: object) => ({ ...commitment, [field]: value })),
    ),
  ),
  ...(["text", "array", "inverse", "table"] as const).map((field) =>
    at(0, (commitment: Record<string, Hex>, pick) => ({
      ...commitment,
      [field]: flip(commitment[field]!, pick),
    })),
  ),
];

const patternChanges: Change[] = [
  at(1, () => "0x"),
  at(1, (pattern: Hex) => `${pattern}00`),
  at(1, (pattern: Hex) => `${pattern}00000000`),
  at(1, (pattern: Hex) => `${pattern}0000000a`),
  at(1, () => `0x${"00000001".repeat(384)}`),
  at(1, () => `0x${"00000001".repeat(385)}`),
  at(1, (pattern: Hex, pick) => flip(pattern, pick)),
];

const openings = (index: number): Change[] => openingChanges.map((change) => at(index, change));
const numbers = (index: number): Change[] => numberChanges.map((change) => at(index, change));
const lists = (index: number): Change[] => [
  at(index, () => []),
  at(index, (list: unknown[]) => [...list, ...list]),
  at(index, (list: unknown[]) => list.slice(1)),
  ...openingChanges.map((change) =>
    at(index, (list: Opened[], pick) => list.map((opening) => change(opening, pick))),
  ),
];
const entryChanges: ((entry: Entry, pick: (bound: number) => number) => Entry)[] = [
  ...numberChanges.map((change) => (entry: Entry) => ({ ...entry, rank: change(entry.rank) })),
  ...openingChanges.flatMap((change) => [
    (entry: Entry, pick: (bound: number) => number) => ({ ...entry, array: change(entry.array, pick) }),
    (entry: Entry, pick: (bound: number) => number) => ({ ...entry, text: change(entry.text, pick) }),
  ]),
];
const entries = (index: number): Change[] => [
  at(index, () => []),
  at(index, (list: unknown[]) => [...list, ...list]),
  ...entryChanges.map((change) =>
    at(index, (list: Entry[], pick) => list.map((entry) => change(entry, pick))),
  ),
];
/** Another true entry of the array in place of the one that the proof needs. */
const otherEntries =
  (index: number): Change =>
  (args, pick, fixture) => {
    const tokens = fixture.lists[2]!.slice(0, 12);
    args[index] = entryAt(fixture, pick(fixture.array.length), tokens);
  };
/** The true record of another document. */
const otherDocument: Change = (args, _pick, fixture) => {
  const position = args[2] as number;
  const away = fixture.table.findIndex((record) => {
    const view = new DataView(record.buffer);
    return view.getUint32(4) < position || view.getUint32(0) > position;
  });
  args[4] = away;
  args[5] = openLeaves(fixture.trees.table, away, away);
};
/** A pattern over the border of a leaf of which only the first is opened. */
const shortWindow: Change = (args, _pick, fixture) => {
  const from = fixture.text.lastIndexOf(0, 63) + 1;
  args[1] = patternHex(fixture.text.slice(from, 66).map((symbol) => symbol - 1));
  args[2] = from;
  args[3] = openValues(fixture, "text", from);
};
const around: Change[] = [...patternChanges, ...entries(2), ...entries(3), otherEntries(2), otherEntries(3)];
const swap: Change = (args) => {
  [args[2], args[3]] = [args[3], args[2]];
};

const CHANGES: Record<string, Change[]> = {
  checkCommitment: [],
  occurrence: [
    ...patternChanges,
    ...numbers(2),
    ...openings(3),
    ...numbers(4),
    ...openings(5),
    otherDocument,
    shortWindow,
  ],
  longestMatch: [...around, swap],
  countAtMost: [...around, swap],
  countAtLeast: [
    ...patternChanges,
    ...entryChanges.flatMap((change) => [at(2, change), at(3, change)]),
    swap,
  ],
  badValue: [at(1, () => 3), at(1, () => 255), ...numbers(2), ...openings(3)],
  notInverse: [...numbers(1), ...openings(2), ...openings(3)],
  disorder: [...numbers(1), ...lists(2), ...lists(3), ...lists(4)],
  badDocument: [...numbers(1), ...openings(2), ...numbers(3), ...lists(4)],
};

/** Calls that were changed in every way above; most are refused, some get another answer. `seed` picks the places. */
export function changedCases(fixture: SpanFixture, seed: number): SpanCase[] {
  const random = seededRandom(seed);
  const pick = (bound: number) => Math.floor(random() * bound);
  return rightCases(fixture).flatMap(({ name, input }, nth) => {
    const { functionName, args } = decodeFunctionData({ abi: iSpanVerifierAbi, data: input });
    // The commitment is checked in one place: a few cases are enough for it.
    return [...(nth < 3 ? commitmentChanges : []), ...CHANGES[functionName]!].map((change, i) => {
      const changed: unknown[] = [...(args ?? [])];
      change(changed, pick, fixture);
      return { name: `${name}, change ${i}`, input: encode(functionName, changed) };
    });
  });
}

/** The largest proof: a pattern of 384 symbols in a text of the largest size, whose windows need siblings on both sides. */
export function largestProof(): Hex {
  const leaf = `0x${"00".repeat(256)}` as const;
  const hash = `0x${"00".repeat(32)}` as const;
  const depth = 25;
  const entry: Entry = {
    rank: 0,
    array: { leaves: leaf, siblings: new Array<Hex>(depth).fill(hash) },
    text: { leaves: `0x${"00".repeat(7 * 256)}`, siblings: new Array<Hex>(2 * depth - 2).fill(hash) },
  };
  const commitment = {
    text: hash,
    array: hash,
    inverse: hash,
    table: hash,
    symbols: 2 ** 31 - 2 ** 16,
    documents: 1,
  };
  return encode("longestMatch", [commitment, patternHex(new Array<number>(384).fill(0)), [entry], [entry]]);
}
