import { type ErrorOf, errorMaker } from "../base/errors.ts";

/** Every failure of state, execution and the mempool, with what it means for the work that met it. */
export const EXECUTION_ERRORS = {
  EVM_MODULE_UNREADABLE: "fatal",
  EXECUTORS_DIFFER: "fatal",
  ACCESS_LIST_UNSTABLE: "input",
  BLOCK_INVALID: "input",
  CALL_FUNDS: "input",
  CALL_GAS: "input",
  CALL_INITCODE: "input",
  CALL_OVERRIDE: "input",
  FRAME_CAPTURE_MISSING: "fatal",
  PAYLOAD_INVALID: "input",
  SIMULATE_BLOCK_GAS: "input",
  SIMULATE_BLOCK_NUMBER: "input",
  SIMULATE_FEE_CAP: "input",
  SIMULATE_NONCE_HIGH: "input",
  SIMULATE_NONCE_LOW: "input",
  SIMULATE_NONCE_MAX: "input",
  SIMULATE_TIMESTAMP: "input",
  SIMULATE_TIP: "input",
  SIMULATE_TOO_MANY: "input",
  SIMULATION_BUSY: "temporary",
  SIMULATION_FAILED: "temporary",
  SIMULATION_TIMEOUT: "input",
  STATE_CODE_MISSING: "fatal",
  STATE_NODE_CORRUPT: "fatal",
  STATE_NODE_MISSING: "fatal",
  STATE_READ_FAILED: "fatal",
  TRACE_TOO_LARGE: "input",
  TXPOOL_ACCOUNT_LIMIT: "input",
  TXPOOL_ALREADY_KNOWN: "input",
  TXPOOL_AUTHORITY_RESERVED: "input",
  TXPOOL_DELEGATED_GAP: "input",
  TXPOOL_DELEGATED_LIMIT: "input",
  TXPOOL_FULL: "temporary",
  TXPOOL_FUNDS: "input",
  TXPOOL_FUTURE_REPLACES_PENDING: "input",
  TXPOOL_GAS_LIMIT: "input",
  TXPOOL_INITCODE_SIZE: "input",
  TXPOOL_INTRINSIC_GAS: "input",
  TXPOOL_NONCE_TOO_HIGH: "input",
  TXPOOL_NONCE_TOO_LOW: "input",
  TXPOOL_REPLACEMENT_UNDERPRICED: "input",
  TXPOOL_SIZE: "input",
  TXPOOL_TIP_ABOVE_FEE_CAP: "input",
  TXPOOL_TIP_TOO_LOW: "input",
  TXPOOL_TYPE: "input",
  TXPOOL_UNDERPRICED: "input",
  TXPOOL_UNPROTECTED: "input",
} as const;

export type ExecutionErrorCode = keyof typeof EXECUTION_ERRORS;
export type ExecutionError = ErrorOf<typeof EXECUTION_ERRORS>;

/** Makes the error with its severity. */
export const executionError = errorMaker(EXECUTION_ERRORS);
