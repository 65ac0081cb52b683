import {
  AbiInputError,
  type AbiType,
  type AbiValue,
  address,
  array,
  bytes,
  bytes32,
  decodeAbi,
  encodeAbi,
  int,
  uint,
} from "../abi.ts";
import { badInput, revertWith, selectorOf, unknownSelector } from "../revert.ts";
import { checkIndex, checkLength, checkList, checkQuery, MAX_TOP_K } from "./form.ts";
import { openRecord, scoreRecord } from "./record.ts";
import {
  CLAIM_TYPE,
  INDEX_TYPE,
  type IndexCommitment,
  type InfluenceClaim,
  PATHS_TYPE,
  RECORDS_TYPE,
  toClaim,
  toIndex,
} from "./types.ts";
import { sumWeights } from "./weights.ts";

const BASE_GAS = 3_000n;
const GAS_PER_WORD = 64n;

const listLength = revertWith("ListLength(uint256,uint256)");
const rowIdMismatch = revertWith("RowIdMismatch(uint256,uint32,uint32)");
const scoreMismatch = revertWith("ScoreMismatch(uint256,int64,int64)");
const weightCount = revertWith("WeightCount(uint256,uint256)");
const weightMismatch = revertWith("WeightMismatch(uint256)");

const INDEX_ABI = "(bytes32,uint32,uint16,uint8,int16,uint64,uint8)";
const CLAIM_ABI = "(bytes,uint32[],int64[],address[],uint256[])";

interface Method {
  selector: Uint8Array;
  inputs: readonly AbiType[];
  outputs: readonly AbiType[];
  run(args: readonly AbiValue[]): readonly AbiValue[];
}

const TRUE: readonly AbiValue[] = [1n];

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
    selector: selectorOf(`checkClaim(${INDEX_ABI},${CLAIM_ABI})`),
    inputs: [INDEX_TYPE, CLAIM_TYPE],
    outputs: [uint(8)],
    run: ([index, claim]) => {
      checkClaim(toIndex(index!), toClaim(claim!));
      return TRUE;
    },
  },
  {
    selector: selectorOf(`verifyTopK(${INDEX_ABI},${CLAIM_ABI},bytes[],bytes32[][])`),
    inputs: [INDEX_TYPE, CLAIM_TYPE, RECORDS_TYPE, PATHS_TYPE],
    outputs: [uint(8)],
    run: ([index, claim, records, paths]) => {
      verifyTopK(toIndex(index!), toClaim(claim!), toRecords(records!), toPaths(paths!));
      return TRUE;
    },
  },
  {
    selector: selectorOf(`scoreOf(${INDEX_ABI},bytes,bytes,bytes32[])`),
    inputs: [INDEX_TYPE, bytes, bytes, array(bytes32)],
    outputs: [uint(32), address, int(64)],
    run: ([index, query, record, path]) =>
      scoreOf(toIndex(index!), query as Uint8Array, record as Uint8Array, path as readonly Uint8Array[]),
  },
  {
    selector: selectorOf(`weightsOf(${INDEX_ABI},int64[],bytes[],bytes32[][])`),
    inputs: [INDEX_TYPE, array(int(64)), RECORDS_TYPE, PATHS_TYPE],
    outputs: [array(uint(32)), array(address), array(uint(256))],
    run: ([index, scores, records, paths]) =>
      weightsOf(toIndex(index!), scores as readonly bigint[], toRecords(records!), toPaths(paths!)),
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

function toRecords(value: AbiValue): readonly Uint8Array[] {
  return value as readonly Uint8Array[];
}

function toPaths(value: AbiValue): readonly (readonly Uint8Array[])[] {
  return value as readonly (readonly Uint8Array[])[];
}

function checkClaim(index: IndexCommitment, claim: InfluenceClaim): void {
  checkIndex(index);
  checkQuery(index, claim.query);
  checkList(index, claim);
}

function verifyTopK(
  index: IndexCommitment,
  claim: InfluenceClaim,
  records: readonly Uint8Array[],
  paths: readonly (readonly Uint8Array[])[],
): void {
  checkClaim(index, claim);
  const { rowIds, scores, contributors, weights } = claim;
  checkLength(records.length, rowIds.length);
  checkLength(paths.length, rowIds.length);
  const owners = records.map((bytesOfRecord, i) => {
    const record = openRecord(index, i, bytesOfRecord, paths[i]!);
    if (record.rowId !== rowIds[i]) throw rowIdMismatch(i, rowIds[i]!, record.rowId);
    const score = scoreRecord(index, i, claim.query, record);
    if (score !== scores[i]) throw scoreMismatch(i, scores[i]!, score);
    return record.contributor;
  });
  const actual = sumWeights(owners, scores, index.floor);
  if (contributors.length !== actual.contributors.length) {
    throw weightCount(contributors.length, actual.contributors.length);
  }
  actual.contributors.forEach((contributor, i) => {
    if (contributor !== contributors[i] || actual.weights[i] !== weights[i]) throw weightMismatch(i);
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
  return [BigInt(record.rowId), record.contributor, scoreRecord(index, 0, query, record)];
}

function weightsOf(
  index: IndexCommitment,
  scores: readonly bigint[],
  records: readonly Uint8Array[],
  paths: readonly (readonly Uint8Array[])[],
): readonly AbiValue[] {
  checkIndex(index);
  if (scores.length === 0 || scores.length > MAX_TOP_K) throw listLength(scores.length, MAX_TOP_K);
  checkLength(records.length, scores.length);
  checkLength(paths.length, scores.length);
  const opened = records.map((bytesOfRecord, i) => openRecord(index, i, bytesOfRecord, paths[i]!));
  const { contributors, weights } = sumWeights(
    opened.map(({ contributor }) => contributor),
    scores,
    index.floor,
  );
  return [opened.map(({ rowId }) => BigInt(rowId)), contributors, weights];
}
