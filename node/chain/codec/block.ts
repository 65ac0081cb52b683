import { type NestedUint8Array, RLP } from "@ethereumjs/rlp";
import { keccakHash } from "../crypto.ts";
import { chainError } from "../errors.ts";
import type { Block, ChainTransaction } from "../types/block.ts";
import { fieldReader } from "./fields.ts";
import { encodeHeader, headerFields, headerFromFields } from "./header.ts";
import { decodeTransaction, type TransactionRules } from "./transaction.ts";

const LIST_PREFIX = 0xc0;

/** A transaction inside a block body: legacy ones are lists, typed ones byte strings. */
function bodyItem(transaction: ChainTransaction): Uint8Array | NestedUint8Array {
  return transaction.raw[0]! >= LIST_PREFIX ? RLP.decode(transaction.raw) : transaction.raw;
}

/** RLP of [header, transactions, uncles, withdrawals], as `debug_getRawBlock` gives it; withdrawals from Canyon on. */
export function encodeBlock(block: Block): Uint8Array {
  const body: NestedUint8Array = [headerFields(block.header), block.transactions.map(bodyItem), []];
  if (block.header.withdrawalsRoot !== undefined) body.push([]);
  return RLP.encode(body);
}

const read = fieldReader("BLOCK_ENCODING_INVALID", "Block");

/**
 * Inverse of {@link encodeBlock}; recovers all senders.
 * @throws CodedError `BLOCK_ENCODING_INVALID`, `HEADER_INVALID`, `TRANSACTION_INVALID`.
 */
export function decodeBlock(raw: Uint8Array, rules: TransactionRules): Block {
  let decoded: unknown;
  try {
    decoded = RLP.decode(raw);
  } catch (cause) {
    throw chainError("BLOCK_ENCODING_INVALID", { message: "Block: bad RLP.", cause });
  }
  const [fields, transactions, uncles, withdrawals] = read.list(decoded, "block");
  const header = headerFromFields(fields);
  if (
    read.list(uncles, "uncles").length > 0 ||
    (withdrawals !== undefined && read.list(withdrawals, "withdrawals").length > 0)
  ) {
    throw chainError("BLOCK_ENCODING_INVALID", {
      message: "Block has uncles or withdrawals; an L2 has neither.",
    });
  }
  const items = read
    .list(transactions, "transactions")
    .map((item) =>
      decodeTransaction(item instanceof Uint8Array ? item : RLP.encode(item as NestedUint8Array), rules),
    );
  return { hash: keccakHash(encodeHeader(header)), header, transactions: items };
}
