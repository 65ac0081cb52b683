import {
  address,
  answerOf,
  assemble,
  call,
  digits,
  fill,
  firstThen,
  type Item,
  loop,
  loopUntil,
  MAX_CODE,
  MAX_INIT_CODE,
  staticCall,
} from "./assembler.ts";
import { COLD, coldLoop, keptCase, loopCase, NOBODY, OTHER, type WorstCase, workCase } from "./case.ts";

/** Calls a contract with this code over and over. */
function callee(name: string, code: string, gas: Item, wants: 0 | 1): WorstCase {
  return workCase(name, () => ({
    ...loop([], [call(OTHER, { gas }), "POP"]),
    accounts: [[OTHER, `0x${code}`]],
    probe: { code: answerOf([], call(OTHER, { gas })), want: wants },
  }));
}

/** PUSH1 4 JUMP STOP JUMPDEST STOP, then a lot of what has to be looked through for jump destinations: 12 gas. */
const jumpy = (unit: string, size = MAX_CODE): string => `600456005b00${fill(unit, size - 6)}`;
const PUSH32 = `7f${"e7".repeat(32)}`;
const UNITS: readonly (readonly [string, string])[] = [
  ["JUMPDEST", "5b"],
  ["PUSH1", "6001"],
  ["PUSH32", PUSH32],
];

/** Contracts of their own code each, called one after the other. */
function manyCodes(name: string, count: number, code: (i: number) => string, gas: number): WorstCase {
  const first = 0xbeef0000;
  return workCase(name, () => ({
    ...loop([0], [0, 0, 0, 0, 0, [count, "DUP7", "MOD", first, "ADD"], gas, "CALL", "POP", 1, "ADD"]),
    accounts: Array.from({ length: count }, (_, i) => [address(first + i), `0x${code(i)}`] as const),
    probe: { code: answerOf([], call(address(first), { gas })), want: 1 },
  }));
}

/** Some of `first`, which leaves a trace in the journal, then calls to the end. */
function afterwards(name: string, count: number, first: Item, second: Item, more = {}): WorstCase {
  return workCase(name, () => ({ ...firstThen(count, first, second), least: 2_500_000, ...more }));
}

/** Contracts, each of which gives its balance to the next. */
function selfDestructs(): readonly (readonly [`0x${string}`, `0x${string}`])[] {
  return Array.from(
    { length: 4000 },
    (_, i) => [address(0xbeef0000 + i), `0x${assemble(address(0xbeef0001 + i), "SELFDESTRUCT")}`] as const,
  );
}

const nextOf = (first: number): Item => [0, 0, 0, 0, 0, [first, "DUP7", "ADD"], 50_000, "CALL", "POP"];

const CALLS: readonly WorstCase[] = [
  loopCase("CALL, warm empty account, no gas", [], [call(NOBODY), "POP"]),
  loopCase("STATICCALL, warm empty account, no gas", [], [staticCall(NOBODY, { gas: 0 }), "POP"]),
  loopCase("DELEGATECALL, warm empty account", [], [0, 0, 0, 0, NOBODY, 0, "DELEGATECALL", "POP"]),
  workCase("CALL, cold empty accounts", coldLoop([0, 0, 0, 0, 0, "DUP6", 0, "CALL", "POP", "POP"])),
  keptCase(
    "CALL with value to new accounts",
    60_000,
    [address(COLD)],
    [0, 0, 0, 0, 1, "DUP6", 0, "CALL", "POP", 1, "ADD"],
  ),
  keptCase("CALL with value to one account", 60_000, [], [call(NOBODY, { value: 1 }), "POP"], 5),
  loopCase(
    "CALL with more value than there is",
    [],
    [call(NOBODY, { value: `0x${"7f".repeat(20)}` }), "POP"],
  ),
  callee("CALL of a contract of one STOP", "00", 100, 1),
  callee("CALL of a contract that fails (INVALID)", "fe", 0, 0),
  callee("CALL of a contract that reverts", "5f5ffd", 100, 0),
  workCase("CALL of itself as deep as the gas goes, at every level again", {
    code: `0x${assemble("JUMPDEST", 0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL", "POP", 0, "JUMP")}`,
    ends: "out of gas",
  }),
  workCase("recursion as deep as 3 Mgas go and back, over and over", () => ({
    ...loop([], [call(OTHER, { gas: 3_000_000 }), "POP"], 5),
    accounts: [[OTHER, `0x${assemble(0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL", "STOP")}`]],
  })),
  workCase("recursion as deep as 10 Mgas go, each level with 4 kB of memory", () => ({
    ...loop([], [call(OTHER, { gas: 10_000_000 }), "POP"], 5),
    accounts: [
      [OTHER, `0x${assemble(1, 4064, "MSTORE", 0, 0, 4096, 0, 0, "ADDRESS", "GAS", "CALL", "STOP")}`],
    ],
    least: 4_000_000,
  })),
  workCase("recursion as deep as 5 Mgas go that writes a slot at each level and takes all back", () => ({
    ...loop([], [call(OTHER, { gas: 5_000_000 }), "POP"], 5),
    accounts: [
      [
        OTHER,
        `0x${assemble("GAS", 0, "SSTORE", 0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL", "POP", 0, 0, "REVERT")}`,
      ],
    ],
    least: 4_000_000,
  })),
  ...UNITS.map(([what, unit]) =>
    callee(`jump analysis: 24 kB of ${what} called over and over`, jumpy(unit), 12, 1),
  ),
  callee("failed JUMP in 24 kB of PUSH1, called over and over", `5f56${fill("6001", MAX_CODE - 4)}`, 12, 0),
  manyCodes(
    "jump analysis: 2,000 codes of 24 kB by turns",
    2_000,
    (i) => `${jumpy(PUSH32, MAX_CODE - 4)}${digits(i, 4)}`,
    12,
  ),
];

const JOURNAL: readonly WorstCase[] = [
  afterwards(
    "9,000 calls that succeed, then calls that fail",
    9_000,
    [call(NOBODY), "POP"],
    [call(OTHER), "POP"],
    {
      accounts: [[OTHER, "0xfe"]],
    },
  ),
  afterwards(
    "100,000 calls that succeed, then calls that fail",
    100_000,
    [call(NOBODY), "POP"],
    [call(OTHER), "POP"],
    {
      accounts: [[OTHER, "0xfe"]],
      least: 25_000_000,
    },
  ),
  afterwards("3,000 LOG0, then calls", 3_000, [0, 0, "LOG0"], [call(NOBODY), "POP"]),
  afterwards("60,000 LOG0, then calls that fail", 60_000, [0, 0, "LOG0"], [call(OTHER), "POP"], {
    accounts: [[OTHER, "0xfe"]],
    least: 28_000_000,
  }),
  afterwards("38 CREATE, then calls", 38, [0, 0, 0, "CREATE", "POP"], [call(NOBODY), "POP"]),
  afterwards("160 SELFDESTRUCT, then calls", 160, nextOf(0xbeef0000), [call(NOBODY), "POP"], {
    accounts: selfDestructs().slice(0, 161),
  }),
  afterwards(
    "10,000 TSTORE, then calls that fail",
    10_000,
    ["DUP1", "DUP1", "TSTORE"],
    [call(OTHER), "POP"],
    {
      accounts: [[OTHER, "0xfe"]],
    },
  ),
  workCase("SELFDESTRUCT in a chain: each gives to the next", () => ({
    ...loopUntil(100_000, [0], [nextOf(0xbeef0000), 1, "ADD"]),
    accounts: selfDestructs(),
  })),
];

/** Init code that is copied from another contract's code. */
function longInit(name: string, size: number, unit: string, create: Item): WorstCase {
  const before: Item = [MAX_CODE, 0, 0, OTHER, "EXTCODECOPY", MAX_CODE, 0, MAX_CODE, "MCOPY"];
  return workCase(name, () => ({
    ...loop(size > MAX_CODE ? before : before.slice(0, 5), [create, "POP"], 5),
    accounts: [[OTHER, `0x${jumpy(unit)}`]],
    probe: { code: answerOf(before, [create, "ISZERO", "ISZERO"]), want: 1 },
    least: 1_000_000,
  }));
}

const returnBig = assemble(MAX_CODE, 0, "RETURN");
const bigInit = `0x${returnBig}${"00".repeat(32 - returnBig.length / 2)}`;

const CREATIONS: readonly WorstCase[] = [
  keptCase("CREATE of empty contracts", 100_000, [], [0, 0, 0, "CREATE", "POP"]),
  keptCase("CREATE2 of empty contracts", 100_000, [0], ["DUP1", 0, 0, 0, "CREATE2", "POP", 1, "ADD"]),
  keptCase(
    "CREATE of contracts of 24 kB",
    6_000_000,
    [bigInit, 0, "MSTORE"],
    [32, 0, 0, "CREATE", "POP"],
    1,
    { least: 16_000_000, unused: 0.4 },
  ),
  keptCase(
    "CREATE2 of contracts that destroy themselves in their init code",
    100_000,
    [`0x30ff${"00".repeat(30)}`, 0, "MSTORE", 0],
    ["DUP1", 2, 0, 0, "CREATE2", "POP", 1, "ADD"],
  ),
  longInit("CREATE2, init code of 48 kB of PUSH1 with a jump", MAX_INIT_CODE, "6001", [
    "GAS",
    MAX_INIT_CODE,
    0,
    0,
    "CREATE2",
  ]),
  longInit("CREATE2, init code of 48 kB of JUMPDEST with a jump", MAX_INIT_CODE, "5b", [
    "GAS",
    MAX_INIT_CODE,
    0,
    0,
    "CREATE2",
  ]),
  longInit("CREATE, init code of 48 kB of PUSH1 with a jump", MAX_INIT_CODE, "6001", [
    MAX_INIT_CODE,
    0,
    0,
    "CREATE",
  ]),
  longInit("CREATE, init code of 48 kB of PUSH32 with a jump", MAX_INIT_CODE, PUSH32, [
    MAX_INIT_CODE,
    0,
    0,
    "CREATE",
  ]),
];

const MAX_LOG = 131_072;
const topics: Item = [1, 2, 3, 4];

const LOGS: readonly WorstCase[] = [
  keptCase("LOG0 without data", 20_000, [], [0, 0, "LOG0"], 10),
  keptCase("LOG4 without data", 20_000, [], [topics, 0, 0, "LOG4"], 3),
  keptCase("LOG4 with new topics", 20_000, [], ["GAS", "GAS", "GAS", "GAS", 0, 0, "LOG4"], 3),
  keptCase("LOG4 of 1 kB", 30_000, [], [topics, 1024, 0, "LOG4"]),
  keptCase("LOG4 of 128 kB", 1_200_000, [], [topics, MAX_LOG, 0, "LOG4"], 1, {
    least: 3_000_000,
    unused: 0.5,
  }),
];

/** Calls, recursion, creations, destructions and logs. */
export const CALL_CASES: readonly WorstCase[] = [...CALLS, ...JOURNAL, ...CREATIONS, ...LOGS];
