import { activePrecompiles } from "../../../../precompiles/active.ts";
import { hexToBytes } from "../../../base/bytes.ts";
import { checksumAddress } from "../../../chain/checksum.ts";
import { stockPrecompiles } from "../../../chain/rules/precompiles.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { executionError } from "../../errors.ts";
import type { LayeredView } from "../../state/layered-view.ts";
import type { AccountOverride, BlockOverride, ChainRules } from "../executor.ts";

/** The precompiles of a call, where they are not the chain's: those that are gone, and those that came elsewhere. */
export interface PrecompileMoves {
  gone: ReadonlySet<Address>;
  /** By the address where it is now: where it was. */
  moved: ReadonlyMap<Address, Address>;
}

/** A block's fields as a call sees them. */
export function overriddenHeader(header: BlockHeader, override: BlockOverride | undefined): BlockHeader {
  if (override === undefined) return header;
  return {
    ...header,
    number: override.number ?? header.number,
    timestamp: override.time ?? header.timestamp,
    gasLimit: override.gasLimit ?? header.gasLimit,
    miner: override.feeRecipient ?? header.miner,
    mixHash: override.prevRandao ?? header.mixHash,
    baseFeePerGas: override.baseFee ?? header.baseFeePerGas,
  };
}

/** Every precompile in a block at `time`, also our own. */
export function precompilesAt({ rollup, openledger }: ChainRules, time: bigint): Set<Address> {
  return new Set([...stockPrecompiles(rollup, time).keys(), ...activePrecompiles(openledger, time)]);
}

function refuse(address: Address, reason: string): Error {
  const message = `account ${checksumAddress(address)} ${reason}`;
  return executionError("CALL_OVERRIDE", { message, facts: { address } });
}

/**
 * Puts account overrides into `view`, in order of address; gives what becomes of the precompiles, undefined where they stay.
 * Source: go-ethereum internal/ethapi/override. @throws CodedError `CALL_OVERRIDE` in geth's words.
 */
export function applyOverrides(
  view: LayeredView,
  overrides: readonly AccountOverride[],
  rules: ChainRules,
  time: bigint,
): PrecompileMoves | undefined {
  const precompiles = precompilesAt(rules, time);
  const named = new Set(overrides.map(({ address }) => address));
  const gone = new Set<Address>();
  const moved = new Map<Address, Address>();
  for (const override of overrides.toSorted((a, b) => (a.address < b.address ? -1 : 1))) {
    const { address, movePrecompileTo: target } = override;
    if (target !== undefined) {
      if (!precompiles.has(address)) throw refuse(address, "is not a precompile");
      if (named.has(target)) throw refuse(target, "is already overridden");
      moved.set(target, address);
    }
    if (precompiles.has(address)) gone.add(address);
    applyOne(view, override);
  }
  return gone.size === 0 ? undefined : { gone, moved };
}

function applyOne(view: LayeredView, override: AccountOverride): void {
  const { address, nonce, balance, code, state, stateDiff } = override;
  if (state !== undefined && stateDiff !== undefined) {
    throw refuse(address, "has both 'state' and 'stateDiff'");
  }
  const at = hexToBytes(address);
  if (nonce !== undefined) view.setAccount(at, { nonce });
  if (code !== undefined) view.setCode(at, code);
  if (balance !== undefined) view.setAccount(at, { balance });
  if (state !== undefined) view.clearStorage(at);
  for (const { slot, value } of state ?? stateDiff ?? []) {
    view.setStorage(at, hexToBytes(slot), withoutZeros(hexToBytes(value)));
  }
}

function withoutZeros(word: Uint8Array): Uint8Array {
  const first = word.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array(0) : word.slice(first);
}
