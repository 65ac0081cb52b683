import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of the command line, with what it means for the work that met it. */
export const CLI_ERRORS = {
  ADDRESS_INVALID: "input",
  AMOUNT_INVALID: "input",
  ANSWER_MISSING: "input",
  CLAIM_REFUTED: "input",
  CONTENT_REPEATED: "input",
  CONTRIBUTION_NOT_REVEALED: "input",
  DEPLOYMENT_UNREADABLE: "input",
  DEPOSIT_NOT_SEEN: "temporary",
  DEVNET_FILE_CORRUPT: "input",
  FILE_UNREADABLE: "input",
  HOST_ABSENT: "input",
  KEY_AS_FLAG: "input",
  KEY_EXISTS: "input",
  KEY_FILE_CORRUPT: "input",
  KEY_INVALID: "input",
  KEY_MISSING: "input",
  KEY_NAME_INVALID: "input",
  KEY_UNKNOWN: "input",
  L1_TRANSACTION_FAILED: "input",
  MODEL_BUILD_INVALID: "input",
  MODEL_REFUTED: "input",
  NODE_WRONG: "input",
  NUMBER_INVALID: "input",
  PORT_INVALID: "input",
  PROTOCOL_ABSENT: "input",
  RECEIPT_UNREADABLE: "input",
  SALT_INVALID: "input",
  SNAPSHOT_INVALID: "input",
  STOPPED: "input",
  URL_INVALID: "input",
  WATCHER_ABSENT: "input",
} as const;

export type CliErrorCode = keyof typeof CLI_ERRORS;
export type CliError = ErrorOf<typeof CLI_ERRORS>;

/** Makes the error with its severity. */
export const cliError = errorMaker(CLI_ERRORS);
