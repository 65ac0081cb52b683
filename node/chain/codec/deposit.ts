import { MAX_UINT64, MAX_UINT256 } from "../../base/bigint.ts";
import {
  bigIntToBytes,
  bigIntToUnpaddedBytes,
  bytesToBigInt,
  bytesToHex,
  concatBytes,
  hexToBytes,
  utf8ToBytes,
} from "../../base/bytes.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import { keccak256 } from "../crypto.ts";
import { chainError } from "../errors.ts";
import type { L1Log } from "../types/l1.ts";
import type { Address, Hash } from "../types/primitives.ts";
import type { DepositTransaction } from "../types/transaction.ts";
import { encodeRlp, RlpReader } from "./rlp.ts";

export const DEPOSIT_TYPE = 0x7e;

/** keccak("TransactionDeposited(address,address,uint256,bytes)"). */
export const TRANSACTION_DEPOSITED: Hash =
  "0xb3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32";

const ALIAS_OFFSET = 0x1111000000000000000000000000000000001111n;
const ADDRESS_SPACE = 1n << 160n;
function word(value: bigint): Uint8Array {
  return bigIntToBytes(value, 32);
}

function sourceHash(domain: bigint, inner: Uint8Array): Hash {
  return bytesToHex(keccak256(concatBytes(word(domain), inner)));
}

/** Source hash of a deposit event; `logIndex` counts within the L1 block. Spec: deposits, domain 0. */
export function userDepositSourceHash(l1BlockHash: Hash, logIndex: number): Hash {
  return sourceHash(0n, keccak256(concatBytes(hexToBytes(l1BlockHash), word(BigInt(logIndex)))));
}

/** Source hash of the L1 attributes transaction. Spec: deposits, domain 1. */
export function l1InfoSourceHash(l1BlockHash: Hash, sequenceNumber: bigint): Hash {
  return sourceHash(1n, keccak256(concatBytes(hexToBytes(l1BlockHash), word(sequenceNumber))));
}

/** Source hash of a network upgrade's transaction. Spec: deposits, domain 2. */
export function upgradeSourceHash(intent: string): Hash {
  return sourceHash(2n, keccak256(utf8ToBytes(intent)));
}

/** The L2 sender of an L1 contract's deposit; the portal applies it on L1. */
export function aliasAddress(address: Address): Address {
  const aliased = (BigInt(address) + ALIAS_OFFSET) % ADDRESS_SPACE;
  return bytesToHex(bigIntToBytes(aliased, 20));
}

/** Inverse of {@link aliasAddress}. */
export function unaliasAddress(address: Address): Address {
  const original = (BigInt(address) - ALIAS_OFFSET + ADDRESS_SPACE) % ADDRESS_SPACE;
  return bytesToHex(bigIntToBytes(original, 20));
}

/** EIP-2718 envelope: `0x7E ++ rlp([sourceHash, from, to, mint, value, gas, isSystemTx, data])`. */
export function encodeDeposit(deposit: DepositTransaction): Uint8Array {
  const fields = [
    hexToBytes(deposit.sourceHash),
    hexToBytes(deposit.from),
    deposit.to === undefined ? new Uint8Array(0) : hexToBytes(deposit.to),
    bigIntToUnpaddedBytes(deposit.mint ?? 0n),
    bigIntToUnpaddedBytes(deposit.value),
    bigIntToUnpaddedBytes(deposit.gas),
    deposit.isSystemTx ? Uint8Array.of(1) : new Uint8Array(0),
    deposit.data,
  ];
  return encodeRlp(fields, DEPOSIT_TYPE);
}

function invalid(reason: string): CodedError {
  return chainError("DEPOSIT_ENCODING_INVALID", { message: `Deposit transaction: ${reason}.` });
}

function fixed(bytes: Uint8Array, length: number, name: string): Uint8Array {
  if (bytes.length !== length) throw invalid(`${name} has ${bytes.length} bytes instead of ${length}`);
  return bytes;
}

function integer(bytes: Uint8Array, maximum: bigint, name: string): bigint {
  if (bytes[0] === 0) throw invalid(`${name} has a leading zero byte`);
  const value = bytesToBigInt(bytes);
  if (value > maximum) throw invalid(`${name} is too large`);
  return value;
}

function depositFrom(fields: RlpReader): DepositTransaction {
  const sourceHash = bytesToHex(fixed(fields.bytes(), 32, "sourceHash"));
  const from = bytesToHex(fixed(fields.bytes(), 20, "from"));
  const to = fields.bytes();
  const mint = integer(fields.bytes(), MAX_UINT256, "mint");
  const deposit = {
    sourceHash,
    from,
    to: to.length === 0 ? undefined : bytesToHex(fixed(to, 20, "to")),
    mint: mint === 0n ? undefined : mint,
    value: integer(fields.bytes(), MAX_UINT256, "value"),
    gas: integer(fields.bytes(), MAX_UINT64, "gas"),
    isSystemTx: integer(fields.bytes(), 1n, "isSystemTx") === 1n,
    data: fields.bytes(),
  };
  fields.finish();
  return deposit;
}

/** Inverse of {@link encodeDeposit}; a mint of 0 reads as absent. @throws CodedError `DEPOSIT_ENCODING_INVALID`. */
export function decodeDeposit(raw: Uint8Array): DepositTransaction {
  if (raw[0] !== DEPOSIT_TYPE) throw invalid("the type byte is not 0x7e");
  try {
    const outer = new RlpReader(raw, 1);
    const fields = outer.list();
    outer.finish();
    return depositFrom(fields);
  } catch (cause) {
    if (!isCodedError(cause, "RLP_INVALID")) throw cause;
    throw chainError("DEPOSIT_ENCODING_INVALID", {
      message: `Deposit transaction: the payload is not a list of eight byte strings (${cause.message})`,
      cause,
    });
  }
}

function badLog(reason: string, log: L1Log): CodedError {
  return chainError("DEPOSIT_LOG_INVALID", {
    message: `TransactionDeposited event: ${reason}.`,
    fix: "The contract at deposit_contract_address is not an OptimismPortal; check rollup.json.",
    facts: { logIndex: log.logIndex, address: log.address },
  });
}

/** The bytes of the single `bytes` argument, with the strictness of op-node: offset 32, minimal padding. */
function opaqueData(log: L1Log): Uint8Array {
  const { data } = log;
  if (data.length < 64) throw badLog(`data has only ${data.length} bytes`, log);
  if (data.length % 32 !== 0) throw badLog("data is not a whole number of words", log);
  if (bytesToBigInt(data.subarray(0, 32)) !== 32n) throw badLog("the data offset is not 32", log);
  const length = bytesToBigInt(data.subarray(32, 64));
  const rest = BigInt(data.length - 64);
  if (length > rest || length + 32n <= rest) throw badLog("the opaque data's length does not fit", log);
  return data.subarray(64, 64 + Number(length));
}

/** An indexed address topic: its upper 12 bytes must be zero in an address; op-node reads the lower 20. */
function topicAddress(topic: Hash): Address {
  return `0x${topic.slice(26)}`;
}

/**
 * The deposit that a `TransactionDeposited` log makes. Spec: deposits, "Deposit contract", version 0.
 * @throws CodedError `DEPOSIT_LOG_INVALID`: derivation cannot go on, as in op-node.
 */
export function depositFromLog(log: L1Log, l1BlockHash: Hash): DepositTransaction {
  const [event, from, to, version] = log.topics;
  if (log.topics.length !== 4 || event !== TRANSACTION_DEPOSITED || !from || !to || !version) {
    throw badLog(`expected 4 topics of TransactionDeposited, got ${log.topics.length}`, log);
  }
  const opaque = opaqueData(log);
  if (BigInt(version) !== 0n) throw badLog(`unknown version ${BigInt(version)}`, log);
  if (opaque.length < 73) throw badLog(`version 0 needs 73 bytes, got ${opaque.length}`, log);
  const mint = bytesToBigInt(opaque.subarray(0, 32));
  const isCreation = opaque[72] !== 0;
  return {
    sourceHash: userDepositSourceHash(l1BlockHash, log.logIndex),
    from: topicAddress(from),
    to: isCreation ? undefined : topicAddress(to),
    mint: mint === 0n ? undefined : mint,
    value: bytesToBigInt(opaque.subarray(32, 64)),
    gas: bytesToBigInt(opaque.subarray(64, 72)),
    isSystemTx: false,
    data: opaque.slice(73),
  };
}
