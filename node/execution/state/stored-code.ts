import type { StateWrite } from "../../store/types.ts";
import { analysedCodeKey, codeKey } from "./types.ts";

/** Instructions that no byte of data after them can be. */
const JUMPDEST = 0x5b;
const PUSH1 = 0x60;
const PUSH32 = 0x7f;
/** Code that begins with this runs nothing of its own (EIP-3541, EIP-7702). */
const NOT_RUN = 0xef;
/** A PUSH32 at the end finds its data in zeros, and behind them a STOP. */
const PADDING = 34;

/** Code as it was read; `analysed` where the database has it ready for the EVM: {@link analyseCode}. */
export interface StoredCode {
  code: Uint8Array;
  analysed?: Uint8Array;
}

/** How code goes into the database: analysed where that can be of use. */
export function codeWrite(codeHash: Uint8Array, code: Uint8Array): StateWrite {
  if (code[0] === NOT_RUN) return { key: codeKey(codeHash), value: code };
  return { key: analysedCodeKey(codeHash), value: analyseCode(code) };
}

/**
 * Code with what the EVM looks for in all of it before the first jump, so that a block that calls a great many contracts does
 * not have to: the code, 34 zeros, then a bit for each byte of the code, low bits first: a jump may go there (Yellow Paper 9.4.3).
 */
export function analyseCode(code: Uint8Array): Uint8Array {
  const out = new Uint8Array(code.length + PADDING + Math.ceil(code.length / 8));
  out.set(code);
  const bits = code.length + PADDING;
  for (let at = 0; at < code.length; at++) {
    const op = code[at]!;
    if (op === JUMPDEST) out[bits + (at >> 3)]! |= 1 << (at & 7);
    else if (op >= PUSH1 && op <= PUSH32) at += op - PUSH1 + 1;
  }
  return out;
}

/** The code in what {@link analyseCode} gave. */
export function readAnalysed(analysed: Uint8Array): StoredCode {
  // A byte of code takes nine bits of what is not padding; the last byte of bits may be used in part.
  const length = Math.floor(((analysed.length - PADDING) * 8) / 9);
  return { code: analysed.subarray(0, length), analysed };
}
