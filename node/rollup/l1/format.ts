import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import type { L1Block, L1BlockRef, L1Receipt, L1Transaction } from "../../chain/types/l1.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";
import { address, data, hash, quantity } from "./fields.ts";

const header = z.object({ hash, number: quantity, parentHash: hash, timestamp: quantity });

const transaction = z
  .object({
    hash,
    type: quantity.optional(),
    from: address,
    to: address.nullish(),
    input: data,
    blobVersionedHashes: z.array(hash).nullish(),
  })
  .transform(
    ({ blobVersionedHashes, ...tx }): L1Transaction => ({
      ...tx,
      type: Number(tx.type ?? 0n),
      to: tx.to ?? undefined,
      ...(blobVersionedHashes != null && { blobHashes: blobVersionedHashes }),
    }),
  );

const block = header.extend({
  baseFeePerGas: quantity,
  mixHash: hash,
  parentBeaconBlockRoot: hash.nullish(),
  excessBlobGas: quantity.nullish(),
  transactions: z.array(transaction),
});

const log = z
  .object({ address, topics: z.array(hash).max(4), data, logIndex: quantity })
  .transform((entry) => ({ ...entry, logIndex: Number(entry.logIndex) }));

const receipt = z.object({
  status: quantity,
  transactionHash: hash,
  blockHash: hash,
  logs: z.array(log),
});

/** Parses a block without its transactions; null is a block that L1 does not have. @throws CodedError `L1_RESPONSE_INVALID`. */
export function parseL1Ref(answer: unknown): L1BlockRef | undefined {
  return answer === null ? undefined : parseAnswer("eth_getBlockByNumber", header, answer);
}

/**
 * Parses a block with transactions and its receipts and checks that they belong together.
 * @throws CodedError `L1_RESPONSE_INVALID`.
 */
export function parseL1Block(blockAnswer: unknown, receiptsAnswer: unknown): L1Block {
  const fields = parseAnswer("eth_getBlockByNumber", block, blockAnswer);
  const receipts = parseAnswer("eth_getBlockReceipts", z.array(receipt), receiptsAnswer);
  if (receipts.length !== fields.transactions.length) {
    throw invalidAnswer(
      "eth_getBlockReceipts",
      `${receipts.length} receipts for ${fields.transactions.length} transactions`,
    );
  }
  receipts.forEach((entry, index) => {
    if (entry.blockHash !== fields.hash || entry.transactionHash !== fields.transactions[index]?.hash) {
      throw invalidAnswer("eth_getBlockReceipts", `receipt ${index} belongs to another block or transaction`);
    }
  });
  return {
    ...fields,
    parentBeaconBlockRoot: fields.parentBeaconBlockRoot ?? undefined,
    excessBlobGas: fields.excessBlobGas ?? undefined,
    receipts: receipts.map(({ status, logs }): L1Receipt => ({ status: status === 1n ? 1 : 0, logs })),
  };
}

/** Parses a number such as the answer to `eth_chainId`. @throws CodedError `L1_RESPONSE_INVALID`. */
export function parseQuantity(method: string, answer: unknown): bigint {
  return parseAnswer(method, quantity, answer);
}

/** Parses a transaction hash. @throws CodedError `L1_RESPONSE_INVALID`. */
export function parseHash(method: string, answer: unknown): Hash {
  return parseAnswer(method, hash, answer);
}

/** @throws CodedError `L1_RESPONSE_INVALID` where the answer has another form. */
export function parseAnswer<T>(method: string, schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalidAnswer(method, `${issue?.path.join(".") || "answer"}: ${issue?.message ?? "unreadable"}`);
}

/** The error for an answer that is not what it should be. */
export function invalidAnswer(
  method: string,
  reason: string,
  fix = "Use an L1 node that implements the execution API; this node tries again by itself.",
): CodedError {
  return rollupError("L1_RESPONSE_INVALID", {
    message: `The L1 node's answer to ${method} can't be used: ${reason}.`,
    fix,
    facts: { method, reason },
  });
}
