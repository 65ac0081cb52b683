import type { BlockHeader } from "../../chain/types/block.ts";
import type {
  AccessListResult,
  BlockSimulation,
  CallRequest,
  CallResult,
  SimulatedBlock,
  TraceRequest,
} from "../evm/executor.ts";

/** What one simulation may take beyond the limits that hold for all of them. */
export interface SimulationBound {
  /** Milliseconds of running, where that is less than every simulation's own deadline. */
  timeoutMs?: number;
}

/**
 * A `Simulator` that can be told how long to run. An executor is one too; it runs on the caller's thread and knows no deadline.
 */
export interface BoundedSimulator {
  call(header: BlockHeader, request: CallRequest, bound?: SimulationBound): Promise<CallResult>;
  estimateGas(
    header: BlockHeader,
    request: CallRequest,
    bound?: SimulationBound,
  ): Promise<bigint | CallResult>;
  createAccessList(
    header: BlockHeader,
    request: CallRequest,
    bound?: SimulationBound,
  ): Promise<AccessListResult>;
  simulateBlocks(
    header: BlockHeader,
    request: BlockSimulation,
    bound?: SimulationBound,
  ): Promise<readonly SimulatedBlock[]>;
  trace(header: BlockHeader, request: TraceRequest, bound?: SimulationBound): Promise<string>;
}
