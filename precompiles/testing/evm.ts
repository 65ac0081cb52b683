import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createBlock } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM, type EVM, type EVMResult } from "@ethereumjs/evm";
import { SimpleStateManager } from "@ethereumjs/statemanager";
import { Account, createAddressFromString } from "@ethereumjs/util";
import { concatHex, getContractAddress, hexToBytes } from "viem";
import { packageRoot } from "../../node/base/paths.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import {
  attributionPrecompiles,
  installFrameCapture,
} from "../../node/execution/evm/ethereumjs/attribution-precompiles.ts";
import { chainCrypto } from "../../node/execution/evm/ethereumjs/crypto.ts";
import { OWN_PRECOMPILES, PRECOMPILE_STUB_CODE, PRECOMPILE_STUB_NONCE } from "../addresses.ts";

/** An EVM in memory with our precompiles, for their tests and the price comparison. */

export const CALLER: Address = "0x00000000000000000000000000000000000ca11e";
const BLOCK_TIMESTAMP = 1_000n;

export async function createTestEvm(isActive = true): Promise<EVM> {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague, customCrypto: chainCrypto });
  const evm = await createEVM({
    common,
    stateManager: new SimpleStateManager({ common }),
    customPrecompiles: isActive ? attributionPrecompiles(OWN_PRECOMPILES) : [],
  });
  installFrameCapture(evm);
  for (const precompile of isActive ? OWN_PRECOMPILES : []) {
    await setCode(evm, precompile, PRECOMPILE_STUB_CODE, PRECOMPILE_STUB_NONCE);
  }
  await setBalance(evm, CALLER, 10n ** 27n);
  return evm;
}

export async function setCode(evm: EVM, at: Address, code: Uint8Array, nonce = 1n): Promise<void> {
  const address = createAddressFromString(at);
  await evm.stateManager.putAccount(address, new Account(nonce));
  await evm.stateManager.putCode(address, code);
}

export async function setBalance(evm: EVM, of: Address, balance: bigint): Promise<void> {
  const address = createAddressFromString(of);
  const account = (await evm.stateManager.getAccount(address)) ?? new Account();
  account.balance = balance;
  await evm.stateManager.putAccount(address, account);
}

export async function balanceOf(evm: EVM, of: Address): Promise<bigint> {
  return (await evm.stateManager.getAccount(createAddressFromString(of)))?.balance ?? 0n;
}

function testBlock(evm: EVM, timestamp: bigint) {
  return createBlock({ header: { timestamp, number: timestamp, baseFeePerGas: 0n } }, { common: evm.common });
}

export interface CallOptions {
  value?: bigint;
  gas?: bigint;
  isStatic?: boolean;
  /** CALLER unless given. */
  from?: Address;
  /** Seconds, and the block's number too; 1000 unless given. */
  timestamp?: bigint;
}

/** Calls `to` in a block of its own. */
export async function call(evm: EVM, to: Address, data: Hex, options: CallOptions = {}): Promise<EVMResult> {
  const result = await evm.runCall({
    caller: createAddressFromString(options.from ?? CALLER),
    to: createAddressFromString(to),
    data: hexToBytes(data),
    value: options.value ?? 0n,
    gasLimit: options.gas ?? 500_000_000n,
    isStatic: options.isStatic ?? false,
    block: testBlock(evm, options.timestamp ?? BLOCK_TIMESTAMP),
  });
  evm.journal.cleanJournal();
  return result;
}

/** One of our contracts as forge compiled it; undefined when the contracts are not built. */
export function compiled(name: string): { creation: Hex; runtime: Uint8Array } | undefined {
  const artifact = join(packageRoot(), "contracts/out", `${name}.sol`, `${name}.json`);
  if (!existsSync(artifact)) return undefined;
  const { bytecode, deployedBytecode } = JSON.parse(readFileSync(artifact, "utf8"));
  return { creation: bytecode.object, runtime: hexToBytes(deployedBytecode.object) };
}

/** Where the contract will be that CALLER deploys after `steps` others. */
export async function addressOfNext(evm: EVM, steps: number): Promise<Address> {
  const account = await evm.stateManager.getAccount(createAddressFromString(CALLER));
  return getContractAddress({ from: CALLER, nonce: (account?.nonce ?? 0n) + BigInt(steps) });
}

/** Deploys one of our contracts with its constructor's arguments, ABI-encoded. */
export async function deploy(evm: EVM, name: string, constructorArguments: Hex): Promise<Address> {
  const code = compiled(name);
  if (code === undefined) throw new Error(`${name} is not compiled: run node contracts/build.mjs`);
  const caller = createAddressFromString(CALLER);
  const result = await evm.runCall({
    caller,
    data: hexToBytes(concatHex([code.creation, constructorArguments])),
    gasLimit: 100_000_000n,
    block: testBlock(evm, BLOCK_TIMESTAMP),
  });
  evm.journal.cleanJournal();
  if (result.execResult.exceptionError !== undefined || result.createdAddress === undefined) {
    throw new Error(`${name}: ${result.execResult.exceptionError?.error}`);
  }
  return result.createdAddress.toString();
}
