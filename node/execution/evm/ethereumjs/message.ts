import type { EVM, EVMResult, Log as EvmLog } from "@ethereumjs/evm";
import {
  Address,
  bigIntMax,
  bigIntMin,
  bytesToHex,
  bytesToUnprefixedHex,
  hexToBytes,
} from "@ethereumjs/util";
import { MAX_REFUND_QUOTIENT } from "../../../chain/rules/chain-spec.ts";
import type { Log } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";
import type { EvmBlock } from "./block-env.ts";

export interface AccessListItem {
  address: Uint8Array;
  slots: readonly Uint8Array[];
}

/** An access list in the form that {@link warmUp} takes. */
export function accessItems(list: readonly AccessListEntry[]): AccessListItem[] {
  return list.map(({ address, storageKeys }) => ({
    address: hexToBytes(address),
    slots: storageKeys.map((key) => hexToBytes(key)),
  }));
}

/** One message on top of the state: the sender's nonce and fees are dealt with already. */
export interface TopMessage {
  from: Address;
  to: Address | undefined;
  value: bigint;
  data: Uint8Array;
  gasLimit: bigint;
  gasPrice: bigint;
  intrinsic: bigint;
  floor: bigint;
  /** Refund that came up before execution (EIP-7702). */
  refund: bigint;
}

export interface MessageResult {
  succeeded: boolean;
  /** Intrinsic and execution gas, less refunds, at least the floor. */
  gasUsed: bigint;
  gasRefunded: bigint;
  /** Before refunds, but at least the floor. */
  maxGasUsed: bigint;
  logs: Log[];
  returnData: Uint8Array;
  /** The EVM's name of the halt or "revert"; undefined on success. */
  exception: string | undefined;
}

function toLog([address, topics, data]: EvmLog): Log {
  return {
    address: bytesToHex(address),
    topics: topics.map((topic): Hash => bytesToHex(topic)),
    data,
  };
}

/** EIP-2929 and 3651: what is warm when a transaction starts. */
export function warmUp(
  evm: EVM,
  block: EvmBlock,
  from: Address,
  to: Address | undefined,
  accessList: readonly AccessListItem[],
  precompiles: Iterable<string> = evm.precompiles.keys(),
): void {
  const { journal } = evm;
  for (const address of precompiles) journal.addAlwaysWarmAddress(address);
  journal.addAlwaysWarmAddress(bytesToUnprefixedHex(from.bytes));
  if (to !== undefined) journal.addAlwaysWarmAddress(bytesToUnprefixedHex(to.bytes));
  if (evm.common.isActivatedEIP(3651)) {
    journal.addAlwaysWarmAddress(bytesToUnprefixedHex(block.header.coinbase.bytes));
  }
  for (const { address, slots } of accessList) {
    const hex = bytesToUnprefixedHex(address);
    journal.addAlwaysWarmAddress(hex, true);
    for (const slot of slots) journal.addAlwaysWarmSlot(hex, bytesToUnprefixedHex(slot), true);
  }
}

/** EIP-6780 (Cancun): only accounts made in the same transaction go away. */
async function destroyAccounts(evm: EVM, result: EVMResult["execResult"]): Promise<void> {
  if (result.selfdestruct === undefined) return;
  for (const [address] of result.selfdestruct) {
    if (evm.common.isActivatedEIP(6780) && !result.createdAddresses?.has(address)) continue;
    await evm.journal.deleteAccount(new Address(hexToBytes(address)));
  }
}

/** Runs the message in the EVM and settles its gas; warm sets must be in place. */
export async function runMessage(evm: EVM, block: EvmBlock, message: TopMessage): Promise<MessageResult> {
  const { execResult } = await evm.runCall({
    block,
    gasPrice: message.gasPrice,
    caller: message.from,
    origin: message.from,
    to: message.to,
    value: message.value,
    data: message.data,
    gasLimit: message.gasLimit - message.intrinsic,
    skipNonceIncrement: true,
  });
  const succeeded = execResult.exceptionError === undefined;
  if (succeeded) await destroyAccounts(evm, execResult);
  const spent = message.intrinsic + execResult.executionGasUsed;
  const claimed = message.refund + (succeeded ? (execResult.gasRefund ?? 0n) : 0n);
  const refunded = bigIntMin(claimed, spent / MAX_REFUND_QUOTIENT);
  const net = spent - refunded;
  return {
    succeeded,
    gasUsed: bigIntMax(net, message.floor),
    gasRefunded: refunded,
    maxGasUsed: bigIntMax(spent, message.floor),
    logs: succeeded ? (execResult.logs ?? []).map(toLog) : [],
    returnData: execResult.returnValue,
    exception: execResult.exceptionError?.error,
  };
}
