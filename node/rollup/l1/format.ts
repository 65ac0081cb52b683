import { z } from "zod";
import { hexToBytes } from "../../base/bytes.ts";
import type { CodedError } from "../../base/errors.ts";
import type { L1Block, L1BlockRef, L1Receipt, L1Transaction } from "../../chain/types/l1.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";

const lowerHex = (pattern: RegExp) =>
  z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.string().regex(pattern));
const hash = lowerHex(/^0x[0-9a-f]{64}$/).transform((text) => text as Hash);
const address = lowerHex(/^0x[0-9a-f]{40}$/).transform((text) => text as Address);
const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform(BigInt);
const data = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/)
  .transform((text) => hexToBytes(text as Hex));

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
  return answer === null ? undefined : parse("eth_getBlockByNumber", header, answer);
}

/**
 * Parses a block with transactions and its receipts and checks that they belong together.
 * @throws CodedError `L1_RESPONSE_INVALID`.
 */
export function parseL1Block(blockAnswer: unknown, receiptsAnswer: unknown): L1Block {
  const fields = parse("eth_getBlockByNumber", block, blockAnswer);
  const receipts = parse("eth_getBlockReceipts", z.array(receipt), receiptsAnswer);
  if (receipts.length !== fields.transactions.length) {
    throw invalid(
      "eth_getBlockReceipts",
      `${receipts.length} receipts for ${fields.transactions.length} transactions`,
    );
  }
  receipts.forEach((entry, index) => {
    if (entry.blockHash !== fields.hash || entry.transactionHash !== fields.transactions[index]?.hash) {
      throw invalid("eth_getBlockReceipts", `receipt ${index} belongs to another block or transaction`);
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
  return parse(method, quantity, answer);
}

/** Parses a transaction hash. @throws CodedError `L1_RESPONSE_INVALID`. */
export function parseHash(method: string, answer: unknown): Hash {
  return parse(method, hash, answer);
}

function parse<T>(method: string, schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(method, `${issue?.path.join(".") || "answer"}: ${issue?.message ?? "unreadable"}`);
}

function invalid(method: string, reason: string): CodedError {
  return rollupError("L1_RESPONSE_INVALID", {
    message: `The L1 node's answer to ${method} can't be used: ${reason}.`,
    fix: "Use an L1 node that implements the execution API; this node tries again by itself.",
    facts: { method, reason },
  });
}
