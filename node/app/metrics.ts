import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { PartStatus } from "../base/supervisor.ts";
import type { Address } from "../chain/types/primitives.ts";
import { type L1Metrics, measureL1 } from "../rollup/metrics.ts";
import type { OutputReport } from "../rollup/proposer/output-check.ts";
import type { BridgeBooks } from "./bridge-books.ts";

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

/** Takes what is known of the outputs on L1. */
export function measureOutputs(registry: Registry): (report: OutputReport) => void {
  const registers = [registry];
  const agreed = new Gauge({
    name: "openledger_output_agreed_block",
    help: "Newest L2 block whose output on L1 is this node's own.",
    registers,
  });
  const wrong = new Gauge({
    name: "openledger_outputs_false",
    help: "Outputs on L1 from the first false one on; 0 while this node agrees with all that it could compare.",
    registers,
  });
  return (report) => {
    if (report.agreed !== undefined) agreed.set(Number(report.agreed));
    wrong.set(Number(report.wrong));
  };
}

/** Takes the bridge's books, in OPEN. */
export function measureBridge(registry: Registry): (books: BridgeBooks) => void {
  const gauge = new Gauge({
    name: "openledger_bridge_open",
    help: "OPEN of the bridge: escrow on L1, pending on its way home, circulating on L2, uncovered: circulating + pending - escrow, never above 0.",
    labelNames: ["what"] as const,
    registers: [registry],
  });
  const set = (what: string, wei: bigint) => gauge.set({ what }, Number(wei) / 1e18);
  return ({ escrow, pending, circulating }) => {
    set("escrow", escrow);
    set("pending", pending);
    set("circulating", circulating);
    // The difference first: a float of the sums would lose the last wei.
    set("uncovered", circulating + pending - escrow);
  };
}
