import { Histogram, type Registry } from "prom-client";
import type { OnAnswer } from "./method-runner.ts";

/** Measures the time of each answer. */
export function measureAnswers(registry: Registry): OnAnswer {
  const seconds = new Histogram({
    name: "openledger_rpc_seconds",
    help: "Time to answer a request, by method and outcome.",
    labelNames: ["method", "outcome"] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  return (method, ms, isError) =>
    seconds.observe({ method, outcome: isError ? "error" : "result" }, ms / 1000);
}
