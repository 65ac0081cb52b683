import { monotonicMs } from "../base/clock.ts";
import type { SimulationBound } from "../execution/simulation/simulator.ts";
import { RPC_CODE } from "./errors.ts";
import { type CallBudget, RpcError } from "./types.ts";

export interface SimulationBudgetLimits {
  /** All simulations of one batch together, in ms from the batch's arrival. */
  maxBatchCallMs: number;
  /** All simulations of one batch together; the last one may go beyond it. */
  maxBatchCallGas: bigint;
}

/** Counts time and gas. */
export class SimulationBudget implements CallBudget {
  private readonly limits: SimulationBudgetLimits;
  private readonly deadline: number;
  private gas: bigint;

  constructor(limits: SimulationBudgetLimits) {
    this.limits = limits;
    this.deadline = monotonicMs() + limits.maxBatchCallMs;
    this.gas = limits.maxBatchCallGas;
  }

  next(): SimulationBound {
    const timeoutMs = this.deadline - monotonicMs();
    if (timeoutMs > 0 && this.gas > 0n) return { timeoutMs: Math.ceil(timeoutMs) };
    const { maxBatchCallMs, maxBatchCallGas } = this.limits;
    throw new RpcError(
      RPC_CODE.limit,
      `the calls of a batch may take ${maxBatchCallMs / 1000}s and ${maxBatchCallGas} gas together`,
    );
  }

  spend(gasUsed: bigint): void {
    this.gas -= gasUsed;
  }
}
