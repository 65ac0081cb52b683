import { HISTORY_STORAGE } from "../../../node/chain/constants.ts";
import { answerOf, BIG, BIG2, fill, type Item, loop, staticCall, word } from "./assembler.ts";
import { loopCase, OTHER, type WorstCase, workCase } from "./case.ts";

const HALF = `0x${"9b".repeat(16)}`;

/** Name, what is on the stack before, what is repeated. */
const SIMPLE: readonly (readonly [string, Item, Item])[] = [
  ["PUSH0 POP", [], [0, "POP"]],
  ["PUSH32 POP", [], [BIG, "POP"]],
  ["DUP1 ADD, 256 bit", [BIG], ["DUP1", "ADD"]],
  ["DUP1 MUL, 256 bit", [BIG], ["DUP1", "MUL"]],
  ["DIV, 256/128 bit", [HALF, BIG], ["DUP2", "DUP2", "DIV", "POP"]],
  ["DIV, 256/192 bit", [`0x${"9b".repeat(24)}`, BIG], ["DUP2", "DUP2", "DIV", "POP"]],
  ["SDIV, 256 bit", [HALF, BIG], ["DUP2", "DUP2", "SDIV", "POP"]],
  ["MOD, 256/128 bit", [HALF, BIG], ["DUP2", "DUP2", "MOD", "POP"]],
  ["SMOD, 256/128 bit", [HALF, BIG], ["DUP2", "DUP2", "SMOD", "POP"]],
  ["ADDMOD, 256 bit", [BIG2, BIG], ["DUP2", "SWAP1", "DUP1", "ADDMOD"]],
  ["MULMOD, 256 bit", [BIG2, BIG], ["DUP2", "SWAP1", "DUP1", "MULMOD"]],
  ["MULMOD, 256 bit by 128", [HALF, BIG], ["DUP2", "DUP2", "DUP1", "MULMOD", "POP"]],
  ["SIGNEXTEND", [`0x${"80".repeat(20)}`], [15, "SIGNEXTEND"]],
  ["SAR of a negative", [BIG], ["DUP1", 7, "SAR", "POP"]],
  ["SHL", [BIG], ["DUP1", 7, "SHL", "POP"]],
  ["NOT", [BIG], ["NOT"]],
  ["XOR", [BIG, BIG2], ["DUP2", "XOR"]],
  ["SLT", [BIG, BIG2], ["DUP2", "DUP2", "SLT", "POP"]],
  ["BYTE", [BIG], ["DUP1", 7, "BYTE", "POP"]],
  ["SWAP16", Array.from({ length: 17 }, () => BIG), ["SWAP16"]],
  ["PC POP", [], ["PC", "POP"]],
  ["ADDRESS POP", [], ["ADDRESS", "POP"]],
  ["COINBASE POP", [], ["COINBASE", "POP"]],
  ["PREVRANDAO POP", [], ["PREVRANDAO", "POP"]],
  ["CHAINID POP", [], ["CHAINID", "POP"]],
  ["BLOBHASH POP", [], [0, "BLOBHASH", "POP"]],
  ["SELFBALANCE POP", [], ["SELFBALANCE", "POP"]],
];

/** A callee of 24 kB without a jump, called over and over. */
function straightCallee(name: string, unit: string): WorstCase {
  return workCase(name, () => ({
    ...loop([], [staticCall(OTHER), "POP"]),
    accounts: [[OTHER, `0x${fill(unit)}`]],
    probe: { code: answerOf([], staticCall(OTHER)), want: 1 },
  }));
}

const LOOP_CODE = "0x60003560015b8002810190600190038091906005575f5500";

/** Arithmetic and what else costs a few gas and reads no state. */
export const OPCODE_CASES: readonly WorstCase[] = [
  workCase("arithmetic loop of 15 operations, 49 gas", {
    code: LOOP_CODE,
    ends: "out of gas",
    data: `0x${word(1n << 64n)}`,
  }),
  workCase("tight loop: JUMPDEST PUSH0 JUMP", { code: "0x5b5f56", ends: "out of gas" }),
  loopCase("JUMPDEST, 24 kB of it", [], "JUMPDEST", 24_000),
  workCase("tight loop: JUMPDEST PUSH1 PUSH0 JUMPI", { code: "0x5b60015f57", ends: "out of gas" }),
  ...SIMPLE.map(([name, before, body]) => loopCase(name, before, body, 500)),
  loopCase("EXP, exponent of 32 bytes 0xff", [`0x${"ff".repeat(32)}`, BIG], ["DUP2", "SWAP1", "EXP"]),
  loopCase("EXP, exponent of 1 byte 0xff", [0xff, BIG], ["DUP2", "SWAP1", "EXP"]),
  loopCase("EXP, exponent 0", [], [0, BIG, "EXP", "POP"], 200),
  loopCase("BLOCKHASH of the parent", [], [1, "NUMBER", "SUB", "BLOCKHASH", "POP"], 200),
  workCase("BLOCKHASH of 256 blocks by turns", () => ({
    ...loop([0], [["DUP1", 0xff, "AND", 1, "ADD", "NUMBER", "SUB", "BLOCKHASH", "POP"], 1, "ADD"], 200),
    parentNumber: 9_000n,
    accounts: [[HISTORY_STORAGE, "0x00"]],
  })),
  loopCase("BLOCKHASH of no block", [], [0, "NOT", "BLOCKHASH", "POP"], 200),
  loopCase("CALLDATALOAD", [], [0, "CALLDATALOAD", "POP"], 500, { data: `0x${"ab".repeat(64)}` }),
  straightCallee("PUSH1 POP, 24 kB without a jump, called over and over", "600150"),
  straightCallee("PUSH32 POP, 24 kB without a jump, called over and over", `7f${"e7".repeat(32)}50`),
];
