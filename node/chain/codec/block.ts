import { keccakHash } from "../crypto.ts";
import { chainError } from "../errors.ts";
import type { Block } from "../types/block.ts";
import type { ChainTransaction } from "../types/transaction.ts";
import { fieldReader } from "./fields.ts";
import { encodeHeader, headerFields, headerFromFields } from "./header.ts";
import { decodeRlp, encodeRlp, type RlpItem, rlpLength, rlpListLength } from "./rlp.ts";
import { decodeTransaction, type TransactionRules } from "./transaction.ts";

const LIST_PREFIX = 0xc0;

/** A transaction inside a block body: legacy ones are lists, typed ones byte strings. */
function bodyItem({ raw }: ChainTransaction): RlpItem {
  return raw[0]! >= LIST_PREFIX ? decodeRlp(raw) : raw;
}

/** RLP of [header, transactions, uncles, withdrawals], as `debug_getRawBlock` gives it; withdrawals from Canyon on. */
export function encodeBlock({ header, transactions }: Block): Uint8Array {
  const body: RlpItem[] = [headerFields(header), transactions.map(bodyItem), []];
  if (header.withdrawalsRoot !== undefined) body.push([]);
  return encodeRlp(body);
}

/** Bytes of {@link encodeBlock}, reckoned from the lengths of its parts. */
export function blockSize({ header, transactions }: Block): number {
  let body = 0;
  for (const { raw } of transactions) body += raw[0]! >= LIST_PREFIX ? raw.length : rlpLength(raw);
  const withdrawals = header.withdrawalsRoot === undefined ? 0 : 1;
  return rlpListLength(rlpLength(headerFields(header)) + rlpListLength(body) + 1 + withdrawals);
}

const read = fieldReader("BLOCK_ENCODING_INVALID", "Block");

/**
 * Inverse of {@link encodeBlock}; recovers all senders.
 * @throws CodedError `BLOCK_ENCODING_INVALID`, `HEADER_INVALID`, `TRANSACTION_INVALID`.
 */
export function decodeBlock(raw: Uint8Array, rules: TransactionRules): Block {
  let decoded: RlpItem;
  try {
    decoded = decodeRlp(raw);
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
    .map((item) => decodeTransaction(item instanceof Uint8Array ? item : encodeRlp(item as RlpItem), rules));
  return { hash: keccakHash(encodeHeader(header)), header, transactions: items };
}
