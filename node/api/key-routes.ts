import { z } from "zod";
import type { WorkerLink } from "../ai/worker/link.ts";
import type { Address } from "../chain/types/primitives.ts";
import { apiError } from "./errors.ts";
import { type ApiContext, type ApiRoute, apiRoute } from "./routes.ts";

const nothing = z.strictObject({});
const dailyTokens = z
  .number()
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .nullable()
  .default(null)
  .describe("tokens that the key may take a day (UTC); null: as many as its account may");
const keySchema = z.strictObject({ name: z.string().trim().min(1).max(64), dailyTokens });
const limitSchema = z.strictObject({ dailyTokens });

/** The doors to keys of `/v1`, which the AI worker keeps. A key is its owner's alone, and told once. */
export function keyRoutes(
  worker: Pick<WorkerLink, "call">,
  isAllowed: (account: Address) => boolean,
): ApiRoute[] {
  const own = { needsSignIn: true, isAllowed };
  return [
    {
      ...own,
      method: "GET",
      path: "/api/keys",
      summary: "Your keys of /v1 with what each took, newest first, and what you took today.",
      body: nothing,
      run: (_, { account }) => worker.call("keys_list", [account]),
    },
    apiRoute({
      ...own,
      method: "POST",
      path: "/api/keys",
      summary: "Makes a key of /v1. It is told in this answer and never again: only its hash is kept.",
      body: keySchema,
      run: ({ name, dailyTokens: limit }, { account }) => worker.call("keys_create", [account, name, limit]),
    }),
    apiRoute({
      ...own,
      method: "POST",
      path: "/api/keys/{key}/limit",
      summary: "Sets what a key may take a day.",
      body: limitSchema,
      run: ({ dailyTokens: limit }, context) =>
        worker.call("keys_limit", [context.account, keyOf(context), limit]),
    }),
    {
      ...own,
      method: "DELETE",
      path: "/api/keys/{key}",
      summary: "Revokes a key: it is worth nothing from now on.",
      body: nothing,
      run: (_, context) => worker.call("keys_revoke", [context.account, keyOf(context)]),
    },
  ];
}

function keyOf({ params }: ApiContext): string {
  const { key = "" } = params;
  if (/^[0-9a-f]{16}$/.test(key)) return key;
  throw apiError("API_BODY_INVALID", {
    message: "A key's id has 16 hexadecimal digits.",
    fix: "See GET /api/keys.",
  });
}
