import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of L1, derivation, fork choice, sequencing, batching and proposing, with what it means for the work that met it. */
export const ROLLUP_ERRORS = {
  BATCH_BLOCKS_INVALID: "fatal",
  BLOBS_UNAVAILABLE: "temporary",
  CHALLENGE_REVERTED: "temporary",
  DEPOSITS_ONLY_INVALID: "fatal",
  DERIVATION_OUT_OF_ORDER: "reset",
  DERIVATION_START_INVALID: "fatal",
  DERIVATION_STOPPED: "fatal",
  L1_BLOCK_UNEXPECTED: "fatal",
  L1_FEES_TOO_HIGH: "temporary",
  L1_FINALITY_BROKEN: "fatal",
  L1_GENESIS_MISSING: "temporary",
  L1_NONCE_MOVED: "temporary",
  L1_ORIGIN_MISMATCH: "reset",
  L1_ORIGIN_TOO_LATE: "reset",
  L1_OTHER_CHAIN: "fatal",
  L1_REORG_TOO_DEEP: "fatal",
  L1_RESPONSE_INVALID: "temporary",
  L1_RPC_ERROR: "temporary",
  L1_SEND_FAILED: "input",
  L1_UNAVAILABLE: "temporary",
  ORACLE_MISSING: "fatal",
  PROPOSAL_REVERTED: "temporary",
  RESET_BELOW_FINALIZED: "fatal",
  STORE_CORRUPT: "fatal",
} as const;

export type RollupErrorCode = keyof typeof ROLLUP_ERRORS;
export type RollupError = ErrorOf<typeof ROLLUP_ERRORS>;

/** Makes the error with its severity. */
export const rollupError = errorMaker(ROLLUP_ERRORS);
