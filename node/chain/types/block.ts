import type { Address, Hash } from "./primitives.ts";
import type { ChainTransaction } from "./transaction.ts";

/** A block header of Isthmus shape; fields that a fork lacks are undefined and not encoded. */
export interface BlockHeader {
  parentHash: Hash;
  sha3Uncles: Hash;
  miner: Address;
  stateRoot: Hash;
  transactionsRoot: Hash;
  receiptsRoot: Hash;
  /** 256 bytes. */
  logsBloom: Uint8Array;
  difficulty: bigint;
  number: bigint;
  gasLimit: bigint;
  gasUsed: bigint;
  timestamp: bigint;
  extraData: Uint8Array;
  mixHash: Hash;
  /** 8 bytes. */
  nonce: Uint8Array;
  baseFeePerGas: bigint | undefined;
  withdrawalsRoot: Hash | undefined;
  blobGasUsed: bigint | undefined;
  excessBlobGas: bigint | undefined;
  parentBeaconBlockRoot: Hash | undefined;
  requestsHash: Hash | undefined;
}

export interface Block {
  hash: Hash;
  header: BlockHeader;
  transactions: readonly ChainTransaction[];
}

export interface Log {
  address: Address;
  topics: readonly Hash[];
  data: Uint8Array;
}

/** A receipt with what its consensus encoding holds and what RPC adds. */
export interface Receipt {
  /** EIP-2718 type; 0 for legacy. */
  type: number;
  status: 0 | 1;
  cumulativeGasUsed: bigint;
  logsBloom: Uint8Array;
  logs: readonly Log[];
  gasUsed: bigint;
  effectiveGasPrice: bigint;
  contractAddress: Address | undefined;
  /** Deposits only: the sender's nonce before the transaction. */
  depositNonce: bigint | undefined;
  depositReceiptVersion: number | undefined;
  /** Signed transactions only. */
  l1: L1FeeReceipt | undefined;
}

/** The fee fields that the OP Stack adds to a receipt's JSON. */
export interface L1FeeReceipt {
  l1GasPrice: bigint;
  l1GasUsed: bigint;
  l1Fee: bigint;
  /** Millionths; before Ecotone only. */
  l1FeeScalar: bigint | undefined;
  l1BaseFeeScalar: bigint | undefined;
  l1BlobBaseFee: bigint | undefined;
  l1BlobBaseFeeScalar: bigint | undefined;
  operatorFeeScalar: bigint | undefined;
  operatorFeeConstant: bigint | undefined;
  daFootprintGasScalar: bigint | undefined;
  /** DA footprint of the transaction, Jovian on. */
  blobGasUsed: bigint | undefined;
}
