import { decodeErrorResult } from "viem";
import { bytesToHex } from "../base/bytes.ts";

const REVERT_ABI = [
  { type: "error", name: "Error", inputs: [{ name: "reason", type: "string" }] },
  { type: "error", name: "Panic", inputs: [{ name: "code", type: "uint256" }] },
] as const;

/** geth's words for Solidity's panic codes. Source: go-ethereum accounts/abi/abi.go. */
const PANICS: Readonly<Record<number, string>> = {
  0: "generic panic",
  1: "assert(false)",
  17: "arithmetic underflow or overflow",
  18: "division or modulo by zero",
  33: "enum overflow",
  34: "invalid encoded storage byte array accessed",
  49: "out-of-bounds array access; popping on an empty array",
  50: "out-of-bounds access of an array or bytesN",
  65: "out of memory",
  81: "uninitialized function",
};

/** What a revert says in Solidity's own two errors, `Error(string)` and `Panic(uint256)`; undefined for all other data. */
export function revertReason(data: Uint8Array): string | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: REVERT_ABI, data: bytesToHex(data) });
    if (errorName === "Error") return args[0];
    return PANICS[Number(args[0])] ?? `unknown panic code: 0x${args[0].toString(16)}`;
  } catch {
    return undefined;
  }
}
