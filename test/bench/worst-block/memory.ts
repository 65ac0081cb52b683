import {
  answerOf,
  assemble,
  BIG,
  call,
  fill,
  fillMemory,
  type Item,
  loop,
  MAX_CODE,
  staticCall,
} from "./assembler.ts";
import { loopCase, NOBODY, OTHER, type WorstCase, workCase } from "./case.ts";

const SIZES = [0, 32, 1024, 32_768, 262_144, 1_048_576];
const kB = (bytes: number): string => (bytes < 1024 ? `${bytes} bytes` : `${bytes / 1024} kB`);

/** One STATICCALL of identity, so that there is return data of this size. */
const returned = (size: number): Item => [0, 0, size, 0, 4, "GAS", "STATICCALL", "POP"];

/** The memory is grown once, and what costs the same for any size is then called over and over with all of it. */
function wholeMemory(name: string, size: number, each: Item): WorstCase {
  return loopCase(name, fillMemory(0, size), each, 50, { least: leastFor(size) });
}

function copies(): WorstCase[] {
  return SIZES.flatMap((size) => [
    loopCase(`MCOPY of ${kB(size)}`, [], [size, 1, 0, "MCOPY"], 100, { least: leastFor(size) }),
    loopCase(`MCOPY of ${kB(size)}, backwards`, [], [size, 0, 1, "MCOPY"], 100, { least: leastFor(size) }),
    loopCase(`CALLDATACOPY of ${kB(size)}`, [], [size, 0, 0, "CALLDATACOPY"], 100, {
      data: `0x${"ab".repeat(4096)}`,
      least: leastFor(size),
    }),
    loopCase(`RETURNDATACOPY of ${kB(size)}`, returned(size), [size, 0, 0, "RETURNDATACOPY"], 100, {
      least: leastFor(size),
    }),
    loopCase(`KECCAK256 of ${kB(size)}`, [], [size, 0, "KECCAK256", "POP"], 100, { least: leastFor(size) }),
  ]);
}

/** The memory's own gas and as much again. */
function leastFor(size: number): number {
  const words = Math.ceil(size / 32) + 1;
  return 200_000 + 3 * Math.floor(words * 3 + (words * words) / 512);
}

function codeCopy(size: number): WorstCase {
  return workCase(`CODECOPY of ${kB(size)}`, () => {
    const { code, ends } = loop([], [size, 0, 0, "CODECOPY"], 100);
    return { code: `${code}${fill("00", MAX_CODE - (code.length - 2) / 2)}`, ends };
  });
}

/** A child that gives back `size` bytes of memory that it grew itself. */
function childAnswer(opcode: "RETURN" | "REVERT", size: number): WorstCase {
  return workCase(`${opcode} of ${kB(size)} by a child, over and over`, () => ({
    ...loop([], [staticCall(OTHER), "POP"], 50),
    accounts: [[OTHER, `0x${assemble(size, 0, opcode)}`]],
    probe: { code: answerOf([], staticCall(OTHER)), want: opcode === "RETURN" ? 1 : 0 },
    least: leastFor(size),
  }));
}

const MEGABYTE = 1_048_576;

/** Memory: copies, hashes of it, and calls that are given all of it. */
export const MEMORY_CASES: readonly WorstCase[] = [
  ...copies(),
  codeCopy(32),
  codeCopy(MAX_CODE),
  loopCase("KECCAK256 of 136 bytes", [], [136, 0, "KECCAK256", "POP"], 100),
  loopCase("MLOAD", [BIG, 0, "MSTORE"], [0, "MLOAD", "POP"], 500),
  loopCase("MSTORE", [BIG], ["DUP1", 0, "MSTORE"], 500),
  loopCase("MSTORE8", [BIG], ["DUP1", 0, "MSTORE8"], 500),
  loopCase("memory grown word by word to the gas's end", [0], ["DUP1", "DUP1", "MSTORE", 32, "ADD"], 100),
  loopCase("memory grown by 1 kB a step to the gas's end", [0], ["DUP1", "DUP1", "MSTORE", 1024, "ADD"], 20),
  childAnswer("RETURN", 32_768),
  childAnswer("REVERT", 32_768),
  childAnswer("REVERT", 262_144),
  ...[32_768, 524_288, MEGABYTE, 2 * MEGABYTE].map((size) =>
    wholeMemory(`CALL to an empty account with ${kB(size)} of input (memory paid once)`, size, [
      call(NOBODY, { inLength: size }),
      "POP",
    ]),
  ),
  workCase("CALL of a contract of one STOP with 1,024 kB of input (memory paid once)", () => ({
    ...loop(fillMemory(0, MEGABYTE), [call(OTHER, { gas: 100, inLength: MEGABYTE }), "POP"], 50),
    accounts: [[OTHER, "0x00"]],
    least: 4_000_000,
  })),
  wholeMemory("CALL of identity with 1,024 kB of input and no gas (memory paid once)", MEGABYTE, [
    call(4, { inLength: MEGABYTE }),
    "POP",
  ]),
  wholeMemory("ecrecover with 1,024 kB of input (memory paid once)", MEGABYTE, [
    staticCall(1, { inLength: MEGABYTE, gas: 3_000 }),
    "POP",
  ]),
  wholeMemory("bn254 add with 1,024 kB of input, no gas (memory paid once)", MEGABYTE, [
    staticCall(6, { inLength: MEGABYTE, gas: 0 }),
    "POP",
  ]),
  wholeMemory("blake2f with 1,024 kB of input (memory paid once)", MEGABYTE, [
    staticCall(9, { inLength: MEGABYTE, gas: 0 }),
    "POP",
  ]),
  wholeMemory("P256VERIFY with 1,024 kB of input (memory paid once)", MEGABYTE, [
    staticCall(0x100, { inLength: MEGABYTE, gas: 3_450 }),
    "POP",
  ]),
  ...[32_768, MEGABYTE, 2 * MEGABYTE].flatMap((size) =>
    [0xa01, 0xa03].map((at) =>
      wholeMemory(
        `0x${at.toString(16).toUpperCase()} with ${kB(size)} of input, no gas (memory paid once)`,
        size,
        [staticCall(at, { inLength: size, gas: 0 }), "POP"],
      ),
    ),
  ),
];
