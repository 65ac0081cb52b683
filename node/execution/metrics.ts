import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { monotonicMs } from "../base/clock.ts";
import type { BlockExecutor } from "./evm/executor.ts";
import type { Mempool } from "./mempool/types.ts";

/** The executor, with the time and the gas of what it builds counted. */
export function measureExecutor(executor: BlockExecutor, registry: Registry): BlockExecutor {
  const registers = [registry];
  const labelNames = ["work"] as const;
  const seconds = new Histogram({
    name: "openledger_executor_seconds",
    help: "Time to execute a block: sequenced with the pool, or derived from L1.",
    labelNames,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
    registers,
  });
  const gas = new Counter({
    name: "openledger_executor_gas_total",
    help: "Gas of the blocks that were executed.",
    labelNames,
    registers,
  });
  const transactions = new Counter({
    name: "openledger_executor_transactions_total",
    help: "Transactions of the blocks that were executed, deposits too.",
    labelNames,
    registers,
  });
  return {
    async build(parent, attributes, pool, budget) {
      const work = pool === undefined ? "derive" : "sequence";
      const started = monotonicMs();
      const built = await executor.build(parent, attributes, pool, budget);
      seconds.observe({ work }, (monotonicMs() - started) / 1000);
      gas.inc({ work }, Number(built.block.header.gasUsed));
      transactions.inc({ work }, built.block.transactions.length);
      return built;
    },
    check: (parent, block) => executor.check(parent, block),
  };
}

/** The pool's size. */
export function measureMempool(mempool: Pick<Mempool, "count">, registry: Registry): void {
  new Gauge({
    name: "openledger_mempool_transactions",
    help: "Transactions in the pool: pending could be in the next block, queued wait behind a missing nonce.",
    labelNames: ["state"] as const,
    registers: [registry],
    collect() {
      const { pending, queued } = mempool.count();
      this.set({ state: "pending" }, pending);
      this.set({ state: "queued" }, queued);
    },
  });
}
