import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of decoding and checking the chain's data, with what it means for the work that met it. */
export const CHAIN_ERRORS = {
  BATCH_INVALID: "input",
  BATCH_TRANSACTION_INVALID: "input",
  BLOB_INVALID: "input",
  BLOCK_ENCODING_INVALID: "input",
  CHANNEL_INVALID: "input",
  CONFIG_FILE_UNREADABLE: "input",
  DEPOSIT_ENCODING_INVALID: "input",
  DEPOSIT_LOG_INVALID: "input",
  EXTRA_DATA_INVALID: "input",
  FEE_SCALAR_INVALID: "input",
  FRAMES_INVALID: "input",
  GENESIS_INVALID: "input",
  GENESIS_MISMATCH: "fatal",
  HEADER_INVALID: "input",
  L1_ATTRIBUTES_INVALID: "input",
  L1_CHAIN_CONFIG_INVALID: "input",
  RLP_INVALID: "input",
  PROOF_INVALID: "input",
  ROLLUP_CONFIG_INVALID: "input",
  TRANSACTION_INVALID: "input",
} as const;

export type ChainErrorCode = keyof typeof CHAIN_ERRORS;
export type ChainError = ErrorOf<typeof CHAIN_ERRORS>;

/** Makes the error with its severity. */
export const chainError = errorMaker(CHAIN_ERRORS);
