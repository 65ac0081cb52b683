import type { CustomCrypto } from "@ethereumjs/common";
import secp256k1 from "secp256k1";
import { concatBytes, setLengthLeft } from "../../../base/bytes.ts";
import { keccak256, sha256 } from "../../../chain/crypto.ts";

/** Recovery bit of a signature's v: 0/1, 27/28, or EIP-155 with `chainId`. */
function recoveryBit(v: bigint, chainId: bigint | undefined): number {
  if (v === 0n || v === 1n) return Number(v);
  if (v === 27n || v === 28n) return Number(v - 27n);
  const bit = chainId === undefined ? -1n : v - (chainId * 2n + 35n);
  if (bit !== 0n && bit !== 1n) throw new Error("invalid signature v value");
  return Number(bit);
}

function ecrecover(
  message: Uint8Array,
  v: bigint,
  r: Uint8Array,
  s: Uint8Array,
  chainId?: bigint,
): Uint8Array {
  const signature = concatBytes(setLengthLeft(r, 32), setLengthLeft(s, 32));
  return secp256k1.ecdsaRecover(signature, recoveryBit(v, chainId), message, false).slice(1);
}

/** The primitives that every ethereumjs object of the chain uses: wasm hashes and native recovery, 6 and 25 times its defaults. */
export const chainCrypto: CustomCrypto = {
  keccak256,
  sha256,
  ecrecover,
  ecdsaRecover: (signature, recovery, message) => secp256k1.ecdsaRecover(signature, recovery, message, true),
};
