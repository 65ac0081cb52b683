import { errorMaker, isCodedError } from "../base/errors.ts";
import { RpcError } from "./types.ts";

/** Every failure of the server itself; what a request meets is an {@link RpcError} or the coded error of another room. */
export const RPC_ERRORS = {
  RPC_DOOR_LOST: "temporary",
  RPC_LISTEN_FAILED: "fatal",
  RPC_PORT_BUSY: "fatal",
} as const;

/** Makes the error with its severity. */
export const serverError = errorMaker(RPC_ERRORS);

/** JSON-RPC 2.0 codes, and geth's for a failed execution. */
export const RPC_CODE = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  server: -32000,
  limit: -32005,
  /** geth's, of requests that take too long. */
  timeout: -32002,
  /** geth's, of answers that are too large. */
  tooLarge: -32003,
  /** geth's, of requests that ask for more than a method's own limit. */
  clientLimit: -38026,
  revert: 3,
  /** geth's, of a transaction that was accepted but not mined in time; the data is its hash. */
  notMinedYet: 4,
} as const;

/** A parameter of the wrong form; `index` counts from 0. */
export function invalidArgument(index: number, reason: string): RpcError {
  return new RpcError(RPC_CODE.invalidParams, `invalid argument ${index}: ${reason}`);
}

/** JSON-RPC codes of coded errors that have one of their own. */
const CODES: Readonly<Record<string, number>> = {
  SIMULATION_BUSY: RPC_CODE.limit,
};

/** The error object of a JSON-RPC answer. An unknown error tells nothing of the node's inside. */
export function toErrorObject(error: unknown): { code: number; message: string; data?: unknown } {
  if (error instanceof RpcError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.data !== undefined && { data: error.data }),
    };
  }
  if (isCodedError(error)) {
    return {
      code: CODES[error.code] ?? RPC_CODE.server,
      message: error.message,
      data: { code: error.code, ...(error.fix !== undefined && { fix: error.fix }) },
    };
  }
  return { code: RPC_CODE.internal, message: "internal error" };
}
