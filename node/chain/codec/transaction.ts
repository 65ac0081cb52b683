import { bigIntToBytes, bigIntToUnpaddedBytes, bytesToBigInt, concatBytes } from "../../base/bytes.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import {
  keccak256,
  keccakHash,
  type RecoverSenders,
  type RecoveryJob,
  recoverSender,
  recoverSendersHere,
} from "../crypto.ts";
import { chainError } from "../errors.ts";
import { fastLzLength } from "../rules/fastlz.ts";
import { daSizeEstimate } from "../rules/rollup-fees.ts";
import type { Address, Hash } from "../types/primitives.ts";
import type {
  AccessListEntry,
  Authorization,
  ChainDeposit,
  ChainTransaction,
  SignedTransaction,
  SignedType,
} from "../types/transaction.ts";
import { DEPOSIT_TYPE, decodeDeposit } from "./deposit.ts";
import { encodeRlp, wrapRlpList } from "./rlp.ts";
import {
  type EnvelopeFields,
  readFields,
  signatureAt,
  signedItems,
  transactionInvalid,
} from "./transaction-fields.ts";

/** What decides whether an envelope is a transaction of the chain. */
export interface TransactionRules {
  l2ChainId: bigint;
  /** Longest envelope in bytes; absent: no limit but the data's. */
  maxBytes?: number;
}

const TWO_ZEROS = Uint8Array.of(0x80, 0x80);

/** A decoded signed transaction whose sender nobody has recovered yet. */
export type UnrecoveredTransaction = Omit<SignedTransaction, "from">;

/** An envelope whose fields are read when somebody asks for one. */
class Envelope implements UnrecoveredTransaction {
  readonly kind = "signed";
  readonly raw: Uint8Array;
  from: Address | undefined;
  private fields: EnvelopeFields | undefined;
  private knownHash: Hash | undefined;
  /** -1: not known. */
  private fastLzBytes: number;

  constructor(
    raw: Uint8Array,
    fields: EnvelopeFields | undefined,
    from: Address | undefined,
    fastLzBytes = -1,
    hash?: Hash,
  ) {
    this.raw = raw;
    this.from = from;
    this.fields = fields;
    this.knownHash = hash;
    this.fastLzBytes = fastLzBytes;
  }

  private get read(): EnvelopeFields {
    this.fields ??= readFields(this.raw);
    return this.fields;
  }

  get hash(): Hash {
    this.knownHash ??= keccakHash(this.raw);
    return this.knownHash;
  }

  /** Bytes of `raw` compressed by FastLZ. */
  get fastLzSize(): number {
    if (this.fastLzBytes < 0) this.fastLzBytes = fastLzLength(this.raw);
    return this.fastLzBytes;
  }

  get daSize(): bigint {
    return daSizeEstimate(this.fastLzSize);
  }

  get type(): SignedType {
    return this.read.type;
  }

  get chainId(): bigint | undefined {
    return this.read.chainId;
  }

  get nonce(): bigint {
    return this.read.nonce;
  }

  get gasLimit(): bigint {
    return this.read.gasLimit;
  }

  get to(): Address | undefined {
    return this.read.to;
  }

  get value(): bigint {
    return this.read.value;
  }

  get data(): Uint8Array {
    return this.read.data;
  }

  get maxFeePerGas(): bigint {
    return this.read.maxFeePerGas;
  }

  get maxPriorityFeePerGas(): bigint {
    return this.read.maxPriorityFeePerGas;
  }

  get accessList(): readonly AccessListEntry[] {
    return this.read.accessList;
  }

  get authorizationList(): readonly Authorization[] {
    return this.read.authorizationList;
  }

  get yParity(): 0 | 1 {
    return this.read.yParity;
  }

  get v(): bigint {
    return this.read.v;
  }

  get r(): bigint {
    return bytesToBigInt(this.signature.subarray(0, 32));
  }

  get s(): bigint {
    return bytesToBigInt(this.signature.subarray(32));
  }

  /** r and s, 32 bytes each. */
  get signature(): Uint8Array {
    return signatureAt(this.raw, this.read.signature);
  }
}

function chainDeposit(raw: Uint8Array): ChainDeposit {
  const deposit = decodeDeposit(raw);
  return { kind: "deposit", type: DEPOSIT_TYPE, raw, hash: keccakHash(raw), from: deposit.from, deposit };
}

/**
 * Decodes the envelope of a signed transaction (type 0, 1, 2 or 4) and leaves the signature alone. Nothing else than a
 * transaction's one encoding is accepted. @throws CodedError `TRANSACTION_INVALID` as {@link decodeTransaction}.
 */
export function decodeUnrecovered(raw: Uint8Array, rules: TransactionRules): UnrecoveredTransaction {
  const { l2ChainId, maxBytes } = rules;
  if (maxBytes !== undefined && raw.length > maxBytes)
    throw transactionInvalid(`it has ${raw.length} bytes, more than ${maxBytes}`, { length: raw.length });
  try {
    const fields = readFields(raw);
    const { chainId } = fields;
    if (chainId !== undefined && chainId !== l2ChainId) throw wrongChain(chainId, l2ChainId);
    return new Envelope(raw, fields, undefined);
  } catch (cause) {
    if (!isCodedError(cause, "RLP_INVALID")) throw cause;
    throw transactionInvalid(`bad RLP (${cause.message})`, {}, cause);
  }
}

/** Wallets match on geth's words. */
function wrongChain(have: bigint, want: bigint): CodedError {
  return chainError("TRANSACTION_INVALID", {
    message: `invalid sender: invalid chain id for signer: have ${have} want ${want}`,
    fix: `Switch the wallet to chain ${want} and sign again.`,
    facts: { have, want },
  });
}

/** What the sender signed: keccak of the envelope's fields without the signature. */
export function signingHash({ raw, type, chainId }: UnrecoveredTransaction): Uint8Array {
  const items = signedItems(raw, type);
  if (type !== 0) return keccak256(wrapRlpList([items], type));
  if (chainId === undefined) return keccak256(wrapRlpList([items]));
  // EIP-155: chain id, 0, 0 behind the fields.
  const chain = encodeRlp(bigIntToUnpaddedBytes(chainId));
  return keccak256(wrapRlpList([items, chain, TWO_ZEROS]));
}

/** What recovering the transaction's sender takes. */
export function recoveryJob(transaction: UnrecoveredTransaction): RecoveryJob {
  const { yParity } = transaction;
  const digest = signingHash(transaction);
  const signature = transaction instanceof Envelope ? transaction.signature : signatureOf(transaction);
  return { digest, r: signature.subarray(0, 32), s: signature.subarray(32), yParity };
}

function signatureOf({ r, s }: UnrecoveredTransaction): Uint8Array {
  return concatBytes(bigIntToBytes(r, 32), bigIntToBytes(s, 32));
}

/** Who signed it; undefined when no key made this signature. */
export function senderOf(transaction: UnrecoveredTransaction): Address | undefined {
  return recoverSender(recoveryJob(transaction));
}

/** The transaction with its recovered sender. @throws CodedError `TRANSACTION_INVALID` when there is none. */
export function withSender(
  transaction: UnrecoveredTransaction,
  from: Address | undefined,
): SignedTransaction {
  if (from === undefined) throw transactionInvalid("no key made its signature");
  if (!(transaction instanceof Envelope))
    return withSender(new Envelope(transaction.raw, undefined, from), from);
  transaction.from = from;
  return transaction as Envelope & { from: Address };
}

/**
 * Decodes an EIP-2718 envelope of type 0, 1, 2, 4 or 0x7E and recovers its sender, unless it is given.
 * Whether its type is allowed in a block is the executor's question.
 * @throws CodedError `TRANSACTION_INVALID`: bad encoding, another chain's id, bad signature, blob or unknown type;
 * `DEPOSIT_ENCODING_INVALID`.
 */
export function decodeTransaction(
  raw: Uint8Array,
  rules: TransactionRules,
  sender?: Address,
): ChainTransaction {
  if (raw[0] === DEPOSIT_TYPE) return chainDeposit(raw);
  const transaction = decodeUnrecovered(raw, rules);
  return withSender(transaction, sender ?? senderOf(transaction));
}

/**
 * {@link decodeTransaction} for many, with all senders recovered in one batch. What is no transaction of the chain gives its
 * error (`TRANSACTION_INVALID`, `DEPOSIT_ENCODING_INVALID`) in its place.
 */
export async function decodeTransactions(
  raws: readonly Uint8Array[],
  rules: TransactionRules,
  recover: RecoverSenders = recoverSendersHere,
): Promise<(ChainTransaction | CodedError)[]> {
  const decoded = raws.map((raw) =>
    refusalOr(() => (raw[0] === DEPOSIT_TYPE ? chainDeposit(raw) : decodeUnrecovered(raw, rules))),
  );
  const unrecovered = decoded.filter((item) => "kind" in item && item.kind === "signed");
  const senders = await recover(unrecovered.map(recoveryJob));
  let next = 0;
  return decoded.map((item) =>
    "kind" in item && item.kind === "signed" ? refusalOr(() => withSender(item, senders[next++])) : item,
  );
}

function refusalOr<T>(make: () => T): T | CodedError {
  try {
    return make();
  } catch (error) {
    if (isCodedError(error)) return error;
    throw error;
  }
}

/**
 * A transaction that was decoded before: its fields are read when they are asked for; its sender, and its hash if one is given,
 * are believed.
 */
export function storedTransaction(
  raw: Uint8Array,
  from: Address,
  fastLzBytes: number,
  hash?: Hash,
): ChainTransaction {
  return raw[0] === DEPOSIT_TYPE
    ? chainDeposit(raw)
    : withSender(new Envelope(raw, undefined, from, fastLzBytes, hash), from);
}

/** Bytes of a transaction's envelope compressed by FastLZ; 0 for a deposit, which pays no DA fee. */
export function fastLzSize(transaction: ChainTransaction): number {
  if (transaction.kind === "deposit") return 0;
  return transaction instanceof Envelope ? transaction.fastLzSize : fastLzLength(transaction.raw);
}
