import { hexToBytes, toFunctionSelector } from "viem";
import { type AbiType, encodeAbi, int } from "./abi.ts";

/** A named refusal: `data` is the ABI-encoded Solidity error that the caller gets as revert data. */
export class PrecompileRevert extends Error {
  readonly data: Uint8Array;

  constructor(name: string, data: Uint8Array) {
    super(name);
    this.name = "PrecompileRevert";
    this.data = data;
  }
}

/** Selector of a function or error by its signature, as `name(type,...)`. */
export function selectorOf(signature: string): Uint8Array {
  return hexToBytes(toFunctionSelector(signature));
}

/**
 * A maker of reverts with the Solidity error of `signature`, whose parameters are all integers (bytes4 goes as uint32 shifted up
 * by 224 bits, in a uint256).
 */
export function revertWith(signature: string): (...facts: (bigint | number)[]) => PrecompileRevert {
  const selector = selectorOf(signature);
  return (...facts) =>
    new PrecompileRevert(
      signature,
      encodeAbi(
        facts.map((): AbiType => int(256)),
        facts.map((fact) => BigInt(fact)),
        selector,
      ),
    );
}

/** Refusals that every precompile shares. */
export const badInput = revertWith("BadInput()");
export const delegateCallRefused = revertWith("DelegateCallRefused()");
export const staticCallRefused = revertWith("StaticCallRefused()");
export const valueRefused = revertWith("ValueRefused()");
const unknownSelectorError = revertWith("UnknownSelector(bytes4)");

/** UnknownSelector with the first four bytes of the input, zero-padded if it is shorter. */
export function unknownSelector(input: Uint8Array): PrecompileRevert {
  const view = new DataView(new ArrayBuffer(4));
  for (let i = 0; i < 4; i++) view.setUint8(i, input[i] ?? 0);
  return unknownSelectorError(BigInt(view.getUint32(0)) << 224n);
}
