import { minBigInt } from "../../../base/bigint.ts";
import { checksumAddress } from "../../../chain/checksum.ts";
import { ZERO_ADDRESS } from "../../../chain/constants.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { AccessListEntry, Authorization } from "../../../chain/types/transaction.ts";
import type { CallRequest, SimulatedCall } from "../../../execution/evm/executor.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import {
  addressParam,
  arrayParam,
  dataParam,
  hashParam,
  objectParam,
  quantityParam,
  uint64Param,
} from "../../params.ts";
import { RpcError } from "../../types.ts";

/** Most gas that one call may use unless the node is told otherwise, as in geth. */
export const CALL_GAS_CAP = 50_000_000n;
const MAX_LIST = 10_000;

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** `input` goes before its older name `data`, as in geth's calls. */
function inputOf(call: Record<string, unknown>): Uint8Array {
  const data = present(call.data) ? dataParam(call.data, 0, "data") : undefined;
  const input = present(call.input) ? dataParam(call.input, 0, "input") : undefined;
  return input ?? data ?? new Uint8Array(0);
}

/** What a message pays for a gas, and at most; in wei. */
interface GasPrice {
  gasPrice: bigint;
  feeCap: bigint;
}

/** The fee fields as they are given. @throws RpcError -32000 as geth for both styles at once. */
function feesOf(call: Record<string, unknown>): SimulatedCall["fees"] {
  const optional = (name: string) => (present(call[name]) ? quantityParam(call[name], 0, name) : 0n);
  if (!present(call.gasPrice)) {
    const maxPriorityFeePerGas = optional("maxPriorityFeePerGas");
    return { maxFeePerGas: optional("maxFeePerGas"), maxPriorityFeePerGas };
  }
  if (!present(call.maxFeePerGas) && !present(call.maxPriorityFeePerGas)) {
    return { gasPrice: optional("gasPrice") };
  }
  throw refuse("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
}

/** @throws RpcError -32000 as geth where the fees don't fit each other or the base fee. */
function gasPriceOf(from: Address, fees: SimulatedCall["fees"], baseFee: bigint): GasPrice {
  const legacy = "gasPrice" in fees;
  const [cap, tip] = legacy ? [fees.gasPrice, fees.gasPrice] : [fees.maxFeePerGas, fees.maxPriorityFeePerGas];
  if (tip === 0n && cap === 0n) return { gasPrice: 0n, feeCap: 0n };
  const address = checksumAddress(from);
  if (tip > cap) {
    throw refuse(
      `max priority fee per gas higher than max fee per gas: address ${address}, maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${cap}`,
    );
  }
  if (cap < baseFee) {
    throw refuse(
      `max fee per gas less than block base fee: address ${address}, maxFeePerGas: ${cap}, baseFee: ${baseFee}`,
    );
  }
  return { gasPrice: minBigInt(baseFee + tip, cap), feeCap: cap };
}

function refuse(reason: string): RpcError {
  return new RpcError(RPC_CODE.server, reason);
}

function accessListOf(value: unknown): AccessListEntry[] {
  return arrayParam(value, 0, "accessList", MAX_LIST).map((item) => {
    const entry = objectParam(item, 0, "access list entry");
    const keys = arrayParam(entry.storageKeys ?? [], 0, "storageKeys", MAX_LIST);
    return { address: addressParam(entry.address, 0), storageKeys: keys.map((key) => hashParam(key, 0)) };
  });
}

function authorizationsOf(value: unknown): Authorization[] {
  return arrayParam(value, 0, "authorizationList", MAX_LIST).map((item) => {
    const entry = objectParam(item, 0, "authorization");
    const yParity = quantityParam(entry.yParity, 0, "yParity");
    if (yParity > 255n) throw invalidArgument(0, "yParity exceeds 8 bits");
    return {
      chainId: quantityParam(entry.chainId, 0, "chainId"),
      address: addressParam(entry.address, 0),
      nonce: uint64Param(entry.nonce, 0, "nonce"),
      yParity: Number(yParity),
      r: quantityParam(entry.r, 0, "r"),
      s: quantityParam(entry.s, 0, "s"),
    };
  });
}

/** A message with what it leaves open. Unknown fields are ignored. @throws RpcError as geth. */
export function messageParam(value: unknown, chainId: bigint): SimulatedCall {
  const call = objectParam(value, 0, "call");
  const asked = present(call.chainId) ? quantityParam(call.chainId, 0, "chainId") : chainId;
  if (asked !== chainId) {
    throw refuse(`chainId does not match node's (have=${asked}, want=${chainId})`);
  }
  if (present(call.blobVersionedHashes))
    throw invalidArgument(0, "blob transactions don't exist on this chain");
  return {
    from: present(call.from) ? addressParam(call.from, 0) : ZERO_ADDRESS,
    to: present(call.to) ? addressParam(call.to, 0) : undefined,
    value: present(call.value) ? quantityParam(call.value, 0, "value") : 0n,
    data: inputOf(call),
    gas: present(call.gas) ? uint64Param(call.gas, 0, "gas") : undefined,
    nonce: present(call.nonce) ? uint64Param(call.nonce, 0, "nonce") : undefined,
    fees: feesOf(call),
    ...(present(call.accessList) && { accessList: accessListOf(call.accessList) }),
    ...(present(call.authorizationList) && { authorizationList: authorizationsOf(call.authorizationList) }),
  };
}

/** The message of `eth_call` and its like in a block with `baseFee`; without `gas` it gets `defaultGas`. */
export function callParam(
  value: unknown,
  { baseFee, chainId, defaultGas }: { baseFee: bigint; chainId: bigint; defaultGas: bigint },
): CallRequest {
  const { gas, nonce: _, fees, ...message } = messageParam(value, chainId);
  return { ...message, gas: gas ?? defaultGas, ...gasPriceOf(message.from, fees, baseFee) };
}
