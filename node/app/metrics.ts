import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { PartStatus } from "../base/supervisor.ts";
import type { Address } from "../chain/types/primitives.ts";
import { type L1Metrics, measureL1 } from "../rollup/metrics.ts";

/** A node's metrics. Each room adds its own; what is asked for is read when somebody asks. */
export interface NodeMetrics {
  registry: Registry;
  l1: L1Metrics;
}

export function createNodeMetrics(): NodeMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Gauges with a counter's name, which promtool refuses; the ones by type say the same.
  for (const kind of ["handles", "requests", "resources"])
    registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  return { registry, l1: measureL1(registry) };
}

const STATES = ["running", "hanging", "restarting", "stopped"] as const;

/** The parts' states and restarts. */
export function measureParts(registry: Registry, parts: () => readonly PartStatus[]): void {
  const registers = [registry];
  new Gauge({
    name: "openledger_part_state",
    help: "1 for the state that a part of the node is in.",
    labelNames: ["part", "state"] as const,
    registers,
    collect() {
      for (const part of parts())
        for (const state of STATES) this.set({ part: part.name, state }, part.state === state ? 1 : 0);
    },
  });
  new Gauge({
    name: "openledger_part_restarts",
    help: "How often a part was started again after a failure.",
    labelNames: ["part"] as const,
    registers,
    collect() {
      for (const { name, restarts } of parts()) this.set({ part: name }, restarts);
    },
  });
}

/** A key whose balance the node lives on. */
export interface WatchedKey {
  /** The part that spends from it. */
  part: string;
  layer: "l1" | "l2";
  address: Address;
  /** Its balance in wei. */
  read(): Promise<bigint>;
}

/** Takes the keys' balances, in ether (OPEN on L2). */
export function measureBalances(registry: Registry): (key: WatchedKey, wei: bigint) => void {
  const gauge = new Gauge({
    name: "openledger_balance_ether",
    help: "Balance of the keys that the node spends from: ether on L1, OPEN on L2.",
    labelNames: ["part", "layer", "address"] as const,
    registers: [registry],
  });
  return ({ part, layer, address }, wei) => gauge.set({ part, layer, address }, Number(wei) / 1e18);
}
