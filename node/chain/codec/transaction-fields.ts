import {
  bigIntToBytes,
  bigIntToUnpaddedBytes,
  bytesToBigInt,
  bytesToHex,
  hexToBytes,
} from "../../base/bytes.ts";
import type { CodedError } from "../../base/errors.ts";
import { SECP256K1_HALF_ORDER, SECP256K1_ORDER } from "../crypto.ts";
import { chainError } from "../errors.ts";
import type { Address } from "../types/primitives.ts";
import type { AccessListEntry, Authorization, SignedType, TransactionFields } from "../types/transaction.ts";
import { encodeRlp, type RlpItem, RlpReader } from "./rlp.ts";

/** A refusal; `reason` continues "Transaction:". */
export function transactionInvalid(
  reason: string,
  facts: Record<string, unknown> = {},
  cause?: unknown,
): CodedError {
  return chainError("TRANSACTION_INVALID", {
    message: `Transaction can't be decoded: ${reason}.`,
    fix: "Sign it for this chain's id and send its EIP-2718 envelope.",
    facts,
    cause,
  });
}

const NO_DATA = new Uint8Array(0);
const NO_LIST: readonly never[] = [];
const SMALL = [0n, 1n] as const;

/** An integer in its shortest form. */
function uint(reader: RlpReader, bytes: number, name: string): bigint {
  const length = skipUint(reader, bytes, name);
  const { data, payload, at } = reader;
  if (length > 6) return bytesToBigInt(data.subarray(payload, at));
  let small = 0;
  for (let i = payload; i < at; i++) small = small * 256 + data[i]!;
  return BigInt(small);
}

/** Passes over an integer in its shortest form; gives its length. */
function skipUint(reader: RlpReader, bytes: number, name: string): number {
  if (reader.isList) throw transactionInvalid(`${name} is not a number`);
  reader.skip();
  const { data, payload, at } = reader;
  if (at === payload) return 0;
  if (data[payload] === 0) throw transactionInvalid(`${name} has a leading zero byte`);
  if (at - payload > bytes) throw transactionInvalid(`${name} exceeds ${8 * bytes} bits`);
  return at - payload;
}

function fixed(reader: RlpReader, length: number, name: string): Uint8Array {
  const bytes = reader.bytes();
  if (bytes.length !== length)
    throw transactionInvalid(`${name} has ${bytes.length} bytes instead of ${length}`);
  return bytes;
}

function dataOf(reader: RlpReader): Uint8Array {
  const data = reader.bytes();
  return data.length === 0 ? NO_DATA : data;
}

function recipient(reader: RlpReader, optional: boolean): Address | undefined {
  const bytes = reader.bytes();
  if (bytes.length === 0 && optional) return undefined;
  if (bytes.length !== 20) throw transactionInvalid(`to has ${bytes.length} bytes instead of 20`);
  return bytesToHex(bytes);
}

function accessListOf(reader: RlpReader): readonly AccessListEntry[] {
  const list = reader.list();
  if (list.done) return NO_LIST;
  const entries: AccessListEntry[] = [];
  while (!list.done) {
    const entry = list.list();
    const address = bytesToHex(fixed(entry, 20, "an access list's address"));
    const keys = entry.list();
    entry.finish();
    const storageKeys: AccessListEntry["storageKeys"][number][] = [];
    while (!keys.done) storageKeys.push(bytesToHex(fixed(keys, 32, "a storage key")));
    entries.push({ address, storageKeys });
  }
  return entries;
}

function authorizationsOf(reader: RlpReader): readonly Authorization[] {
  const list = reader.list();
  if (list.done) throw transactionInvalid("its authorization list is empty");
  const authorizations: Authorization[] = [];
  while (!list.done) {
    const entry = list.list();
    authorizations.push({
      chainId: uint(entry, 32, "an authorization's chain id"),
      address: bytesToHex(fixed(entry, 20, "an authorization's address")),
      nonce: uint(entry, 8, "an authorization's nonce"),
      yParity: Number(uint(entry, 1, "an authorization's y parity")),
      r: uint(entry, 32, "an authorization's r"),
      s: uint(entry, 32, "an authorization's s"),
    });
    entry.finish();
  }
  return authorizations;
}

const ORDER = bigIntToBytes(SECP256K1_ORDER, 32);
const HALF_ORDER = bigIntToBytes(SECP256K1_HALF_ORDER, 32);

/** Negative, 0 or positive as the number that `reader` has read last is below, at or above `most`, which has 32 bytes. */
function compareRead({ data, payload, at }: RlpReader, most: Uint8Array): number {
  const missing = most.length - (at - payload);
  for (let i = 0; i < missing; i++) if (most[i] !== 0) return -1;
  for (let i = missing; i < most.length; i++) {
    const difference = data[payload + i - missing]! - most[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Passes over r and s, which end the list; they must be as every signature on the chain has them. Gives where they begin.
 * Sources: EIP-2; op-geth `crypto.ValidateSignatureValues`.
 */
function signatureIn(reader: RlpReader): number {
  const begin = reader.at;
  const isRGood = skipUint(reader, 32, "r") > 0 && compareRead(reader, ORDER) < 0;
  const isSGood = skipUint(reader, 32, "s") > 0 && compareRead(reader, HALF_ORDER) <= 0;
  reader.finish();
  if (!isRGood || !isSGood) throw transactionInvalid("its signature's values are out of range");
  return begin;
}

/** r and s of an envelope whose signature begins at `at`, 32 bytes each. */
export function signatureAt(raw: Uint8Array, at: number): Uint8Array {
  const reader = new RlpReader(raw, at);
  const signature = new Uint8Array(64);
  for (const end of [32, 64]) {
    const length = reader.skipBytes();
    for (let i = 1; i <= length; i++) signature[end - i] = raw[reader.at - i]!;
  }
  return signature;
}

/** v of a legacy transaction: 27 or 28, or with EIP-155 chain id * 2 + 35 or + 36. */
function legacyV(v: bigint): { yParity: 0 | 1; chainId: bigint | undefined } {
  if (v === 27n || v === 28n) return { yParity: v === 27n ? 0 : 1, chainId: undefined };
  if (v < 35n) throw transactionInvalid(`v is ${v}`);
  return { yParity: (v & 1n) === 1n ? 0 : 1, chainId: (v - 35n) >> 1n };
}

function readLegacy(raw: Uint8Array): EnvelopeFields {
  const outer = new RlpReader(raw);
  const list = outer.list();
  outer.finish();
  const nonce = uint(list, 8, "nonce");
  const gasPrice = uint(list, 32, "gas price");
  const gasLimit = uint(list, 8, "gas limit");
  const to = recipient(list, true);
  const value = uint(list, 32, "value");
  const data = dataOf(list);
  const v = uint(list, 33, "v");
  const { yParity, chainId } = legacyV(v);
  const signature = signatureIn(list);
  return {
    type: 0,
    chainId,
    nonce,
    gasLimit,
    to,
    value,
    data,
    maxFeePerGas: gasPrice,
    maxPriorityFeePerGas: gasPrice,
    accessList: NO_LIST,
    authorizationList: NO_LIST,
    yParity,
    v,
    signature,
  };
}

function readTyped(raw: Uint8Array, type: 1 | 2 | 4): EnvelopeFields {
  const outer = new RlpReader(raw, 1);
  const list = outer.list();
  outer.finish();
  const chainId = uint(list, 32, "chain id");
  const nonce = uint(list, 8, "nonce");
  const tipOrPrice = uint(list, 32, type === 1 ? "gas price" : "max priority fee per gas");
  const maxFeePerGas = type === 1 ? tipOrPrice : uint(list, 32, "max fee per gas");
  const gasLimit = uint(list, 8, "gas limit");
  const to = recipient(list, type !== 4);
  const value = uint(list, 32, "value");
  const data = dataOf(list);
  const accessList = accessListOf(list);
  const authorizationList = type === 4 ? authorizationsOf(list) : NO_LIST;
  const parity = uint(list, 1, "y parity");
  if (parity > 1n) throw transactionInvalid(`y parity is ${parity}`);
  const yParity = parity === 1n ? 1 : 0;
  const signature = signatureIn(list);
  return {
    type,
    chainId,
    nonce,
    gasLimit,
    to,
    value,
    data,
    maxFeePerGas,
    maxPriorityFeePerGas: tipOrPrice,
    accessList,
    authorizationList,
    yParity,
    v: SMALL[yParity],
    signature,
  };
}

/** The envelope's type: a legacy transaction begins with its list's prefix. @throws CodedError `TRANSACTION_INVALID`. */
function typeOf(raw: Uint8Array): SignedType {
  const first = raw[0];
  if (first === undefined) throw transactionInvalid("it has no bytes");
  if (first >= 0xc0) return 0;
  if (first === 1 || first === 2 || first === 4) return first;
  if (first === 3) throw transactionInvalid("blob transactions (type 3) don't exist on an OP Stack L2");
  if (first < 0x80) throw transactionInvalid(`there is no type ${first}`);
  throw transactionInvalid("it is neither a typed envelope nor a list");
}

/** An envelope's fields, but for r and s, which are few people's business: where these begin in it. */
export interface EnvelopeFields extends Omit<TransactionFields, "r" | "s"> {
  readonly signature: number;
}

/**
 * Takes an envelope of type 0, 1, 2 or 4 apart. Strict as op-geth: one encoding for each transaction, nothing left over.
 * Whose signature it is and for which chain is not looked at. @throws CodedError `TRANSACTION_INVALID`, `RLP_INVALID`.
 */
export function readFields(raw: Uint8Array): EnvelopeFields {
  const type = typeOf(raw);
  return type === 0 ? readLegacy(raw) : readTyped(raw, type);
}

/** {@link readFields} with r and s. */
export function parseEnvelope(raw: Uint8Array): TransactionFields {
  const { signature, ...fields } = readFields(raw);
  const values = signatureAt(raw, signature);
  return { ...fields, r: bytesToBigInt(values.subarray(0, 32)), s: bytesToBigInt(values.subarray(32)) };
}

/** How many of a payload's items the signature covers. */
const SIGNED_ITEMS: Readonly<Record<SignedType, number>> = { 0: 6, 1: 8, 2: 9, 4: 10 };

/** The encoded items of a decoded envelope that its signature covers, one after the other; shares memory. */
export function signedItems(raw: Uint8Array, type: SignedType): Uint8Array {
  const list = new RlpReader(raw, type === 0 ? 0 : 1).list();
  const start = list.at;
  for (let left = SIGNED_ITEMS[type]; left > 0; left--) list.skip();
  return raw.subarray(start, list.at);
}

function addressBytes(address: Address | undefined): Uint8Array {
  return address === undefined ? NO_DATA : hexToBytes(address);
}

function accessListItem(list: readonly AccessListEntry[]): RlpItem {
  return list.map(({ address, storageKeys }) => [hexToBytes(address), storageKeys.map(hexToBytes)]);
}

/** The items that an authorization's signer signs: chain id, address, nonce. */
export function authorizationMessage({ chainId, address, nonce }: Authorization): Uint8Array[] {
  return [bigIntToUnpaddedBytes(chainId), hexToBytes(address), bigIntToUnpaddedBytes(nonce)];
}

function authorizationItem(authorization: Authorization): RlpItem {
  const { yParity, r, s } = authorization;
  return [...authorizationMessage(authorization), ...[BigInt(yParity), r, s].map(bigIntToUnpaddedBytes)];
}

/** The lists of a typed payload. */
export function listItems({ type, accessList, authorizationList }: TransactionFields): RlpItem[] {
  if (type === 0) return [];
  const lists: RlpItem[] = [accessListItem(accessList)];
  if (type === 4) lists.push(authorizationList.map(authorizationItem));
  return lists;
}

/** The fees of the payload in order: gas price, or tip and cap. */
export function feeItems({ type, maxFeePerGas, maxPriorityFeePerGas }: TransactionFields): Uint8Array[] {
  const fees = type <= 1 ? [maxFeePerGas] : [maxPriorityFeePerGas, maxFeePerGas];
  return fees.map(bigIntToUnpaddedBytes);
}

/** The signed EIP-2718 envelope of these fields; inverse of {@link parseEnvelope}. */
export function encodeTransaction(fields: TransactionFields): Uint8Array {
  const { type, chainId, nonce, gasLimit, to, value, data, v, r, s } = fields;
  const items: RlpItem[] = type === 0 ? [] : [bigIntToUnpaddedBytes(chainId ?? 0n)];
  items.push(
    bigIntToUnpaddedBytes(nonce),
    ...feeItems(fields),
    bigIntToUnpaddedBytes(gasLimit),
    addressBytes(to),
    bigIntToUnpaddedBytes(value),
    data,
    ...listItems(fields),
    ...[v, r, s].map(bigIntToUnpaddedBytes),
  );
  return encodeRlp(items, type === 0 ? undefined : type);
}
