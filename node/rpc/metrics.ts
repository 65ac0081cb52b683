import { Histogram, type Registry } from "prom-client";
import { monotonicMs } from "../base/clock.ts";
import type { RpcMethods } from "./types.ts";

/** The methods, with the time of each of their answers measured. */
export function measureMethods(methods: RpcMethods, registry: Registry): RpcMethods {
  const seconds = new Histogram({
    name: "openledger_rpc_seconds",
    help: "Time to answer a request, by method and outcome.",
    labelNames: ["method", "outcome"] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  const measured = Object.entries(methods).map(([method, answer]): [string, RpcMethods[string]] => [
    method,
    async (params, context) => {
      const started = monotonicMs();
      const end = (outcome: string) => seconds.observe({ method, outcome }, (monotonicMs() - started) / 1000);
      try {
        const result = await answer(params, context);
        end("result");
        return result;
      } catch (error) {
        end("error");
        throw error;
      }
    },
  ]);
  return Object.fromEntries(measured);
}
