import { Account, type Address, createAddressFromString } from "@ethereumjs/util";
import { DEPOSIT_TYPE } from "../../../chain/codec/deposit.ts";
import { depositReceiptVersion } from "../../../chain/rules/chain-spec.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import { floorGas, type GasSubject, intrinsicGas, isInitcodeTooLong } from "../../../chain/rules/gas.ts";
import type { DepositTransaction } from "../../../chain/types/transaction.ts";
import { creationAddress, type TxOutcome } from "../block/outcome.ts";
import type { BlockEnv } from "./block-env.ts";
import { runMessage, warmUp } from "./message.ts";

interface Attempt {
  succeeded: boolean;
  gasUsed: bigint;
  logs: TxOutcome["logs"];
}

/** Reasons for which a deposit is included as failed without running. */
async function refuses(env: BlockEnv, deposit: DepositTransaction, from: Address): Promise<boolean> {
  const regolith = isActive(env.rollup, "regolith", env.block.header.timestamp);
  if (deposit.isSystemTx && regolith) return true;
  const subject = gasSubject(deposit);
  if (
    deposit.gas < intrinsicGas(subject, env.rollup, env.block.header.timestamp) ||
    deposit.gas < floorGas(deposit.data, env.rollup, env.block.header.timestamp)
  )
    return true;
  const balance = (await env.state.getAccount(from))?.balance ?? 0n;
  return balance < deposit.value || isInitcodeTooLong(subject, env.rollup, env.block.header.timestamp);
}

function gasSubject(deposit: DepositTransaction): GasSubject {
  return {
    data: deposit.data,
    isCreation: deposit.to === undefined,
    accessListAddresses: 0,
    accessListSlots: 0,
    authorizations: 0,
  };
}

async function bumpNonce(env: BlockEnv, from: Address): Promise<void> {
  const account = (await env.state.getAccount(from)) ?? new Account();
  account.nonce += 1n;
  await env.evm.journal.putAccount(from, account);
}

async function attempt(env: BlockEnv, deposit: DepositTransaction, from: Address): Promise<Attempt> {
  const { evm, block } = env;
  const failed = await refuses(env, deposit, from);
  await bumpNonce(env, from);
  if (failed) return { succeeded: false, gasUsed: deposit.gas, logs: [] };
  const to = deposit.to === undefined ? undefined : createAddressFromString(deposit.to);
  warmUp(evm, block, from, to, []);
  return runMessage(evm, block, {
    from,
    to,
    value: deposit.value,
    data: deposit.data,
    gasLimit: deposit.gas,
    gasPrice: 0n,
    intrinsic: intrinsicGas(gasSubject(deposit), env.rollup, block.header.timestamp),
    floor: floorGas(deposit.data, env.rollup, block.header.timestamp),
    refund: 0n,
  });
}

async function mint(env: BlockEnv, from: Address, amount: bigint): Promise<void> {
  const account = (await env.state.getAccount(from)) ?? new Account();
  account.balance += amount;
  await env.evm.journal.putAccount(from, account);
}

/**
 * Executes a deposit: it always gets into the block. Mint and nonce stay even when it fails. Source: op-geth
 * `state_transition.go`. The caller has taken its gas out of the block's.
 */
export async function executeDeposit(env: BlockEnv, deposit: DepositTransaction): Promise<TxOutcome> {
  const { evm, rollup } = env;
  const time = env.block.header.timestamp;
  const from = createAddressFromString(deposit.from);
  const nonce = (await env.state.getAccount(from))?.nonce ?? 0n;
  if (deposit.mint !== undefined) await mint(env, from, deposit.mint);
  const result = await attempt(env, deposit, from);
  await evm.journal.cleanup();
  evm.stateManager.originalStorageCache.clear();
  const regolith = isActive(rollup, "regolith", time);
  const flatGas = deposit.isSystemTx ? 0n : deposit.gas;
  return {
    type: DEPOSIT_TYPE,
    status: result.succeeded ? 1 : 0,
    gasUsed: regolith ? result.gasUsed : flatGas,
    logs: result.logs,
    effectiveGasPrice: 0n,
    contractAddress:
      deposit.to === undefined ? creationAddress(deposit.from, regolith ? nonce : 0n) : undefined,
    depositNonce: regolith ? nonce : undefined,
    depositReceiptVersion: depositReceiptVersion(rollup, time),
    l1: undefined,
  };
}
