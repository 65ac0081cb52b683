import { bytesToHex } from "../../../base/bytes.ts";
import { authorityOf } from "../../../chain/codec/authorization.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { Authorization } from "../../../chain/types/transaction.ts";

const DELEGATION_LENGTH = 23;

/** What begins the code that EIP-7702 puts on a delegating account; the target's address follows. */
export const DELEGATION = Uint8Array.of(0xef, 0x01, 0x00);

/** True for the code that EIP-7702 puts on a delegating account. */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === DELEGATION_LENGTH && DELEGATION.every((byte, i) => code[i] === byte);
}

/** Where an account with this code delegates to (EIP-7702). */
export function delegationTarget(code: Uint8Array): Address | undefined {
  return isDelegation(code) ? bytesToHex(code.subarray(DELEGATION.length)) : undefined;
}

/** The authorizations whose signer can be told. */
export function delegationsOf(
  authorizations: readonly Authorization[],
): { signer: Address; target: Address }[] {
  return authorizations.flatMap((authorization) => {
    const signer = authorityOf(authorization);
    return signer === undefined ? [] : [{ signer, target: authorization.address }];
  });
}
