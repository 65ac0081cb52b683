import { Gauge, type Registry } from "prom-client";

/** A host's work at one moment. */
export interface HostQueue {
  /** Requests that are being answered. */
  answering: number;
  /** Claims that wait for their settlement. */
  unsettled: number;
}

/** The host's queue; `queue` gives undefined while there is no host. */
export function measureAi(registry: Registry, queue: () => HostQueue | undefined): void {
  new Gauge({
    name: "openledger_ai_queue",
    help: "The host's requests: being answered, or claimed and waiting for their settlement.",
    labelNames: ["state"] as const,
    registers: [registry],
    collect() {
      const { answering, unsettled } = queue() ?? { answering: 0, unsettled: 0 };
      this.set({ state: "answering" }, answering);
      this.set({ state: "unsettled" }, unsettled);
    },
  });
}
