import { bigIntToBytes } from "../../base/bytes.ts";
import { keccak256, type RecoveryJob, recoverSender, SECP256K1_HALF_ORDER } from "../crypto.ts";
import type { Address } from "../types/primitives.ts";
import type { Authorization } from "../types/transaction.ts";
import { encodeRlp } from "./rlp.ts";
import { authorizationMessage } from "./transaction-fields.ts";

const MAGIC = 0x05;

/** What recovering an EIP-7702 authorization's signer takes; undefined for a signature that no key makes. */
export function authorizationJob(authorization: Authorization): RecoveryJob | undefined {
  const { yParity, r, s } = authorization;
  if ((yParity !== 0 && yParity !== 1) || s > SECP256K1_HALF_ORDER) return undefined;
  const digest = keccak256(encodeRlp(authorizationMessage(authorization), MAGIC));
  return { digest, r: bigIntToBytes(r, 32), s: bigIntToBytes(s, 32), yParity };
}

/** Who signed the authorization; undefined when nobody did. */
export function authorityOf(authorization: Authorization): Address | undefined {
  const job = authorizationJob(authorization);
  return job === undefined ? undefined : recoverSender(job);
}
