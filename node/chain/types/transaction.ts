import type { Address, Hash } from "./primitives.ts";

/** EIP-2930: storage that a transaction names beforehand. */
export interface AccessListEntry {
  address: Address;
  storageKeys: readonly Hash[];
}

/** EIP-7702 tuple as signed; one with an impossible signature is passed over when its transaction runs. */
export interface Authorization {
  /** 0: valid on every chain. */
  chainId: bigint;
  address: Address;
  nonce: bigint;
  /** 0 to 255. */
  yParity: number;
  r: bigint;
  s: bigint;
}

/** EIP-2718 types that a user can sign: legacy, 2930, 1559, 7702. */
export type SignedType = 0 | 1 | 2 | 4;

/** What a signed envelope says. Amounts in wei, prices in wei per gas. */
export interface TransactionFields {
  readonly type: SignedType;
  /** Absent: a legacy transaction without EIP-155, valid on every chain. */
  readonly chainId: bigint | undefined;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Absent: contract creation. */
  readonly to: Address | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  /** Types 0 and 1 have their gas price in both. */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  /** Empty for type 0. */
  readonly accessList: readonly AccessListEntry[];
  /** Empty but for type 4. */
  readonly authorizationList: readonly Authorization[];
  readonly yParity: 0 | 1;
  /** As encoded: `yParity`, or for type 0 27, 28 or EIP-155's number. */
  readonly v: bigint;
  readonly r: bigint;
  readonly s: bigint;
}

/**
 * A user's transaction. `raw` is its EIP-2718 envelope, `hash` keccak of it. Its fields may be read from the envelope when
 * they are asked for: name them one by one, a spread copies none.
 */
export interface SignedTransaction extends TransactionFields {
  readonly kind: "signed";
  readonly raw: Uint8Array;
  readonly hash: Hash;
  readonly from: Address;
  /** Fjord's estimate of the envelope's compressed size in bytes, scaled by 10^6; computed once. */
  readonly daSize: bigint;
}

/** Deposit transaction, EIP-2718 type 0x7E. Spec: OP Stack deposits. */
export interface DepositTransaction {
  sourceHash: Hash;
  from: Address;
  /** Absent: contract creation. */
  to: Address | undefined;
  /** Wei; absent when nothing is minted (nil and 0 encode alike). */
  mint: bigint | undefined;
  value: bigint;
  gas: bigint;
  isSystemTx: boolean;
  data: Uint8Array;
}

/** A deposit in a block. */
export interface ChainDeposit {
  readonly kind: "deposit";
  readonly type: 0x7e;
  readonly raw: Uint8Array;
  readonly hash: Hash;
  readonly from: Address;
  readonly deposit: DepositTransaction;
}

/** One transaction of an L2 block. */
export type ChainTransaction = ChainDeposit | SignedTransaction;
