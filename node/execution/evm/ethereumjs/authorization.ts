import type { EVM } from "@ethereumjs/evm";
import { RLP } from "@ethereumjs/rlp";
import {
  Account,
  bytesToBigInt,
  concatBytes,
  createAddressFromString,
  SECP256K1_ORDER_DIV_2,
  setLengthLeft,
} from "@ethereumjs/util";
import { keccak256, recoverAddress } from "../../../chain/crypto.ts";
import type { Address } from "../../../chain/types/primitives.ts";

/** EIP-7702 tuple: chain id, address, nonce, yParity, r, s. */
export type Authorization = readonly [
  chainId: Uint8Array,
  address: Uint8Array,
  nonce: Uint8Array,
  yParity: Uint8Array,
  r: Uint8Array,
  s: Uint8Array,
];

const MAGIC = Uint8Array.of(0x05);
const DELEGATION = Uint8Array.of(0xef, 0x01, 0x00);
const MAX_NONCE = (1n << 64n) - 1n;
/** PER_EMPTY_ACCOUNT_COST - PER_AUTH_BASE_COST. */
const EXISTING_ACCOUNT_REFUND = 12_500n;

/** True for the code that EIP-7702 puts on a delegating account. */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && DELEGATION.every((byte, i) => code[i] === byte);
}

function signer(authorization: Authorization): Address | undefined {
  const [chainId, address, nonce, yParity, r, s] = authorization;
  const parity = bytesToBigInt(yParity);
  if (parity > 1n || bytesToBigInt(s) > SECP256K1_ORDER_DIV_2) return undefined;
  const message = keccak256(concatBytes(MAGIC, RLP.encode([chainId, address, nonce])));
  try {
    return recoverAddress(message, concatBytes(setLengthLeft(r, 32), setLengthLeft(s, 32)), Number(parity));
  } catch {
    return undefined;
  }
}

async function apply(evm: EVM, chainId: bigint, authorization: Authorization): Promise<bigint> {
  const forChain = bytesToBigInt(authorization[0]);
  if (forChain !== 0n && forChain !== chainId) return 0n;
  const nonce = bytesToBigInt(authorization[2]);
  if (nonce >= MAX_NONCE) return 0n;
  const authority = signer(authorization);
  if (authority === undefined) return 0n;
  evm.journal.addAlwaysWarmAddress(authority);
  const address = createAddressFromString(authority);
  const existing = await evm.stateManager.getAccount(address);
  const code = await evm.stateManager.getCode(address);
  if (code.length > 0 && !isDelegation(code)) return 0n;
  const account = existing ?? new Account();
  if (account.nonce !== nonce) return 0n;
  account.nonce += 1n;
  await evm.journal.putAccount(address, account);
  const target = authorization[1];
  const clears = target.every((byte) => byte === 0);
  await evm.stateManager.putCode(address, clears ? new Uint8Array(0) : concatBytes(DELEGATION, target));
  return existing === undefined ? 0n : EXISTING_ACCOUNT_REFUND;
}

/** Applies a set-code transaction's authorizations in order, skipping invalid ones; gives the gas refund. */
export async function applyAuthorizations(
  evm: EVM,
  chainId: bigint,
  authorizations: readonly Authorization[],
): Promise<bigint> {
  let refund = 0n;
  for (const authorization of authorizations) refund += await apply(evm, chainId, authorization);
  return refund;
}
