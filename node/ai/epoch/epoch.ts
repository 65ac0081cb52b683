import { encodeAbiParameters, getAbiItem, hexToBytes, numberToBytes, numberToHex } from "viem";
import { inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { type Claim, claimTuple } from "../client/claims.ts";
import { type Earned, earnedBy, earnedParts } from "../client/earnings.ts";
import { keccakOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import { type SumTree, sumTree } from "./sum-tree.ts";

/** An epoch as a host closes it and as anybody checks it: see the contracts' IInferenceEpochs. Amounts are wei. */

/** Most inferences of an epoch. */
export const MAX_EPOCH_LEAVES = 2 ** 16;
/** Most payers whose inferences an epoch has. */
export const MAX_EPOCH_RANGES = 256;

const BPS = 10_000n;
const TOKENS_PER_RATE = 1_000n;
const LEAF = Uint8Array.of(0);
const LEAF_TYPES = [
  { type: "address" },
  getAbiItem({ abi: inferenceMarketAbi, name: "hashOf" }).inputs[0],
] as const;

/** What decides an epoch's fees: the model's rates and split, and the platform's part, at the closing. */
export interface EpochTerms {
  modelId: bigint;
  /** Wei for 1000 tokens. */
  rateIn: bigint;
  rateOut: bigint;
  platformBps: number;
  /** The contributors' part of the net fee, in 1/10000. */
  contributorsBps: number;
}

/** An inference at its place. */
export interface EpochInference {
  payer: Address;
  net: bigint;
  claim: Claim;
}

/** What a contribution earned by the inference at a position. */
export interface EpochPayout {
  contributionId: bigint;
  inference: number;
  amount: bigint;
}

/** A payer's inferences, which stand beside each other. */
export interface EpochRange {
  payer: Address;
  count: number;
  net: bigint;
}

export interface Epoch {
  epochId: bigint;
  number: bigint;
  inferences: EpochInference[];
  payouts: EpochPayout[];
  ranges: EpochRange[];
  inferenceTree: SumTree;
  payoutTree: SumTree;
  largestNet: bigint;
}

/** The id of a host's epoch; numbers count from 1. */
export function epochIdOf(host: Address, number: bigint): bigint {
  return (BigInt(host) << 64n) | number;
}

/** What the claim of an epoch's inference is called. */
export function requestIdOf(epochId: bigint, position: number): bigint {
  return (epochId << 32n) | BigInt(position);
}

/** In which epoch the inference of such a claim stands, and where. */
export function epochIdOfRequest(requestId: bigint): bigint {
  return requestId >> 32n;
}

export function positionOfRequest(requestId: bigint): number {
  return Number(BigInt.asUintN(32, requestId));
}

/** The host whose epoch it is. */
export function hostOfEpoch(epochId: bigint): Address {
  return numberToHex(epochId >> 64n, { size: 20 });
}

/** keccak256(0x00 | abi.encode(payer, claim)). */
export function inferenceLeafHash(payer: Address, claim: Claim): Hash {
  return keccakOf(LEAF, hexToBytes(encodeAbiParameters(LEAF_TYPES, [payer, claimTuple(claim)])));
}

/** keccak256(0x00 | contribution u64 | inference u32). */
export function payoutLeafHash(contributionId: bigint, inference: number): Hash {
  return keccakOf(LEAF, numberToBytes(contributionId, { size: 8 }), numberToBytes(inference, { size: 4 }));
}

/** Net fee of an inference. */
export function netOf(
  terms: Pick<EpochTerms, "rateIn" | "rateOut">,
  claim: Pick<Claim, "tokensIn" | "tokensOut">,
): bigint {
  return (BigInt(claim.tokensIn) * terms.rateIn + BigInt(claim.tokensOut) * terms.rateOut) / TOKENS_PER_RATE;
}

/** What a payer pays for a net fee: the platform's part is on top. */
export function feeOf(terms: Pick<EpochTerms, "platformBps">, net: bigint): bigint {
  return net + (net * BigInt(terms.platformBps)) / (BPS - BigInt(terms.platformBps));
}

/** What each contribution that a claim names earned by an inference; 0 among it. */
export function earnedOf(
  { contributorsBps }: Pick<EpochTerms, "contributorsBps">,
  { net, claim }: Pick<EpochInference, "net"> & { claim: Omit<Claim, "requestId"> },
): Earned[] {
  return earnedBy(claim, earnedParts(claim, contributorsPart(contributorsBps, net)));
}

/** The contributors' part of a net fee. */
export function contributorsPart(contributorsBps: number, net: bigint): bigint {
  return (net * BigInt(contributorsBps)) / BPS;
}

/**
 * The epoch of a host's answered inferences: payers side by side, each in the order given, claims named by their place, payouts in
 * the order of contribution, then inference.
 * @throws CodedError `EPOCH_SIZE` for none, or more than {@link MAX_EPOCH_LEAVES} of {@link MAX_EPOCH_RANGES} payers
 */
export function composeEpoch(
  host: Address,
  number: bigint,
  terms: EpochTerms,
  answered: readonly { payer: Address; claim: Omit<Claim, "requestId"> }[],
): Epoch {
  const epochId = epochIdOf(host, number);
  const named = answered.map(({ payer, claim }) => ({ payer: payer.toLowerCase() as Address, claim }));
  checkSize(named.length, new Set(named.map(({ payer }) => payer)).size);
  named.sort((a, b) => compare(BigInt(a.payer), BigInt(b.payer)));
  const inferences = named.map(({ payer, claim }, position) => ({
    payer,
    net: netOf(terms, claim),
    claim: { ...claim, requestId: requestIdOf(epochId, position) },
  }));
  return epochWith(epochId, inferences, payoutsOf(terms, inferences), rangesOf(inferences));
}

/** An epoch of what is said of it, true or not: for whoever checks one. */
export function epochWith(
  epochId: bigint,
  inferences: EpochInference[],
  payouts: EpochPayout[],
  ranges: EpochRange[],
): Epoch {
  return {
    epochId,
    number: BigInt.asUintN(64, epochId),
    inferences,
    payouts,
    ranges,
    inferenceTree: sumTree(
      inferences.map(({ payer, net, claim }) => ({ hash: inferenceLeafHash(payer, claim), sum: net })),
    ),
    payoutTree: sumTree(
      payouts.map(({ contributionId, inference, amount }) => ({
        hash: payoutLeafHash(contributionId, inference),
        sum: amount,
      })),
    ),
    largestNet: largestOf(inferences),
  };
}

/** What contributions earned by inferences at their places; nothing stands for who earned nothing. */
export function payoutsOf(terms: EpochTerms, inferences: readonly EpochInference[]): EpochPayout[] {
  const all = inferences.flatMap((one, inference) =>
    earnedOf(terms, one).map((earned) => ({ ...earned, inference })),
  );
  return all.filter(({ amount }) => amount > 0n).sort(comparePayouts);
}

/** The order of payouts: below 0 where `a` stands before `b`. */
export function comparePayouts(
  a: Pick<EpochPayout, "contributionId" | "inference">,
  b: Pick<EpochPayout, "contributionId" | "inference">,
): number {
  return compare(a.contributionId, b.contributionId) || a.inference - b.inference;
}

function largestOf(inferences: readonly EpochInference[]): bigint {
  let largest = 0n;
  for (const { net } of inferences) if (net > largest) largest = net;
  return largest;
}

function rangesOf(inferences: readonly EpochInference[]): EpochRange[] {
  const ranges: EpochRange[] = [];
  for (const { payer, net } of inferences) {
    const last = ranges.at(-1);
    if (last?.payer !== payer) ranges.push({ payer, count: 1, net });
    else Object.assign(last, { count: last.count + 1, net: last.net + net });
  }
  return ranges;
}

function checkSize(count: number, payers: number): void {
  if (count > 0 && count <= MAX_EPOCH_LEAVES && payers <= MAX_EPOCH_RANGES) return;
  throw aiError("EPOCH_SIZE", {
    message: `an epoch of ${count} inferences of ${payers} payers`,
    cause: `an epoch has 1 to ${MAX_EPOCH_LEAVES} inferences of at most ${MAX_EPOCH_RANGES} payers`,
    fix: "close what was collected as several epochs",
    facts: { count, payers },
  });
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
