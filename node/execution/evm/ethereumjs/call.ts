import type { EVM } from "@ethereumjs/evm";
import { Account, type Address, createAddressFromString, hexToBytes } from "@ethereumjs/util";
import { floorGas, intrinsicGas } from "../../../chain/rules/gas.ts";
import type { FlatState } from "../../state/flat-state.ts";
import { callBlockHashes } from "../block/block-hashes.ts";
import { checkMessage, OUT_OF_GAS, REVERT, type Simulate } from "../call/simulate.ts";
import type { CallRequest, ChainRules } from "../executor.ts";
import { applyAuthorizations } from "./authorization.ts";
import { evmBlock } from "./block-env.ts";
import { createChainEvm } from "./chain-evm.ts";
import { ChainState } from "./chain-state.ts";
import { type AccessListItem, runMessage, warmUp } from "./message.ts";
import { noteTouched, sortedList } from "./touched.ts";

function accessList(request: CallRequest): AccessListItem[] {
  return (request.accessList ?? []).map(({ address, storageKeys }) => ({
    address: hexToBytes(address),
    slots: storageKeys.map((key) => hexToBytes(key)),
  }));
}

/** Messages on @ethereumjs/evm. */
export function ethereumjsSimulate(rules: ChainRules, flat: FlatState): Simulate {
  return async (header, request, { touched: wantsTouched }) => {
    const { rollup } = rules;
    const { timestamp } = header;
    const view = flat.view(header.stateRoot);
    checkMessage(rollup, header, view, request);
    const baseFeePerGas = request.gasPrice === 0n ? 0n : header.baseFeePerGas;
    const block = evmBlock({ ...header, baseFeePerGas });
    const hashOf = callBlockHashes(rules, view, header);
    const evm = await createChainEvm(rules, new ChainState(view), hashOf, timestamp);
    const from = createAddressFromString(request.from);
    const to = request.to === undefined ? undefined : createAddressFromString(request.to);
    const list = accessList(request);
    const authorizations = request.authorizationList ?? [];
    const subject = {
      data: request.data,
      isCreation: to === undefined,
      accessListAddresses: list.length,
      accessListSlots: list.reduce((sum, item) => sum + item.slots.length, 0),
      authorizations: authorizations.length,
    };
    await stepSender(evm, from, request);
    const refund = await applyAuthorizations(evm, rollup.l2ChainId, authorizations);
    const touched = wantsTouched ? noteTouched(evm) : undefined;
    warmUp(evm, block, from, to, list);
    const result = await runMessage(evm, block, {
      from,
      to,
      value: request.value,
      data: request.data,
      gasLimit: request.gas,
      gasPrice: request.gasPrice,
      intrinsic: intrinsicGas(subject, rollup, timestamp),
      floor: floorGas(request.data, rollup, timestamp),
      refund,
    });
    return {
      ...result,
      exception: gethWords(result.exception),
      touched: touched === undefined ? [] : sortedList(touched),
    };
  };
}

/** geth's names of halts by ethereumjs's. Source: go-ethereum core/vm/errors.go. */
const HALTS: Readonly<Record<string, string>> = {
  revert: REVERT,
  "out of gas": OUT_OF_GAS,
  "code store out of gas": "contract creation code storage out of gas",
  "code size to deposit exceeds maximum code size": "max code size exceeded",
  "stack underflow": "stack underflow",
  "stack overflow": "stack limit reached",
  "invalid JUMP": "invalid jump destination",
  "invalid opcode": "invalid opcode",
  "static state change": "write protection",
  "create collision": "contract address collision",
  "value out of range": "return data out of bounds",
  "invalid bytecode deployed": "invalid code: must not begin with 0xef",
  "Initcode exceeds max initcode size": "max initcode size exceeded",
};

export function gethWords(exception: string | undefined): string | undefined {
  return exception === undefined ? undefined : (HALTS[exception] ?? exception);
}

/** Takes the gas's price and steps the nonce, as a transaction would before it runs. */
async function stepSender(evm: EVM, from: Address, request: CallRequest): Promise<void> {
  const account = (await evm.stateManager.getAccount(from)) ?? new Account();
  account.balance -= request.gas * request.gasPrice;
  account.nonce += 1n;
  await evm.journal.putAccount(from, account);
}
