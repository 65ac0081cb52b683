import secp256k1 from "secp256k1";
import { serializeTransaction, type TransactionSerializableEIP1559 } from "viem";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Hex } from "../../chain/types/primitives.ts";

/**
 * The signed bytes of an EIP-1559 transaction. viem's own signing hashes in JavaScript, several milliseconds of the chain's
 * thread for a frame of 120 kB; the bytes are the same.
 */
export function signL1Transaction(privateKey: Hex, transaction: TransactionSerializableEIP1559): Hex {
  const digest = keccak256(hexToBytes(serializeTransaction(transaction)));
  const { signature, recid } = secp256k1.ecdsaSign(digest, hexToBytes(privateKey));
  return serializeTransaction(transaction, {
    r: bytesToHex(signature.subarray(0, 32)),
    s: bytesToHex(signature.subarray(32)),
    yParity: recid,
  });
}
