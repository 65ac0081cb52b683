import type { EVM } from "@ethereumjs/evm";
import { Account, createAddressFromString, hexToBytes } from "@ethereumjs/util";
import { BEACON_ROOTS, HISTORY_STORAGE, SYSTEM_CALLER } from "../../../chain/constants.ts";
import { SYSTEM_CALL_GAS } from "../../../chain/rules/chain-spec.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import { type OpeningCode, openingCode } from "../block/opening-code.ts";
import type { ChainRules } from "../executor.ts";
import type { BlockEnv, EvmBlock } from "./block-env.ts";

/** Runs the contract's code in place: neither the caller's account nor a transfer is part of a system call. */
export async function systemCall(evm: EVM, block: EvmBlock, to: Address, word: Hash): Promise<void> {
  const address = createAddressFromString(to);
  const code = await evm.stateManager.getCode(address);
  if (code.length === 0) return;
  await evm.journal.checkpoint();
  const { exceptionError } = await evm.runCode({
    block,
    caller: createAddressFromString(SYSTEM_CALLER),
    to: address,
    code,
    gasLimit: SYSTEM_CALL_GAS,
    gasPrice: 0n,
    value: 0n,
    data: hexToBytes(word),
  });
  await (exceptionError === undefined ? evm.journal.commit() : evm.journal.revert());
  await evm.journal.cleanup();
  evm.stateManager.originalStorageCache.clear();
}

async function putCode(evm: EVM, { address: to, nonce, code }: OpeningCode): Promise<void> {
  const address = createAddressFromString(to);
  const account = (await evm.stateManager.getAccount(address)) ?? new Account();
  account.nonce = nonce ?? account.nonce;
  await evm.journal.putAccount(address, account);
  await evm.stateManager.putCode(address, code);
}

/** What happens before a block's first transaction: EIP-4788, EIP-2935, and the code that a fork's activation brings. */
export async function startBlock(
  env: BlockEnv,
  rules: ChainRules,
  parentHash: Hash,
  parentBeaconBlockRoot: Hash,
): Promise<void> {
  const time = env.block.header.timestamp;
  if (isActive(env.rollup, "ecotone", time))
    await systemCall(env.evm, env.block, BEACON_ROOTS, parentBeaconBlockRoot);
  if (isActive(env.rollup, "isthmus", time))
    await systemCall(env.evm, env.block, HISTORY_STORAGE, parentHash);
  const codes = openingCode(rules, time);
  for (const put of codes) await putCode(env.evm, put);
  if (codes.length > 0) await env.evm.journal.cleanup();
}
