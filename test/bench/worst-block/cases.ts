import { ATTRIBUTION_CASES } from "./attribution.ts";
import { CALL_CASES } from "./calls.ts";
import type { WorstCase } from "./case.ts";
import { CURVE_CASES } from "./curves.ts";
import { MEMORY_CASES } from "./memory.ts";
import { OPCODE_CASES } from "./opcodes.ts";
import { PRECOMPILE_CASES } from "./precompiles.ts";
import { STATE_CASES } from "./state.ts";
import { TRANSACTION_CASES } from "./transactions.ts";

/** Every case, by theme. */
export const CASES: readonly WorstCase[] = [
  ...OPCODE_CASES,
  ...MEMORY_CASES,
  ...CALL_CASES,
  ...STATE_CASES,
  ...PRECOMPILE_CASES,
  ...CURVE_CASES,
  ...ATTRIBUTION_CASES,
  ...TRANSACTION_CASES,
];
