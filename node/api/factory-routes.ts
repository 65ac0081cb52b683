import { z } from "zod";
import { fileSchema } from "../ai/factory/file-preview.ts";
import { orderSchema } from "../ai/factory/order.ts";
import { MAX_PROMPT, MAX_WAIT_MS } from "../ai/worker/factory-methods.ts";
import type { WorkerLink } from "../ai/worker/link.ts";
import type { Address } from "../chain/types/primitives.ts";
import { apiError } from "./errors.ts";
import { type ApiContext, type ApiRoute, apiRoute } from "./routes.ts";

/** Bytes of an order, with the rows that it holds out. */
const MAX_ORDER = 1_048_576;
/** Bytes of a file's text in JSON, where signs may take several. */
const MAX_FILE = 2_000_000;
const nothing = z.strictObject({});
const promptSchema = z.strictObject({ prompt: z.string().min(1).max(MAX_PROMPT) });
/** Longer than a wait for news. */
const NEWS_MS = MAX_WAIT_MS + 10_000;

/**
 * The doors to training, which runs in the AI worker. All but the list of base models need a sign-in, for they take the
 * operator's machine; a job is its owner's alone.
 */
export function factoryRoutes(
  worker: Pick<WorkerLink, "call">,
  isAllowed: (account: Address) => boolean,
): ApiRoute[] {
  const own = { needsSignIn: true, isAllowed };
  return [
    {
      method: "GET",
      path: "/api/bases",
      summary:
        "The base models on this node, each with its size, licence, context and settings to begin with.",
      body: nothing,
      run: () => worker.call("factory_bases", []),
    },
    apiRoute({
      method: "POST",
      path: "/api/preview",
      summary:
        "A file before it is contributed: its rows as a base model sees them, their tokens, repeats, rows that are too long.",
      body: fileSchema,
      maxBytes: MAX_FILE,
      ...own,
      run: (file) => worker.call("factory_preview_file", [file]),
    }),
    apiRoute({
      method: "POST",
      path: "/api/jobs/preview",
      summary: "What an order would train on, as its base model sees it, and what that takes.",
      body: orderSchema,
      maxBytes: MAX_ORDER,
      ...own,
      run: (order) => worker.call("factory_preview", [order]),
    }),
    apiRoute({
      method: "POST",
      path: "/api/jobs",
      summary: "Begins a training job. It is on disk when this answers.",
      body: orderSchema,
      maxBytes: MAX_ORDER,
      ...own,
      run: (order, { account }) => worker.call("factory_create", [account, order]),
    }),
    ...jobRoutes(worker, isAllowed),
  ];
}

function jobRoutes(worker: Pick<WorkerLink, "call">, isAllowed: (account: Address) => boolean): ApiRoute[] {
  const own = { body: nothing, needsSignIn: true, isAllowed };
  const step = (name: "cancel" | "resume", summary: string): ApiRoute => ({
    ...own,
    method: "POST",
    path: `/api/jobs/{job}/${name}`,
    summary,
    run: (_, context) => worker.call(`factory_${name}`, [context.account, jobOf(context)]),
  });
  return [
    {
      ...own,
      method: "GET",
      path: "/api/jobs",
      summary: "Your jobs, newest first.",
      run: (_, { account }) => worker.call("factory_list", [account]),
    },
    {
      ...own,
      method: "GET",
      path: "/api/jobs/{job}",
      summary: "One job's record: its order, its state and, once it is done, its result.",
      run: (_, context) => worker.call("factory_job", [context.account, jobOf(context)]),
    },
    {
      ...own,
      method: "DELETE",
      path: "/api/jobs/{job}",
      summary: "Forgets a job that does not run. What it stored by hash stays.",
      run: (_, context) => worker.call("factory_delete", [context.account, jobOf(context)]),
    },
    {
      ...own,
      method: "GET",
      path: "/api/jobs/{job}/events",
      summary: "A job with what happened in it, from event number `after` on.",
      query: {
        after: "number of the first event, from 0",
        wait: `milliseconds to wait for news where there are none, at most ${MAX_WAIT_MS}`,
      },
      run: (_, context) => {
        const { account, query } = context;
        const order = [account, jobOf(context), numberOf(query, "after"), numberOf(query, "wait")];
        return worker.call("factory_events", order, NEWS_MS);
      },
    },
    step("cancel", "Ends a job that waits or runs."),
    step(
      "resume",
      "Lets a cancelled or failed job go on from the last state that was kept, or from its first step.",
    ),
    apiRoute({
      method: "POST",
      path: "/api/jobs/{job}/compare",
      summary:
        "The same prompt to the base model and to the trained one, with the rows that made the answer.",
      ...own,
      body: promptSchema,
      run: ({ prompt }, context) => worker.call("factory_compare", [context.account, jobOf(context), prompt]),
    }),
  ];
}

function jobOf({ params }: ApiContext): string {
  const { job = "" } = params;
  if (/^[0-9a-f]{16}$/.test(job)) return job;
  throw apiError("API_BODY_INVALID", {
    message: "A job's id has 16 hexadecimal digits.",
    fix: "See GET /api/jobs.",
  });
}

function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "0";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw apiError("API_BODY_INVALID", { message: `${name} is no whole number.`, fix: "See /openapi.json." });
}
