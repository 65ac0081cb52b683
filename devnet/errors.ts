import { type ErrorOf, errorMaker } from "../node/base/errors.ts";

/** Every failure of the devnet, with what it means for the work that met it. */
export const DEVNET_ERRORS = {
  ANVIL_MISSING: "fatal",
  BASE_MODEL_TOKENIZER: "input",
  BLOCK_NOT_SAFE: "temporary",
  CHECKPOINT_INVALID: "input",
  CHILD_NOT_READY: "temporary",
  COMMAND_FAILED: "input",
  DATA_DIR_FOREIGN: "fatal",
  DATA_DIR_LOCKED: "fatal",
  DATA_DIR_VERSION: "fatal",
  FALSE_CLAIM_STANDS: "fatal",
  FLAG_INVALID: "input",
  JOURNAL_CORRUPT: "fatal",
  PORT_BUSY: "input",
  PRETRAIN_STOPPED: "input",
  RPC_FAILED: "input",
} as const;

export type DevnetErrorCode = keyof typeof DEVNET_ERRORS;
export type DevnetError = ErrorOf<typeof DEVNET_ERRORS>;

/** Makes the error with its severity. */
export const devnetError = errorMaker(DEVNET_ERRORS);
