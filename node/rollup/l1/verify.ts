import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import { hashHeader } from "../../chain/codec/header.ts";
import { encodeReceipt } from "../../chain/codec/receipt.ts";
import { keccakHash } from "../../chain/crypto.ts";
import { listRoot } from "../../chain/trie-root.ts";
import type { BlockHeader } from "../../chain/types/block.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { address, data, hash, quantity } from "./fields.ts";
import { invalidAnswer, parseAnswer } from "./format.ts";
import {
  encodeL1Transaction,
  type SignedL1Transaction,
  signedTransaction,
  signerOf,
} from "./transactions.ts";

const header = z
  .object({
    hash,
    parentHash: hash,
    sha3Uncles: hash,
    miner: address,
    stateRoot: hash,
    transactionsRoot: hash,
    receiptsRoot: hash,
    logsBloom: data,
    difficulty: quantity,
    number: quantity,
    gasLimit: quantity,
    gasUsed: quantity,
    timestamp: quantity,
    extraData: data,
    mixHash: hash,
    nonce: data,
    baseFeePerGas: quantity.nullish(),
    withdrawalsRoot: hash.nullish(),
    blobGasUsed: quantity.nullish(),
    excessBlobGas: quantity.nullish(),
    parentBeaconBlockRoot: hash.nullish(),
    requestsHash: hash.nullish(),
  })
  .transform((fields) => ({
    ...fields,
    baseFeePerGas: fields.baseFeePerGas ?? undefined,
    withdrawalsRoot: fields.withdrawalsRoot ?? undefined,
    blobGasUsed: fields.blobGasUsed ?? undefined,
    excessBlobGas: fields.excessBlobGas ?? undefined,
    parentBeaconBlockRoot: fields.parentBeaconBlockRoot ?? undefined,
    requestsHash: fields.requestsHash ?? undefined,
  }));

const block = z.object({ transactions: z.array(signedTransaction) });
const receipt = z.object({
  type: quantity.default(0n),
  status: quantity,
  cumulativeGasUsed: quantity,
  logsBloom: data,
  logs: z.array(z.object({ address, topics: z.array(hash).max(4), data, logIndex: quantity })),
});

/** Two of the roots that a header commits to. */
interface Roots {
  transactionsRoot: Hash;
  receiptsRoot: Hash;
}

/** A block's header, whose hash was recomputed from its fields. @throws CodedError `L1_RESPONSE_INVALID`. */
export function verifyHeader(answer: unknown): BlockHeader {
  const method = "eth_getBlockByNumber";
  const fields = parseAnswer(method, header, answer);
  const found = hashHeader(fields);
  if (found !== fields.hash) throw lie(method, `its header's fields hash to ${found}, not to ${fields.hash}`);
  return fields;
}

/**
 * Recomputes all that derivation reads of a block: its hash, its transactions and receipts by their roots, log indices, and the
 * senders of transactions to the inbox. What is left to believe is that a block of this hash is on L1.
 * Source: op-node `sources/l1_client.go`, `receipts.go`. @throws CodedError `L1_RESPONSE_INVALID`.
 */
export function verifyL1Block(
  blockAnswer: unknown,
  receiptsAnswer: unknown,
  parsed: L1Block,
  inbox: Address | undefined,
): void {
  const roots = verifyHeader(blockAnswer);
  const { transactions } = parseAnswer("eth_getBlockByNumber", block, blockAnswer);
  verifyTransactions(transactions, roots, inbox);
  verifyReceipts(receiptsAnswer, roots, parsed);
}

function verifyTransactions(
  transactions: readonly SignedL1Transaction[],
  { transactionsRoot }: Roots,
  inbox: Address | undefined,
): void {
  const method = "eth_getBlockByNumber";
  const encoded = transactions.map((transaction) => {
    const bytes = encodeL1Transaction(transaction);
    if (bytes === undefined) throw lie(method, `this node knows no transactions of type ${transaction.type}`);
    if (keccakHash(bytes.raw) !== transaction.hash) {
      throw lie(method, `transaction ${transaction.hash} has fields that hash to something else`);
    }
    if (transaction.to === inbox && inbox !== undefined && signerOf(transaction) !== transaction.from) {
      throw lie(method, `transaction ${transaction.hash} is not signed by ${transaction.from}`);
    }
    return bytes;
  });
  if (listRoot(encoded.map(({ raw }) => raw)) === transactionsRoot) return;
  if (listRoot(encoded.map(({ network }) => network)) === transactionsRoot) return;
  throw lie(method, "its transactions do not have the root that its header says");
}

function verifyReceipts(answer: unknown, { receiptsRoot }: Roots, parsed: L1Block): void {
  const method = "eth_getBlockReceipts";
  const receipts = parseAnswer(method, z.array(receipt), answer);
  const encoded = receipts.map(({ type, status, cumulativeGasUsed, logsBloom, logs }) =>
    encodeReceipt({
      type: Number(type),
      status: status === 1n ? 1 : 0,
      cumulativeGasUsed,
      logsBloom,
      logs,
      gasUsed: 0n,
      effectiveGasPrice: 0n,
      contractAddress: undefined,
      depositNonce: undefined,
      depositReceiptVersion: undefined,
      l1: undefined,
    }),
  );
  if (listRoot(encoded) !== receiptsRoot) {
    throw lie(method, "the receipts do not have the root that the block's header says");
  }
  let index = 0;
  for (const { logIndex } of parsed.receipts.flatMap(({ logs }) => logs)) {
    if (logIndex !== index++)
      throw lie(method, `a log's index is ${logIndex}, it is the block's log ${index - 1}`);
  }
}

function lie(method: string, reason: string): CodedError {
  return invalidAnswer(
    method,
    reason,
    "Use an honest L1 node, or --l1-trust-rpc with one of your own whose blocks are not Ethereum's.",
  );
}
