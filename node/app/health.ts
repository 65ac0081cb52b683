import type { PartStatus } from "../base/supervisor.ts";
import type { ChainNode } from "./chain-node.ts";

/** What `/health` says. */
export interface Health {
  /** `starting`: derivation has not checked the chain against L1 yet; `degraded`: a part hangs, or failed and waits for its next start. */
  status: "ok" | "starting" | "degraded";
  unsafe: number;
  safe: number;
  finalized: number;
  /** -1: not known yet, as in the next. */
  l1Head: number;
  l1Derived: number;
  parts: Record<string, Omit<PartStatus, "name">>;
}

/** Parts whose silence is another's: while L1 does not answer, the node goes on answering, building and keeping what it has. */
const BEYOND_US: readonly string[] = ["l1"];

/** False: clients are better sent to another node, or the operator has something to do. A node whose L1 does not answer serves on. */
export function isServing({ status, parts }: Health): boolean {
  if (status !== "degraded") return status === "ok";
  return Object.entries(parts).every(
    ([name, { state }]) => state === "running" || (state === "hanging" && BEYOND_US.includes(name)),
  );
}

/** The state of a node and of each of its parts. */
export function healthOf({ driver, engine, watcher }: ChainNode, parts: readonly PartStatus[]): Health {
  const { unsafe, safe, finalized } = engine.heads();
  const isWhole = parts.every(({ state }) => state === "running");
  return {
    status: driver.isReady() ? (isWhole ? "ok" : "degraded") : "starting",
    unsafe: Number(unsafe.number),
    safe: Number(safe.number),
    finalized: Number(finalized.number),
    l1Head: Number(watcher.heads()?.latest.number ?? -1),
    l1Derived: Number(driver.currentL1()?.number ?? -1),
    parts: Object.fromEntries(parts.map(({ name, ...status }) => [name, status])),
  };
}
