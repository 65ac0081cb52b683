import type { Common } from "@ethereumjs/common";

const TX = 21_000n;
const CREATE = 32_000n;
const ZERO_BYTE = 4n;
const OTHER_BYTE = 16n;
const INITCODE_WORD = 2n;
const ACCESS_LIST_ADDRESS = 2_400n;
const ACCESS_LIST_SLOT = 1_900n;
const AUTHORIZATION = 25_000n;
const FLOOR_PER_TOKEN = 10n;

/** What the intrinsic cost depends on. */
export interface GasSubject {
  data: Uint8Array;
  isCreation: boolean;
  accessListAddresses: number;
  accessListSlots: number;
  authorizations: number;
}

function countZeros(data: Uint8Array): number {
  let zeros = 0;
  for (const byte of data) if (byte === 0) zeros++;
  return zeros;
}

/** Gas charged before execution. Sources: Yellow Paper 6.2, EIP-2028, 2930, 3860, 7702. */
export function intrinsicGas(subject: GasSubject, common: Common): bigint {
  const zeros = BigInt(countZeros(subject.data));
  const others = BigInt(subject.data.length) - zeros;
  let gas = TX + zeros * ZERO_BYTE + others * OTHER_BYTE;
  if (subject.isCreation) {
    gas += CREATE;
    if (common.isActivatedEIP(3860)) gas += INITCODE_WORD * BigInt(Math.ceil(subject.data.length / 32));
  }
  gas += BigInt(subject.accessListAddresses) * ACCESS_LIST_ADDRESS;
  gas += BigInt(subject.accessListSlots) * ACCESS_LIST_SLOT;
  return gas + BigInt(subject.authorizations) * AUTHORIZATION;
}

/** EIP-7623: the least gas that a transaction with this data pays; 0 before Prague. */
export function floorGas(data: Uint8Array, common: Common): bigint {
  if (!common.isActivatedEIP(7623)) return 0n;
  const zeros = countZeros(data);
  return TX + FLOOR_PER_TOKEN * BigInt(zeros + 4 * (data.length - zeros));
}

/** EIP-3860: longest initcode of a creation, from Shanghai on. */
export function isInitcodeTooLong(subject: GasSubject, common: Common): boolean {
  return subject.isCreation && common.isActivatedEIP(3860) && subject.data.length > 49_152;
}
