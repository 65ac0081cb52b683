import { monotonicMs } from "../base/clock.ts";
import type { SimulationBound } from "../execution/simulation/simulator.ts";
import { RPC_CODE } from "./errors.ts";
import { RpcError } from "./types.ts";

/** All simulations of one batch together, in ms from the batch's arrival. */
const BATCH_MS = 10_000;
/** All simulations of one batch together; the last one may go beyond it. */
const BATCH_GAS = 500_000_000n;

/** What the simulations of one batch may still take. */
export class SimulationBudget {
  private readonly deadline = monotonicMs() + BATCH_MS;
  private gas = BATCH_GAS;

  /** The bound of the next one. @throws RpcError -32005 when nothing is left. */
  next(): SimulationBound {
    const timeoutMs = this.deadline - monotonicMs();
    if (timeoutMs > 0 && this.gas > 0n) return { timeoutMs: Math.ceil(timeoutMs) };
    throw new RpcError(
      RPC_CODE.limit,
      `the batch's calls have taken all they may take together (${BATCH_MS / 1000}s, ${BATCH_GAS} gas)`,
    );
  }

  /** Takes what one has used. */
  spend(gasUsed: bigint): void {
    this.gas -= gasUsed;
  }
}
