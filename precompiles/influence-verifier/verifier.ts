import {
  AbiInputError,
  type AbiType,
  type AbiValue,
  array,
  bytes,
  bytes32,
  decodeAbi,
  encodeAbi,
  int,
  uint,
} from "../abi.ts";
import { badInput, revertWith, selectorOf, unknownSelector } from "../revert.ts";
import { checkIndex, checkLength, checkList, checkQuery } from "./form.ts";
import { type CommittedRecord, checkValues, openRecord, scoreRecord } from "./record.ts";
import { type ContributionWeight, type RecordHead, sumWeights } from "./rule.ts";
import {
  INDEX_ABI,
  INDEX_TYPE,
  type IndexCommitment,
  type InfluenceList,
  LIST_ABI,
  LIST_TYPE,
  PATHS_TYPE,
  RECORDS_TYPE,
  toIndex,
  toList,
} from "./types.ts";

const BASE_GAS = 3_000n;
const GAS_PER_WORD = 64n;

const rowIdMismatch = revertWith("RowIdMismatch(uint256,uint32,uint32)");
const rowRepeats = revertWith("RowRepeats(uint256,uint32)");
const scoreMismatch = revertWith("ScoreMismatch(uint256,int64,int64)");
const weightCount = revertWith("WeightCount(uint256,uint256)");
const weightMismatch = revertWith("WeightMismatch(uint256)");

interface Method {
  selector: Uint8Array;
  inputs: readonly AbiType[];
  outputs: readonly AbiType[];
  run(args: readonly AbiValue[]): readonly AbiValue[];
}

const TRUE: readonly AbiValue[] = [1n];
const HEAD_TYPES: readonly AbiType[] = [uint(32), uint(64), uint(32), uint(32)];

const METHODS: readonly Method[] = [
  {
    selector: selectorOf(`checkIndex(${INDEX_ABI})`),
    inputs: [INDEX_TYPE],
    outputs: [uint(8)],
    run: ([index]) => {
      checkIndex(toIndex(index!));
      return TRUE;
    },
  },
  {
    selector: selectorOf(`checkClaim(${INDEX_ABI},${LIST_ABI})`),
    inputs: [INDEX_TYPE, LIST_TYPE],
    outputs: [uint(8)],
    run: ([index, list]) => {
      checkClaim(toIndex(index!), toList(list!));
      return TRUE;
    },
  },
  {
    selector: selectorOf(`checkQuery(${INDEX_ABI},bytes)`),
    inputs: [INDEX_TYPE, bytes],
    outputs: [uint(8)],
    run: ([index, query]) => {
      const commitment = toIndex(index!);
      checkIndex(commitment);
      checkQuery(commitment, query as Uint8Array);
      return TRUE;
    },
  },
  {
    selector: selectorOf(`verifyTopK(${INDEX_ABI},${LIST_ABI},bytes,bytes[],bytes32[][])`),
    inputs: [INDEX_TYPE, LIST_TYPE, bytes, RECORDS_TYPE, PATHS_TYPE],
    outputs: [uint(8)],
    run: ([index, list, query, records, paths]) => {
      verifyTopK(
        toIndex(index!),
        toList(list!),
        query as Uint8Array,
        records as readonly Uint8Array[],
        paths as readonly (readonly Uint8Array[])[],
      );
      return TRUE;
    },
  },
  {
    selector: selectorOf(`scoreOf(${INDEX_ABI},bytes,bytes,bytes32[])`),
    inputs: [INDEX_TYPE, bytes, bytes, array(bytes32)],
    outputs: [...HEAD_TYPES, int(64)],
    run: ([index, query, record, path]) =>
      scoreOf(toIndex(index!), query as Uint8Array, record as Uint8Array, path as readonly Uint8Array[]),
  },
  {
    selector: selectorOf(`openRecord(${INDEX_ABI},bytes,bytes32[])`),
    inputs: [INDEX_TYPE, bytes, array(bytes32)],
    outputs: HEAD_TYPES,
    run: ([index, record, path]) => {
      const commitment = toIndex(index!);
      checkIndex(commitment);
      const opened = openRecord(commitment, 0, record as Uint8Array, path as readonly Uint8Array[]);
      checkValues(0, opened);
      return headOf(opened);
    },
  },
  {
    selector: selectorOf(`weightsOf(${INDEX_ABI},${LIST_ABI},bytes[],bytes32[][])`),
    inputs: [INDEX_TYPE, LIST_TYPE, RECORDS_TYPE, PATHS_TYPE],
    outputs: [array(uint(32)), array(uint(64)), array(uint(256))],
    run: ([index, list, records, paths]) =>
      weightsOf(
        toIndex(index!),
        toList(list!),
        records as readonly Uint8Array[],
        paths as readonly (readonly Uint8Array[])[],
      ),
  },
];

/** Gas of a call, from its input's length alone. */
export function influenceVerifierGas(inputLength: number): bigint {
  return BASE_GAS + GAS_PER_WORD * BigInt(Math.ceil(inputLength / 32));
}

/**
 * Answers a call: selector and arguments in, ABI-encoded results out. Pure; work is linear in the input's length.
 * @throws PrecompileRevert with the named error for every input that gets no answer
 */
export function influenceVerifier(input: Uint8Array): Uint8Array {
  const method = METHODS.find(
    ({ selector }) => input.length >= 4 && selector.every((byte, i) => byte === input[i]),
  );
  if (method === undefined) throw unknownSelector(input);
  let args: AbiValue[];
  try {
    args = decodeAbi(method.inputs, input, 4);
  } catch (error) {
    if (error instanceof AbiInputError) throw badInput();
    throw error;
  }
  return encodeAbi(method.outputs, method.run(args));
}

function headOf({ rowId, contributionId, row, first }: RecordHead): readonly AbiValue[] {
  return [BigInt(rowId), contributionId, BigInt(row), BigInt(first)];
}

/** @returns the key of each row. */
function checkClaim(index: IndexCommitment, list: InfluenceList): bigint[] {
  checkIndex(index);
  return checkList(index, list);
}

function verifyTopK(
  index: IndexCommitment,
  list: InfluenceList,
  query: Uint8Array,
  records: readonly Uint8Array[],
  paths: readonly (readonly Uint8Array[])[],
): void {
  checkIndex(index);
  checkQuery(index, query);
  const keys = checkList(index, list);
  const { rowIds, scores } = list;
  checkLength(records.length, rowIds.length);
  checkLength(paths.length, rowIds.length);
  const opened = records.map((bytesOfRecord, i) => {
    const record = openRecord(index, i, bytesOfRecord, paths[i]!);
    if (record.rowId !== rowIds[i]) throw rowIdMismatch(i, rowIds[i]!, record.rowId);
    if (record.first !== record.rowId) throw rowRepeats(i, record.first);
    const score = scoreRecord(index, i, query, record);
    if (score !== scores[i]) throw scoreMismatch(i, scores[i]!, score);
    return record;
  });
  checkWeights(list, weigh(opened, keys, list.floor));
}

function weigh(
  records: readonly CommittedRecord[],
  keys: readonly bigint[],
  floor: bigint,
): ContributionWeight[] {
  const rows = records.map(({ contributionId }, i) => ({ contributionId, key: keys[i]! }));
  return sumWeights(rows, floor);
}

function checkWeights({ contributionIds, weights }: InfluenceList, actual: ContributionWeight[]): void {
  if (contributionIds.length !== actual.length) throw weightCount(contributionIds.length, actual.length);
  actual.forEach(({ contributionId, weight }, i) => {
    if (contributionId !== contributionIds[i] || weight !== weights[i]) throw weightMismatch(i);
  });
}

function scoreOf(
  index: IndexCommitment,
  query: Uint8Array,
  bytesOfRecord: Uint8Array,
  path: readonly Uint8Array[],
): readonly AbiValue[] {
  checkIndex(index);
  checkQuery(index, query);
  const record = openRecord(index, 0, bytesOfRecord, path);
  return [...headOf(record), scoreRecord(index, 0, query, record)];
}

function weightsOf(
  index: IndexCommitment,
  list: InfluenceList,
  records: readonly Uint8Array[],
  paths: readonly (readonly Uint8Array[])[],
): readonly AbiValue[] {
  const keys = checkClaim(index, list);
  checkLength(records.length, keys.length);
  checkLength(paths.length, keys.length);
  const opened = records.map((bytesOfRecord, i) => openRecord(index, i, bytesOfRecord, paths[i]!));
  const weights = weigh(opened, keys, list.floor);
  return [
    opened.map(({ rowId }) => BigInt(rowId)),
    weights.map(({ contributionId }) => contributionId),
    weights.map(({ weight }) => weight),
  ];
}
