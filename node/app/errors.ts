import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of putting a node together, with what it means for the work that met it. */
export const APP_ERRORS = {
  AI_WORKER_ENDED: "temporary",
  BLOCK_NOT_FOUND: "input",
  CHAIN_SNAPSHOT_INVALID: "input",
  CHAIN_SNAPSHOT_SOURCE: "input",
  CONFIG_FILE_INVALID: "input",
  CONFIG_INVALID: "input",
  GENESIS_MISMATCH: "fatal",
  KEYSTORE_INVALID: "input",
  KEYSTORE_PASSWORD_MISSING: "input",
  KEYSTORE_PASSWORD_WRONG: "input",
  KEY_FILE_INVALID: "input",
  KEY_FILE_UNREADABLE: "input",
  L1_CHAIN_MISMATCH: "fatal",
  L1_UNAVAILABLE: "temporary",
  PROTOCOL_FILE_INVALID: "input",
  SAFE_HEAD_NOT_FOUND: "input",
  STATE_PRUNED: "input",
  TXPOOL_SEQUENCER_UNREACHABLE: "temporary",
} as const;

export type AppErrorCode = keyof typeof APP_ERRORS;
export type AppError = ErrorOf<typeof APP_ERRORS>;

/** Makes the error with its severity. */
export const appError = errorMaker(APP_ERRORS);
