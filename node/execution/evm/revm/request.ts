import { hexToBytes } from "../../../base/bytes.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { Fork, RollupConfig } from "../../../chain/types/rollup.ts";
import type { AccessListEntry, Authorization } from "../../../chain/types/transaction.ts";
import type { DepositTx, SignedTx } from "../block/machine.ts";
import type { Tracer } from "../block/tracer.ts";
import type { CallRequest } from "../executor.ts";
import type { RequestWriter } from "./bytes.ts";

/** Bits of a request's flags: native/evm/README.md. */
export const FLAG = {
  call: 1,
  create: 2,
  deposit: 4,
  system: 8,
  mint: 16,
  frames: 32,
  steps: 64,
  access: 256,
  charged: 512,
  stepMemory: 1024,
  stepStorage: 2048,
} as const;

/** The flags with which a run tells a tracer what it wants to hear. */
export function traceFlags(tracer: Tracer | undefined): number {
  if (tracer === undefined) return 0;
  const { steps, memory, slots } = tracer.wants;
  if (!steps) return FLAG.frames;
  return FLAG.frames | FLAG.steps | (memory ? FLAG.stepMemory : 0) | (slots ? FLAG.stepStorage : 0);
}

const ZERO_ADDRESS = new Uint8Array(20);
const ZERO_WORD = new Uint8Array(32);
const EMPTY = new Uint8Array(0);

/** op-revm's numbers of the forks that change execution, newest first. */
const SPECS: readonly (readonly [Fork, number])[] = [
  ["jovian", 108],
  ["isthmus", 107],
  ["holocene", 106],
  ["granite", 105],
  ["fjord", 104],
  ["ecotone", 103],
  ["canyon", 102],
  ["regolith", 101],
];
const BEDROCK = 100;

/** op-revm's number of the newest fork at `time`. */
export function specAt(rollup: RollupConfig, time: bigint): number {
  return SPECS.find(([fork]) => isActive(rollup, fork, time))?.[1] ?? BEDROCK;
}

type BlockFields = Pick<
  BlockHeader,
  "number" | "timestamp" | "gasLimit" | "baseFeePerGas" | "miner" | "mixHash" | "excessBlobGas"
>;

/** Opens a block with this environment. */
export function blockRequest(writer: RequestWriter, rollup: RollupConfig, block: BlockFields): Uint8Array {
  return writer
    .reset()
    .u8(specAt(rollup, block.timestamp))
    .u64(block.number)
    .u64(block.timestamp)
    .u64(block.gasLimit)
    .u64(block.baseFeePerGas ?? 0n)
    .raw(hexToBytes(block.miner))
    .raw(hexToBytes(block.mixHash))
    .u64(block.excessBlobGas ?? 0n).bytes;
}

export function systemCallRequest(writer: RequestWriter, to: Uint8Array, word: Hash): Uint8Array {
  return writer.reset().raw(to).raw(hexToBytes(word)).bytes;
}

export function putCodeRequest(
  writer: RequestWriter,
  address: Uint8Array,
  nonce: bigint,
  code: Uint8Array,
): Uint8Array {
  return writer.reset().raw(address).u64(nonce).raw(code).bytes;
}

/** The fields that all kinds of runs have, in the order of the interface. */
interface Run {
  flags: number;
  type: number;
  caller: Uint8Array;
  to: Uint8Array | undefined;
  value: bigint;
  gas: bigint;
  nonce: bigint;
  maxFee: bigint;
  tip: bigint;
  mint: bigint;
  source: Uint8Array;
  data: Uint8Array;
  enveloped: Uint8Array;
}

function head(writer: RequestWriter, run: Run): RequestWriter {
  return writer
    .reset()
    .u32(run.flags | (run.to === undefined ? FLAG.create : 0))
    .u8(run.type)
    .raw(run.caller)
    .raw(run.to ?? ZERO_ADDRESS)
    .word(run.value)
    .u64(run.gas)
    .u64(run.nonce)
    .u128(run.maxFee)
    .u128(run.tip)
    .u128(run.mint)
    .raw(run.source)
    .bytesField(run.data)
    .bytesField(run.enveloped);
}

export function depositRequest(writer: RequestWriter, { deposit }: DepositTx, flags = 0): Uint8Array {
  return head(writer, {
    flags:
      flags |
      FLAG.deposit |
      (deposit.isSystemTx ? FLAG.system : 0) |
      (deposit.mint === undefined ? 0 : FLAG.mint),
    type: 0,
    caller: hexToBytes(deposit.from),
    to: deposit.to && hexToBytes(deposit.to),
    value: deposit.value,
    gas: deposit.gas,
    nonce: 0n,
    maxFee: 0n,
    tip: 0n,
    mint: deposit.mint ?? 0n,
    source: hexToBytes(deposit.sourceHash),
    data: deposit.data,
    enveloped: EMPTY,
  })
    .u32(0)
    .u32(0).bytes;
}

export function signedRequest(writer: RequestWriter, transaction: SignedTx, flags = 0): Uint8Array {
  const { type, to } = transaction;
  head(writer, {
    flags,
    type,
    caller: hexToBytes(transaction.from),
    to: to && hexToBytes(to),
    value: transaction.value,
    gas: transaction.gasLimit,
    nonce: transaction.nonce,
    maxFee: transaction.maxFeePerGas,
    tip: type <= 1 ? 0n : transaction.maxPriorityFeePerGas,
    mint: 0n,
    source: ZERO_WORD,
    data: transaction.data,
    enveloped: transaction.raw,
  });
  return lists(writer, transaction.accessList, transaction.authorizationList);
}

/** The access list and the authorizations, which end every request. */
function lists(
  writer: RequestWriter,
  accessList: readonly AccessListEntry[],
  authorizations: readonly Authorization[],
): Uint8Array {
  writer.u32(accessList.length);
  for (const { address, storageKeys } of accessList) {
    writer.raw(hexToBytes(address)).u32(storageKeys.length);
    for (const key of storageKeys) writer.raw(hexToBytes(key));
  }
  writer.u32(authorizations.length);
  for (const { chainId, address, nonce, yParity, r, s } of authorizations) {
    writer.word(chainId).raw(hexToBytes(address)).u64(nonce).u8(yParity).word(r).word(s);
  }
  return writer.bytes;
}

/** A message without signature. */
export function callRequest(writer: RequestWriter, request: CallRequest, flags: number): Uint8Array {
  const authorizations = request.authorizationList ?? [];
  head(writer, {
    flags: flags | FLAG.call,
    type: authorizations.length > 0 ? 4 : 2,
    caller: hexToBytes(request.from),
    to: request.to && hexToBytes(request.to),
    value: request.value,
    gas: request.gas,
    nonce: 0n,
    maxFee: request.gasPrice,
    tip: request.gasPrice,
    mint: 0n,
    source: ZERO_WORD,
    data: request.data,
    enveloped: EMPTY,
  });
  return lists(writer, request.accessList ?? [], authorizations);
}
