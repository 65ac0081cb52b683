import { OUT_OF_GAS, REVERT } from "../call/simulation.ts";

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
