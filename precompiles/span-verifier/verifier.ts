import {
  AbiInputError,
  type AbiType,
  type AbiValue,
  address,
  bytes,
  decodeAbi,
  encodeAbi,
  uint,
} from "../abi.ts";
import { badInput, revertWith, selectorOf, unknownSelector } from "../revert.ts";
import { type Comparison, compareEntry, compareWindow } from "./compare.ts";
import { isBadDocument, isBadValue, isDisorder, isNotInverse } from "./faults.ts";
import { openRecords, openWindow } from "./opening.ts";
import {
  COMMITMENT_TYPE,
  checkCommitment,
  checkPattern,
  ENTRIES_TYPE,
  ENTRY_TYPE,
  OPENING_TYPE,
  OPENINGS_TYPE,
  type Opening,
  type SpanCommitment,
  type SuffixEntry,
  toEntry,
  toOpening,
  toOpenings,
  toOptionalEntry,
} from "./types.ts";

const BASE_GAS = 3_000n;
/** Measured beside InfluenceVerifier's: a word of siblings costs one keccak of 65 bytes, and here nearly all words can be siblings. */
const GAS_PER_WORD = 120n;

const patternMismatch = revertWith("PatternMismatch(uint256,uint256)");
const notInDocument = revertWith("NotInDocument(uint256,uint256)");
const notNeighbours = revertWith("NotNeighbours(int256,int256)");
const orderViolation = revertWith("OrderViolation(uint256)");
const rankOrder = revertWith("RankOrder(int256,int256)");
const listLength = revertWith("ListLength(uint256,uint256)");

const COMMITMENT_ABI = "(bytes32,bytes32,bytes32,bytes32,uint32,uint32)";
const OPENING_ABI = "(bytes,bytes32[])";
const ENTRY_ABI = `(uint32,${OPENING_ABI},${OPENING_ABI})`;

interface Method {
  selector: Uint8Array;
  inputs: readonly AbiType[];
  outputs: readonly AbiType[];
  run(commitment: SpanCommitment, args: readonly AbiValue[]): readonly AbiValue[];
}

/** A function whose first parameter is the commitment; `rest` are the others' types as the signature has them. */
function method(
  name: string,
  rest: readonly string[],
  inputs: readonly AbiType[],
  outputs: readonly AbiType[],
  run: Method["run"],
): Method {
  const selector = selectorOf(`${name}(${[COMMITMENT_ABI, ...rest].join(",")})`);
  return { selector, inputs: [COMMITMENT_TYPE, ...inputs], outputs, run };
}

const METHODS: readonly Method[] = [
  method("checkCommitment", [], [], [uint(8)], () => [1n]),
  method(
    "occurrence",
    ["bytes", "uint32", OPENING_ABI, "uint32", OPENING_ABI],
    [bytes, uint(32), OPENING_TYPE, uint(32), OPENING_TYPE],
    [uint(32), address, uint(32)],
    (commitment, [pattern, position, text, document, record]) =>
      occurrence(
        commitment,
        checkPattern(pattern!),
        Number(position),
        toOpening(text!),
        Number(document),
        toOpening(record!),
      ),
  ),
  method(
    "longestMatch",
    ["bytes", `${ENTRY_ABI}[]`, `${ENTRY_ABI}[]`],
    [bytes, ENTRIES_TYPE, ENTRIES_TYPE],
    [uint(32)],
    (commitment, [pattern, below, above]) => [
      longestMatch(commitment, checkPattern(pattern!), toOptionalEntry(below!), toOptionalEntry(above!)),
    ],
  ),
  method(
    "countAtMost",
    ["bytes", `${ENTRY_ABI}[]`, `${ENTRY_ABI}[]`],
    [bytes, ENTRIES_TYPE, ENTRIES_TYPE],
    [uint(32)],
    (commitment, [pattern, below, above]) => [
      countAtMost(commitment, checkPattern(pattern!), toOptionalEntry(below!), toOptionalEntry(above!)),
    ],
  ),
  method(
    "countAtLeast",
    ["bytes", ENTRY_ABI, ENTRY_ABI],
    [bytes, ENTRY_TYPE, ENTRY_TYPE],
    [uint(32)],
    (commitment, [pattern, first, last]) => [
      countAtLeast(commitment, checkPattern(pattern!), toEntry(first!), toEntry(last!)),
    ],
  ),
  method(
    "badValue",
    ["uint8", "uint32", OPENING_ABI],
    [uint(8), uint(32), OPENING_TYPE],
    [uint(8)],
    (commitment, [tree, at, opening]) =>
      truth(isBadValue(commitment, Number(tree), Number(at), toOpening(opening!))),
  ),
  method(
    "notInverse",
    ["uint32", OPENING_ABI, OPENING_ABI],
    [uint(32), OPENING_TYPE, OPENING_TYPE],
    [uint(8)],
    (commitment, [rank, suffixes, inverse]) =>
      truth(isNotInverse(commitment, Number(rank), toOpening(suffixes!), toOpening(inverse!))),
  ),
  method(
    "disorder",
    ["uint32", `${OPENING_ABI}[]`, `${OPENING_ABI}[]`, `${OPENING_ABI}[]`],
    [uint(32), OPENINGS_TYPE, OPENINGS_TYPE, OPENINGS_TYPE],
    [uint(8)],
    (commitment, [rank, suffixes, text, inverse]) =>
      truth(
        isDisorder(
          commitment,
          Number(rank),
          toOpenings(suffixes!, 2),
          toOpenings(text!, 2),
          (inverse as readonly AbiValue[]).map(toOpening),
        ),
      ),
  ),
  method(
    "badDocument",
    ["uint32", OPENING_ABI, "uint32", `${OPENING_ABI}[]`],
    [uint(32), OPENING_TYPE, uint(32), OPENINGS_TYPE],
    [uint(8)],
    (commitment, [document, records, position, text]) => {
      const list = text as readonly AbiValue[];
      if (list.length > 1) throw listLength(list.length, 1);
      const symbol = list[0] === undefined ? undefined : toOpening(list[0]);
      return truth(
        isBadDocument(commitment, Number(document), toOpening(records!), Number(position), symbol),
      );
    },
  ),
];

/** Gas of a call, from its input's length alone. */
export function spanVerifierGas(inputLength: number): bigint {
  return BASE_GAS + GAS_PER_WORD * BigInt(Math.ceil(inputLength / 32));
}

/**
 * Answers a call: selector and arguments in, ABI-encoded results out. Pure; work is linear in the input's length.
 * @throws PrecompileRevert with the named error for every input that gets no answer
 */
export function spanVerifier(input: Uint8Array): Uint8Array {
  const found = METHODS.find(
    ({ selector }) => input.length >= 4 && selector.every((byte, i) => byte === input[i]),
  );
  if (found === undefined) throw unknownSelector(input);
  let args: AbiValue[];
  try {
    args = decodeAbi(found.inputs, input, 4);
  } catch (error) {
    if (error instanceof AbiInputError) throw badInput();
    throw error;
  }
  const [commitment, ...rest] = args;
  return encodeAbi(found.outputs, found.run(checkCommitment(commitment!), rest));
}

function truth(value: boolean): readonly AbiValue[] {
  return [value ? 1n : 0n];
}

function occurrence(
  commitment: SpanCommitment,
  pattern: Uint32Array,
  position: number,
  text: Opening,
  document: number,
  recordOpening: Opening,
): readonly AbiValue[] {
  const window = openWindow(commitment, "text", 0, position, text);
  const { shared } = compareWindow(0, window, pattern);
  if (shared < pattern.length) throw patternMismatch(0, shared);
  const [record] = openRecords(commitment, 1, document, recordOpening, 1);
  const { start, end, row, contributor } = record!;
  if (position < start || position + pattern.length > end) throw notInDocument(position, document);
  return [BigInt(row), contributor, BigInt(position - start)];
}

/** Both entries compared; the ranks that a missing one stands for are -1 and the number of symbols. */
function compareAround(
  commitment: SpanCommitment,
  pattern: Uint32Array,
  below: SuffixEntry | undefined,
  above: SuffixEntry | undefined,
): [Comparison, Comparison] {
  const before: Comparison =
    below === undefined
      ? { rank: -1, shared: 0, order: "before" }
      : compareEntry(commitment, 0, below, pattern);
  const after: Comparison =
    above === undefined
      ? { rank: commitment.symbols, shared: 0, order: "after" }
      : compareEntry(commitment, 2, above, pattern);
  if (before.order !== "before") throw orderViolation(0);
  return [before, after];
}

function longestMatch(
  commitment: SpanCommitment,
  pattern: Uint32Array,
  below: SuffixEntry | undefined,
  above: SuffixEntry | undefined,
): bigint {
  const [before, after] = compareAround(commitment, pattern, below, above);
  if (after.order === "before") throw orderViolation(1);
  if (after.rank !== before.rank + 1) throw notNeighbours(before.rank, after.rank);
  return BigInt(Math.max(before.shared, after.shared));
}

function countAtMost(
  commitment: SpanCommitment,
  pattern: Uint32Array,
  below: SuffixEntry | undefined,
  above: SuffixEntry | undefined,
): bigint {
  const [before, after] = compareAround(commitment, pattern, below, above);
  if (after.order !== "after") throw orderViolation(1);
  if (after.rank <= before.rank) throw rankOrder(before.rank, after.rank);
  return BigInt(after.rank - before.rank - 1);
}

function countAtLeast(
  commitment: SpanCommitment,
  pattern: Uint32Array,
  first: SuffixEntry,
  last: SuffixEntry,
): bigint {
  for (const [i, entry] of [first, last].entries()) {
    const { order, shared } = compareEntry(commitment, 2 * i, entry, pattern);
    if (order !== "begins") throw patternMismatch(2 * i + 1, shared);
  }
  if (last.rank < first.rank) throw rankOrder(first.rank, last.rank);
  return BigInt(last.rank - first.rank + 1);
}
