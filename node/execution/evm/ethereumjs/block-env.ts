import type { EVM } from "@ethereumjs/evm";
import { Account, type Address, createAddressFromString, hexToBytes } from "@ethereumjs/util";
import type { FeeContext } from "../../../chain/rules/rollup-fees.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { Address as AddressHex } from "../../../chain/types/primitives.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import type { ChainState } from "./chain-state.ts";

/** The part of a block that the EVM sees. */
export interface EvmBlock {
  header: {
    number: bigint;
    coinbase: Address;
    timestamp: bigint;
    difficulty: bigint;
    prevRandao: Uint8Array;
    gasLimit: bigint;
    baseFeePerGas: bigint;
    getBlobGasPrice(): bigint;
  };
}

export type EvmBlockFields = Pick<
  BlockHeader,
  "number" | "miner" | "timestamp" | "mixHash" | "gasLimit" | "baseFeePerGas"
>;

/** BLOBBASEFEE is 1 on every L2 block: its excess blob gas is 0. A call may see another. */
export function evmBlock(fields: EvmBlockFields, blobBaseFee = 1n): EvmBlock {
  return {
    header: {
      number: fields.number,
      coinbase: createAddressFromString(fields.miner),
      timestamp: fields.timestamp,
      difficulty: 0n,
      prevRandao: hexToBytes(fields.mixHash),
      gasLimit: fields.gasLimit,
      baseFeePerGas: fields.baseFeePerGas ?? 0n,
      getBlobGasPrice: () => blobBaseFee,
    },
  };
}

/** Everything that executing a transaction of a block needs. */
export interface BlockEnv {
  rollup: RollupConfig;
  evm: EVM;
  state: ChainState;
  block: EvmBlock;
  /** L1 fee parameters, read once after the L1 attributes transaction. */
  fees: FeeContext | undefined;
}

/** Adds to a balance through the journal, touching the account even by 0 (EIP-161 then removes it if empty). */
export async function credit(evm: EVM, to: AddressHex, amount: bigint): Promise<void> {
  const address = createAddressFromString(to);
  const account = (await evm.stateManager.getAccount(address)) ?? new Account();
  account.balance += amount;
  await evm.journal.putAccount(address, account);
}
