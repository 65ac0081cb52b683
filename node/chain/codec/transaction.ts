import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createTxFromRLP } from "@ethereumjs/tx";
import { chainCrypto, keccakHash } from "../crypto.ts";
import { chainError } from "../errors.ts";
import type { ChainTransaction } from "../types/block.ts";
import { DEPOSIT_TYPE, decodeDeposit } from "./deposit.ts";

/** The part of the rollup config that transaction signatures depend on. */
export interface TransactionRules {
  l2ChainId: bigint;
}

const commons = new Map<bigint, Common>();

function decodingCommon(chainId: bigint): Common {
  let common = commons.get(chainId);
  if (common === undefined) {
    common = new Common({
      chain: { ...Mainnet, chainId: chainId.toString() },
      hardfork: Hardfork.Prague,
      customCrypto: chainCrypto,
    });
    commons.set(chainId, common);
  }
  return common;
}

/**
 * Decodes an EIP-2718 envelope of type 0, 1, 2, 4 or 0x7E and recovers its sender.
 * Whether its type is allowed in a block is the executor's question.
 * @throws CodedError `TRANSACTION_INVALID`: bad encoding, another chain's id, bad signature, blob or unknown type.
 */
export function decodeTransaction(raw: Uint8Array, rules: TransactionRules): ChainTransaction {
  const hash = keccakHash(raw);
  if (raw[0] === DEPOSIT_TYPE) {
    const deposit = decodeDeposit(raw);
    return { kind: "deposit", raw, hash, from: deposit.from, deposit };
  }
  if (raw[0] === 3) {
    throw chainError("TRANSACTION_INVALID", {
      message: "Blob transactions (type 3) don't exist on an OP Stack L2.",
      facts: { hash },
    });
  }
  try {
    const signed = createTxFromRLP(raw, { common: decodingCommon(rules.l2ChainId) });
    const from = signed.getSenderAddress().toString();
    return { kind: "signed", raw, hash, from, signed };
  } catch (cause) {
    throw chainError("TRANSACTION_INVALID", {
      message: `Transaction can't be decoded: ${cause instanceof Error ? cause.message : String(cause)}`,
      fix: "Sign it for this chain's id and send its EIP-2718 envelope.",
      facts: { hash, type: raw[0], chainId: rules.l2ChainId },
      cause,
    });
  }
}

/** EIP-2718 type of a transaction; 0 for legacy. */
export function transactionType(transaction: ChainTransaction): number {
  return transaction.kind === "deposit" ? DEPOSIT_TYPE : transaction.signed.type;
}
