import type { Address } from "../../../chain/types/primitives.ts";
import type {
  AccountOverride,
  BlockOverride,
  CallOverrides,
  SlotOverride,
} from "../../../execution/evm/executor.ts";
import { RPC_CODE } from "../../errors.ts";
import { addressParam, dataParam, hashParam, objectParam, quantityParam, uint64Param } from "../../params.ts";
import { RpcError } from "../../types.ts";

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Parses a field where it is there. */
function optional<T>(value: unknown, parse: (given: unknown) => T): T | undefined {
  return isAbsent(value) ? undefined : parse(value);
}

function slotsParam(value: unknown, index: number, what: string): SlotOverride[] {
  return Object.entries(objectParam(value, index, what)).map(([slot, given]) => ({
    slot: hashParam(slot, index),
    value: hashParam(given, index),
  }));
}

function accountParam(address: Address, value: unknown, index: number): AccountOverride {
  const fields = objectParam(value, index, "account override");
  return {
    address,
    nonce: optional(fields.nonce, (given) => uint64Param(given, index, "nonce")),
    balance: optional(fields.balance, (given) => quantityParam(given, index, "balance")),
    code: optional(fields.code, (given) => dataParam(given, index, "code")),
    state: optional(fields.state, (given) => slotsParam(given, index, "state")),
    stateDiff: optional(fields.stateDiff, (given) => slotsParam(given, index, "stateDiff")),
    movePrecompileTo: optional(fields.movePrecompileToAddress, (given) => addressParam(given, index)),
  };
}

/** geth's state overrides: an object of accounts by address. */
export function stateOverrideParam(value: unknown, index: number): AccountOverride[] {
  if (isAbsent(value)) return [];
  const accounts = new Map<Address, AccountOverride>();
  for (const [key, fields] of Object.entries(objectParam(value, index, "state overrides"))) {
    const address = addressParam(key, index);
    accounts.set(address, accountParam(address, fields, index));
  }
  return [...accounts.values()];
}

/** The fields of geth's block overrides, whose names it reads in any case. */
export function blockOverrideFields(value: unknown, index: number): Readonly<Record<string, unknown>> {
  const fields = Object.entries(objectParam(value, index, "block overrides"));
  return Object.fromEntries(fields.map(([name, field]) => [name.toLowerCase(), field]));
}

/** Those of them that an execution sees. The difficulty is read, and plays no part on this chain. */
export function blockOverrideParam(fields: Readonly<Record<string, unknown>>, index: number): BlockOverride {
  const word = (name: string) =>
    optional(fields[name.toLowerCase()], (given) => uint64Param(given, index, name));
  optional(fields.difficulty, (given) => quantityParam(given, index, "difficulty"));
  return {
    number: word("number"),
    time: word("time"),
    gasLimit: word("gasLimit"),
    feeRecipient: optional(fields.feerecipient, (given) => addressParam(given, index)),
    prevRandao: optional(fields.prevrandao, (given) => hashParam(given, index)),
    baseFee: word("baseFeePerGas"),
    blobBaseFee: word("blobBaseFee"),
  };
}

/** The state and block overrides of a call, behind its block. @throws RpcError as geth. */
export function callOverrides(params: readonly unknown[], index: number): CallOverrides {
  const accounts = stateOverrideParam(params[index], index);
  if (isAbsent(params[index + 1])) return { accounts };
  const fields = blockOverrideFields(params[index + 1], index + 1);
  for (const name of ["beaconRoot", "withdrawals"]) {
    if (isAbsent(fields[name.toLowerCase()])) continue;
    throw new RpcError(RPC_CODE.server, `block override "${name}" is not supported for this RPC method`);
  }
  return { accounts, block: blockOverrideParam(fields, index + 1) };
}
