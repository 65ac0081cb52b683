import { CodedError, isCodedError, type Severity } from "../../base/errors.ts";
import type { BlockHeader } from "../../chain/types/block.ts";
import type { OpenLedgerConfig, RollupConfig } from "../../chain/types/rollup.ts";
import type { ExecutorKind } from "../evm/create-executor.ts";
import type { BlockSimulation, CallRequest, TraceRequest } from "../evm/executor.ts";

/** What a simulation thread is started with. */
export interface SimulationThreadData {
  /** Of the chain's database, which another thread of this process has open. */
  folder: string;
  rollup: RollupConfig;
  openledger: OpenLedgerConfig;
  executor: ExecutorKind;
}

/** What a thread runs: the executor's methods by name, with what each is asked. */
export interface SimulationRequests {
  call: CallRequest;
  estimateGas: CallRequest;
  createAccessList: CallRequest;
  simulateBlocks: BlockSimulation;
  trace: TraceRequest;
}
export type SimulationKind = keyof SimulationRequests;

/** From the pool to a thread: one at a time. */
export interface SimulationJob {
  kind: SimulationKind;
  /** undefined: that of the job before. */
  header: BlockHeader | undefined;
  request: SimulationRequests[SimulationKind];
}

/** From a thread to the pool: that it can take its first job, then an answer for each. */
export type SimulationAnswer = { ready: true } | { result: unknown } | { error: SentError };

/** An error as it crosses threads. */
export interface SentError {
  message: string;
  stack: string | undefined;
  /** Of a CodedError. */
  coded:
    | {
        code: string;
        severity: Severity;
        fix: string | undefined;
        facts: Readonly<Record<string, unknown>>;
      }
    | undefined;
}

export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error), stack: undefined, coded: undefined };
  const { message, stack } = error;
  if (!isCodedError(error)) return { message, stack, coded: undefined };
  const { code, severity, fix, facts } = error;
  return { message, stack, coded: { code, severity, fix, facts } };
}

/** The error that {@link sendError} took apart; its stack stays that of the thread. */
export function receiveError({ message, stack, coded }: SentError): Error {
  const error =
    coded === undefined
      ? new Error(message)
      : new CodedError(coded.code, coded.severity, { message, fix: coded.fix, facts: coded.facts });
  if (stack !== undefined) error.stack = stack;
  return error;
}
