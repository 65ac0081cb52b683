import { Counter, Gauge, type Registry } from "prom-client";
import type { MirrorStatus } from "./content/mirror.ts";
import type { JobState } from "./factory/job.ts";

/** A host's work at one moment. */
export interface HostQueue {
  /** Requests that are being answered. */
  answering: number;
  /** Claims that wait for their settlement. */
  unsettled: number;
}

/** A base model with the requests to it, for `/v1`. */
export interface EngineFigures {
  /** As `/v1/models` calls it, and the arithmetic of its products. */
  base: string;
  arithmetic: string;
  running: number;
  waiting: number;
  /** What its weights take, and its keys and values; `used`: of those, requests have. */
  bytes: { weights: number; cache: number; used: number };
}

/** What an AI worker has in memory and has done since it began. */
export interface WorkerFigures {
  /** Bytes of its process, and of those JavaScript's and the weights of all base models. */
  memory: { process: number; javascript: number; weights: number };
  engines: readonly EngineFigures[];
  /** Adapters in memory for `/v1`, in bytes too, and the most bytes that they may take. */
  adapters: { count: number; pinned: number; used: number; bytes: number; maxBytes: number };
  /** Tokens that went through base models for `/v1`, of prompts and of answers. */
  tokens: number;
  /** Trainings by their state; empty where none are taken. */
  jobs: Readonly<Partial<Record<JobState, number>>>;
}

/** The host's queue and the worker's figures; undefined while there are none. */
export function measureAi(
  registry: Registry,
  queue: () => HostQueue | undefined,
  figures: () => WorkerFigures | undefined,
): void {
  const registers = [registry];
  new Gauge({
    name: "openledger_ai_queue",
    help: "The host's requests: being answered, or claimed and waiting for their settlement.",
    labelNames: ["state"] as const,
    registers,
    collect() {
      const { answering, unsettled } = queue() ?? { answering: 0, unsettled: 0 };
      this.set({ state: "answering" }, answering);
      this.set({ state: "unsettled" }, unsettled);
    },
  });
  measureMemory(registry, figures);
  new Gauge({
    name: "openledger_ai_requests",
    help: "Requests to /v1 by base model: in the batch, or waiting for it.",
    labelNames: ["base", "arithmetic", "state"] as const,
    registers,
    collect() {
      this.reset();
      for (const { base, arithmetic, running, waiting } of figures()?.engines ?? []) {
        this.set({ base, arithmetic, state: "running" }, running);
        this.set({ base, arithmetic, state: "waiting" }, waiting);
      }
    },
  });
  new Gauge({
    name: "openledger_ai_adapters",
    help: "Adapters in memory for /v1: all, those that requests use, those that are pinned.",
    labelNames: ["state"] as const,
    registers,
    collect() {
      const { count, used, pinned } = figures()?.adapters ?? { count: 0, used: 0, pinned: 0 };
      this.set({ state: "resident" }, count);
      this.set({ state: "used" }, used);
      this.set({ state: "pinned" }, pinned);
    },
  });
  new Counter({
    name: "openledger_ai_tokens_total",
    help: "Tokens of prompts and answers that went through base models for /v1 since the AI worker began.",
    registers,
    collect() {
      this.reset();
      this.inc(figures()?.tokens ?? 0);
    },
  });
  new Gauge({
    name: "openledger_ai_jobs",
    help: "Trainings that the AI worker keeps, by state.",
    labelNames: ["state"] as const,
    registers,
    collect() {
      this.reset();
      for (const [state, count] of Object.entries(figures()?.jobs ?? {})) this.set({ state }, count);
    },
  });
}

/** What this node has of the contents that the chain names; undefined while that is not known. */
export function measureMirror(registry: Registry, status: () => MirrorStatus | undefined): void {
  new Gauge({
    name: "openledger_contents",
    help: "Contents that the chain names: all, those that are looked for; and the other nodes that are asked for them.",
    labelNames: ["what"] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const [what, count] of Object.entries(status() ?? {})) this.set({ what }, count);
    },
  });
}

function measureMemory(registry: Registry, figures: () => WorkerFigures | undefined): void {
  const registers = [registry];
  new Gauge({
    name: "openledger_ai_memory_bytes",
    help: "Memory of the AI worker: its process, and of that JavaScript, weights of all base models, adapters for /v1.",
    labelNames: ["part"] as const,
    registers,
    collect() {
      this.reset();
      const told = figures();
      if (told === undefined) return;
      this.set({ part: "process" }, told.memory.process);
      this.set({ part: "javascript" }, told.memory.javascript);
      this.set({ part: "weights" }, told.memory.weights);
      this.set({ part: "adapters" }, told.adapters.bytes);
    },
  });
  new Gauge({
    name: "openledger_ai_model_bytes",
    help: "Memory of a base model for /v1: its weights (counted once for both arithmetics), room for keys and values, and what of that requests have.",
    labelNames: ["base", "arithmetic", "part"] as const,
    registers,
    collect() {
      this.reset();
      for (const { base, arithmetic, bytes } of figures()?.engines ?? [])
        for (const [part, size] of Object.entries(bytes)) this.set({ base, arithmetic, part }, size);
    },
  });
}
