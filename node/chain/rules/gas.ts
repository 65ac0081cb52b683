import { maxBigInt } from "../../base/bigint.ts";
import type { RollupConfig } from "../types/rollup.ts";
import type { TransactionFields } from "../types/transaction.ts";
import { FLOOR_GAS_PER_TOKEN, MAX_INITCODE_BYTES, TOKENS_PER_BYTE, TX_GAS } from "./chain-spec.ts";
import { isActive } from "./forks.ts";

const CREATE = 32_000n;
const ZERO_BYTE = 4;
const OTHER_BYTE = 16;
const INITCODE_WORD = 2;
const ACCESS_LIST_ADDRESS = 2_400;
const ACCESS_LIST_SLOT = 1_900;
const AUTHORIZATION = 25_000;

/** What the intrinsic cost of a transaction depends on. */
export interface GasSubject {
  data: Uint8Array;
  isCreation: boolean;
  accessListAddresses: number;
  accessListSlots: number;
  authorizations: number;
}

/** What a transaction's intrinsic cost depends on. */
export function gasSubjectOf(
  transaction: Pick<TransactionFields, "data" | "to" | "accessList" | "authorizationList">,
): GasSubject {
  const { data, to, accessList, authorizationList } = transaction;
  let slots = 0;
  for (const { storageKeys } of accessList) slots += storageKeys.length;
  return {
    data,
    isCreation: to === undefined,
    accessListAddresses: accessList.length,
    accessListSlots: slots,
    authorizations: authorizationList.length,
  };
}

function countZeros(data: Uint8Array): number {
  let zeros = 0;
  for (const byte of data) if (byte === 0) zeros++;
  return zeros;
}

/** Gas charged before execution in a block at `time`. Sources: Yellow Paper 6.2, EIP-2028, 2930, 3860, 7702. */
export function intrinsicGas(subject: GasSubject, rollup: RollupConfig, time: bigint): bigint {
  return intrinsic(subject, isActive(rollup, "canyon", time));
}

function intrinsic(subject: GasSubject, chargesInitcode: boolean): bigint {
  const { data } = subject;
  const zeros = countZeros(data);
  let gas = zeros * ZERO_BYTE + (data.length - zeros) * OTHER_BYTE;
  if (subject.isCreation && chargesInitcode) {
    gas += INITCODE_WORD * Math.ceil(data.length / 32);
  }
  gas += subject.accessListAddresses * ACCESS_LIST_ADDRESS + subject.accessListSlots * ACCESS_LIST_SLOT;
  gas += subject.authorizations * AUTHORIZATION;
  return TX_GAS + (subject.isCreation ? CREATE : 0n) + BigInt(gas);
}

/** EIP-7623: the least gas that a transaction with this data pays in a block at `time`; 0 before Isthmus. */
export function floorGas(data: Uint8Array, rollup: RollupConfig, time: bigint): bigint {
  return isActive(rollup, "isthmus", time) ? floor(data) : 0n;
}

/** The least gas limit with which the newest rules take a transaction: intrinsic gas or, if higher, the floor. */
export function minimumGas(subject: GasSubject): bigint {
  return maxBigInt(intrinsic(subject, true), floor(subject.data));
}

function floor(data: Uint8Array): bigint {
  const zeros = countZeros(data);
  return TX_GAS + BigInt(FLOOR_GAS_PER_TOKEN * (zeros + TOKENS_PER_BYTE * (data.length - zeros)));
}

/** EIP-3860: whether a creation's initcode is too long, from Canyon on. */
export function isInitcodeTooLong(subject: GasSubject, rollup: RollupConfig, time: bigint): boolean {
  return subject.isCreation && isActive(rollup, "canyon", time) && subject.data.length > MAX_INITCODE_BYTES;
}
