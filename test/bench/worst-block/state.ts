import { address, fill, type Item, loop, loopUntil, MAX_CODE } from "./assembler.ts";
import {
  COLD,
  coldLoop,
  keptCase,
  loopCase,
  NOBODY,
  OTHER,
  type Work,
  type WorstCase,
  workCase,
} from "./case.ts";

const disk = { disk: true } as const;
const bigCode: Work = { accounts: [[OTHER, `0x${fill("5b", MAX_CODE)}`]] };
/** A transaction for each of COLD's accounts, whose address is on top of the stack. */
const eachCold = (body: Item): Item => ["DUP1", body, 1, "ADD"];

const STORAGE: readonly WorstCase[] = [
  loopCase("SLOAD, warm", [], [0, "SLOAD", "POP"], 100),
  loopCase("SLOAD, cold, absent slots", [0], ["DUP1", "SLOAD", "POP", 1, "ADD"], 20),
  loopCase("SLOAD, cold stored slots on disk", [1], ["DUP1", "SLOAD", "POP", 1, "ADD"], 20, disk),
  loopCase(
    "SLOAD, absent slots beside those on disk",
    [1 << 30],
    ["DUP1", "SLOAD", "POP", 1, "ADD"],
    20,
    disk,
  ),
  keptCase("SSTORE, new slots", 60_000, [1], ["DUP1", "DUP1", "SSTORE", 1, "ADD"]),
  keptCase(
    "SSTORE, new slots beside those on disk",
    60_000,
    [1 << 30],
    ["DUP1", "DUP1", "SSTORE", 1, "ADD"],
    1,
    disk,
  ),
  keptCase("SSTORE, warm slot, same value", 20_000, [1, 0, "SSTORE"], [1, 0, "SSTORE"], 20),
  keptCase(
    "SSTORE, warm dirty slot, two values in turn",
    20_000,
    [1, 0, "SSTORE"],
    [2, 0, "SSTORE", 3, 0, "SSTORE"],
    10,
  ),
  keptCase("SSTORE, stored slots on disk set to 0", 60_000, [1], [0, "DUP2", "SSTORE", 1, "ADD"], 1, {
    ...disk,
    unused: 0.35,
  }),
  keptCase("SSTORE, stored slots on disk changed", 60_000, [1], ["GAS", "DUP2", "SSTORE", 1, "ADD"], 1, disk),
  loopCase(
    "SSTORE, stored slots on disk changed, then all taken back",
    [1],
    ["GAS", "DUP2", "SSTORE", 1, "ADD"],
    20,
    disk,
  ),
  loopCase("TLOAD", [1, 0, "TSTORE"], [0, "TLOAD", "POP"], 100),
  loopCase("TLOAD, absent keys", [1], ["DUP1", "TLOAD", "POP", 1, "ADD"], 100),
  keptCase("TSTORE, new keys", 20_000, [1], ["DUP1", "DUP1", "TSTORE", 1, "ADD"], 20),
  keptCase("TSTORE, one key", 20_000, [], ["GAS", 0, "TSTORE"], 20),
];

const ACCOUNTS: readonly WorstCase[] = [
  loopCase("BALANCE, warm", [], [NOBODY, "BALANCE", "POP"], 100),
  workCase("BALANCE, cold absent accounts", coldLoop(["BALANCE", "POP"])),
  workCase("BALANCE, cold accounts on disk", { ...coldLoop(["BALANCE", "POP"]), ...disk }),
  workCase("BALANCE, absent accounts beside those on disk", {
    ...loop([address(COLD << 40n)], eachCold(["BALANCE", "POP"]), 20),
    ...disk,
  }),
  keptCase(
    "CALL with value to cold accounts on disk",
    60_000,
    [address(COLD)],
    [0, 0, 0, 0, 1, "DUP6", 0, "CALL", "POP", 1, "ADD"],
    1,
    disk,
  ),
  workCase("CALL of cold contracts on disk, each its own 24 kB with a jump", {
    ...loop([address(COLD)], [0, 0, 0, 0, 0, "DUP6", 12, "CALL", "POP", 1, "ADD"], 20),
    ...disk,
  }),
  workCase("EXTCODESIZE, cold accounts on disk, each its own 24 kB", {
    ...coldLoop(["EXTCODESIZE", "POP"]),
    ...disk,
  }),
  workCase("EXTCODEHASH, cold accounts on disk", { ...coldLoop(["EXTCODEHASH", "POP"]), ...disk }),
  workCase("EXTCODECOPY, cold accounts on disk, 1 byte, each its own 24 kB", {
    ...loop([address(COLD)], [1, 0, 0, "DUP4", "EXTCODECOPY", 1, "ADD"], 20),
    ...disk,
  }),
  workCase("EXTCODECOPY, cold accounts on disk, all of their own 24 kB", {
    ...loop([address(COLD)], [MAX_CODE, 0, 0, "DUP4", "EXTCODECOPY", 1, "ADD"], 20),
    ...disk,
  }),
  loopCase("EXTCODEHASH, warm", [], [OTHER, "EXTCODEHASH", "POP"], 100, bigCode),
  loopCase("EXTCODESIZE, warm, 24 kB", [], [OTHER, "EXTCODESIZE", "POP"], 100, bigCode),
  loopCase("EXTCODECOPY, warm, all 24 kB", [], [MAX_CODE, 0, 0, OTHER, "EXTCODECOPY"], 50, bigCode),
  loopCase("EXTCODECOPY, warm, 1 byte of 24 kB", [], [1, 0, 0, OTHER, "EXTCODECOPY"], 100, bigCode),
  workCase("SELFDESTRUCT over and over to cold accounts on disk", {
    ...loopUntil(
      60_000,
      [address(COLD)],
      [
        ["DUP1", 0, "MSTORE"],
        [0, 0, 32, 0, 0, OTHER, 50_000, "CALL", "POP"],
        [1, "ADD"],
      ],
    ),
    accounts: [[OTHER, "0x5f35ff"]],
    ...disk,
  }),
];

/** Storage, transient storage, accounts and codes; what is on disk is cold. */
export const STATE_CASES: readonly WorstCase[] = [...STORAGE, ...ACCOUNTS];
