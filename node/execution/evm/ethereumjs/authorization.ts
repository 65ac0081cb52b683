import type { EVM } from "@ethereumjs/evm";
import { Account, createAddressFromString } from "@ethereumjs/util";
import { MAX_UINT64 } from "../../../base/bigint.ts";
import { concatBytes, hexToBytes } from "../../../base/bytes.ts";
import { authorityOf } from "../../../chain/codec/authorization.ts";
import type { Authorization } from "../../../chain/types/transaction.ts";
import { DELEGATION, isDelegation } from "../block/authorization.ts";

/** PER_EMPTY_ACCOUNT_COST - PER_AUTH_BASE_COST. */
const EXISTING_ACCOUNT_REFUND = 12_500n;

async function apply(evm: EVM, chainId: bigint, authorization: Authorization): Promise<bigint> {
  const { chainId: forChain, nonce } = authorization;
  if (forChain !== 0n && forChain !== chainId) return 0n;
  if (nonce >= MAX_UINT64) return 0n;
  const authority = authorityOf(authorization);
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
  const target = hexToBytes(authorization.address);
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
