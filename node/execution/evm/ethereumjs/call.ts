import type { EVM } from "@ethereumjs/evm";
import {
  Account,
  type Address,
  bigIntMax,
  createAddressFromString,
  createContractAddress,
  hexToBytes,
} from "@ethereumjs/util";
import type { BlockHeader } from "../../../chain/types/block.ts";
import { executionError } from "../../errors.ts";
import { ChainState } from "../../state/chain-state.ts";
import type { NodeStore } from "../../state/node-store.ts";
import type { AccessListEntry, AccessListResult, CallRequest, CallResult } from "../executor.ts";
import { type Authorization, applyAuthorizations } from "./authorization.ts";
import { evmBlock } from "./block-env.ts";
import { type ChainRules, createChainEvm } from "./chain-evm.ts";
import { floorGas, intrinsicGas } from "./intrinsic-gas.ts";
import { type AccessListItem, type MessageResult, runMessage, warmUp } from "./message.ts";

const REVERT = "revert";

/** A simulated message's result with what gas estimation needs beyond a {@link CallResult}. */
export interface Simulation {
  result: MessageResult;
  gasUsed: bigint;
  gasRefunded: bigint;
  /** Touched addresses and slots (0x-prefixed), precompiles left out. */
  touched: AccessListEntry[];
}

function accessList(request: CallRequest): AccessListItem[] {
  return (request.accessList ?? []).map(({ address, storageKeys }) => ({
    address: hexToBytes(address),
    slots: storageKeys.map((key) => hexToBytes(key)),
  }));
}

async function assertFunds(state: ChainState, request: CallRequest): Promise<void> {
  const balance = (await state.getAccount(createAddressFromString(request.from)))?.balance ?? 0n;
  const want = request.gas * request.gasPrice + request.value;
  if (balance >= want) return;
  throw executionError("CALL_FUNDS", {
    message: `insufficient funds for gas * price + value: address ${request.from} have ${balance} want ${want}`,
    facts: { from: request.from, balance, want },
  });
}

/**
 * Runs a message on the state after `header`'s block with that block's environment; with gas price 0 the base fee is 0,
 * as in op-geth. The L1 fee plays no part.
 * @throws CodedError `CALL_FUNDS`, `CALL_GAS` (below the intrinsic cost).
 */
export async function simulate(
  rules: ChainRules,
  nodes: NodeStore,
  header: BlockHeader,
  request: CallRequest,
): Promise<Simulation> {
  const state = new ChainState(nodes, hexToBytes(header.stateRoot));
  await assertFunds(state, request);
  const baseFeePerGas = request.gasPrice === 0n ? 0n : header.baseFeePerGas;
  const block = evmBlock({ ...header, baseFeePerGas });
  const evm = await createChainEvm(rules, state, header, header.timestamp);
  const from = createAddressFromString(request.from);
  const to = request.to === undefined ? undefined : createAddressFromString(request.to);
  const list = accessList(request);
  const authorizations = (request.authorizationList ?? []) as readonly Authorization[];
  const subject = {
    data: request.data,
    isCreation: to === undefined,
    accessListAddresses: list.length,
    accessListSlots: list.reduce((sum, item) => sum + item.slots.length, 0),
    authorizations: authorizations.length,
  };
  const intrinsic = intrinsicGas(subject, evm.common);
  const floor = floorGas(request.data, evm.common);
  assertGas(request.gas, bigIntMax(intrinsic, floor));
  await stepSender(evm, from, request);
  const refund = await applyAuthorizations(evm, rules.rollup.l2ChainId, authorizations);
  evm.journal.startReportingAccessList();
  warmUp(evm, block, from, to, list);
  const result = await runMessage(evm, block, {
    from,
    to,
    value: request.value,
    data: request.data,
    gasLimit: request.gas,
    gasPrice: request.gasPrice,
    intrinsic,
    floor,
    refund,
  });
  return { result, gasUsed: result.gasUsed, gasRefunded: result.gasRefunded, touched: touchedBy(evm) };
}

function assertGas(gas: bigint, least: bigint): void {
  if (gas >= least) return;
  throw executionError("CALL_GAS", {
    message: `intrinsic gas too low: have ${gas}, want ${least}`,
    facts: { gas, least },
  });
}

/** Takes the gas's price and steps the nonce, as a transaction would before it runs. */
async function stepSender(evm: EVM, from: Address, request: CallRequest): Promise<void> {
  const account = (await evm.stateManager.getAccount(from)) ?? new Account();
  account.balance -= request.gas * request.gasPrice;
  account.nonce += 1n;
  await evm.journal.putAccount(from, account);
}

function touchedBy(evm: EVM): AccessListEntry[] {
  const touched = [...(evm.journal.accessList ?? [])];
  return touched
    .filter(([address]) => !evm.precompiles.has(address))
    .map(([address, slots]) => ({
      address: `0x${address}` as const,
      storageKeys: [...slots].map((slot): `0x${string}` => `0x${slot}`).sort(),
    }))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** The EVM's result in the form of RPC. */
export function toCallResult(result: MessageResult): CallResult {
  const { exception } = result;
  return {
    error:
      exception === undefined
        ? undefined
        : exception === REVERT
          ? { kind: "revert", reason: "execution reverted" }
          : { kind: "halt", reason: exception },
    returnData: result.returnData,
    gasUsed: result.gasUsed,
  };
}

export async function callMessage(
  rules: ChainRules,
  nodes: NodeStore,
  header: BlockHeader,
  request: CallRequest,
): Promise<CallResult> {
  return toCallResult((await simulate(rules, nodes, header, request)).result);
}

/** Address of the contract that the message creates when it has no `to`. */
async function createdBy(nodes: NodeStore, header: BlockHeader, request: CallRequest): Promise<string> {
  const from = createAddressFromString(request.from);
  const sender = await new ChainState(nodes, hexToBytes(header.stateRoot)).getAccount(from);
  return createContractAddress(from, sender?.nonce ?? 0n).toString();
}

/** Runs until the list that a message touches with the list given is that list. Source: op-geth `AccessList`. */
export async function createAccessList(
  rules: ChainRules,
  nodes: NodeStore,
  header: BlockHeader,
  request: CallRequest,
): Promise<AccessListResult> {
  let current: readonly AccessListEntry[] = request.accessList ?? [];
  const created = await createdBy(nodes, header, request);
  for (;;) {
    const { touched, result } = await simulate(rules, nodes, header, { ...request, accessList: current });
    const excluded = [request.from, request.to ?? created];
    const next = touched.filter(
      ({ address, storageKeys }) => storageKeys.length > 0 || !excluded.includes(address),
    );
    const same = JSON.stringify(next) === JSON.stringify(current);
    current = next;
    if (same) return { accessList: next, gasUsed: result.gasUsed, error: toCallResult(result).error?.reason };
  }
}
