import { z } from "zod";
import { aiError } from "../errors.ts";
import type { Factory } from "../factory/factory.ts";
import { fileSchema } from "../factory/file-preview.ts";
import { orderSchema } from "../factory/order.ts";
import { parseParams } from "../params.ts";
import type { WorkerMethod } from "./server.ts";

export interface FactoryMethodOptions {
  /** Undefined while the protocol's contracts are not known. */
  factory: () => Factory | undefined;
  signal: AbortSignal;
}

const owner = z.string().regex(/^0x[0-9a-f]{40}$/);
const jobId = z.string().regex(/^[0-9a-f]{16}$/);
/** Longest wait for news of a job, in ms. */
export const MAX_WAIT_MS = 25_000;
/** UTF-16 units of a prompt; the model's own limit is in tokens. */
export const MAX_PROMPT = 65_536;

/**
 * What a worker that trains does for its node, which vouches for the account that is named first:
 * - `factory_bases()`: the base models that can be trained on;
 * - `factory_preview(order)`, `factory_preview_file(file)`, `factory_create(owner, order)`;
 * - `factory_list(owner)`, `factory_job(owner, jobId)`, `factory_events(owner, jobId, after, waitMs)`;
 * - `factory_cancel|resume|delete(owner, jobId)`, `factory_compare(owner, jobId, prompt)`.
 */
export function factoryMethods({
  factory,
  signal,
}: FactoryMethodOptions): Readonly<Record<string, WorkerMethod>> {
  const here = (): Factory => {
    const running = factory();
    if (running !== undefined) return running;
    throw aiError("FACTORY_STARTING", {
      message: "this node's training waits for the protocol's contracts",
      fix: "try again in a moment",
    });
  };
  const ofJob = (params: readonly unknown[]) => parseParams(z.tuple([owner, jobId]), params);
  return {
    factory_bases: () => here().bases(),
    factory_preview: (params) => {
      const [order] = parseParams(z.tuple([orderSchema]), params);
      return here().preview(order);
    },
    factory_preview_file: (params) => here().previewFile(...parseParams(z.tuple([fileSchema]), params)),
    factory_create: (params) => here().create(...parseParams(z.tuple([owner, orderSchema]), params)),
    factory_list: (params) => here().list(...parseParams(z.tuple([owner]), params)),
    factory_job: (params) => here().get(...ofJob(params)),
    factory_events: (params) => {
      const wait = z.number().int().min(0).max(MAX_WAIT_MS);
      const after = z.number().int().min(0);
      return here().events(...parseParams(z.tuple([owner, jobId, after, wait]), params));
    },
    factory_cancel: (params) => here().cancel(...ofJob(params)),
    factory_resume: (params) => here().resume(...ofJob(params)),
    factory_delete: async (params) => {
      await here().delete(...ofJob(params));
      return true;
    },
    factory_compare: (params) => {
      const prompt = z.string().min(1).max(MAX_PROMPT);
      return here().compare(...parseParams(z.tuple([owner, jobId, prompt]), params), signal);
    },
  };
}
