import { z } from "zod";
import { accountOrAny } from "./ai-settings.ts";

const names = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").map((part) => part.trim()) : value),
  z
    .array(z.string())
    .transform((parts) => parts.filter((part) => part !== "").map((part) => part.toLowerCase())),
);
const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:/.test(text), "must be an http(s) address")
  .transform((text) => text.replace(/\/$/, ""));

/** Settings of the pages that a node serves. */
export const webSettings = {
  web: z.enum(["on", "off"]).default("on").describe("serve the web pages (off: don't)"),
  webHost: z.string().min(1).default("127.0.0.1").describe("address on which the web listens"),
  webPort: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe("port on which the web listens; 0 takes a free one (default: two above JSON-RPC's)"),
  webHosts: names
    .default([])
    .describe(
      "names under which the web may be opened beside localhost and IP addresses, with commas between them",
    ),
  webRpcUrl: httpUrl
    .optional()
    .describe(
      "JSON-RPC as pages reach it, where that is not its own port under the page's name (behind a proxy)",
    ),
  webL1Url: httpUrl
    .optional()
    .describe("L1's JSON-RPC for pages; never one with a key in it: every visitor sees it"),
  operatorAccounts: z
    .preprocess(
      (value) => (typeof value === "string" ? value.split(",").map((part) => part.trim()) : value),
      z.array(accountOrAny).min(1).max(1_000),
    )
    .optional()
    .describe(
      "addresses that may read this node's settings and log on its pages, with commas between, or any; absent: nobody",
    ),
  webAccounts: z
    .string()
    .optional()
    .describe("JSON file of accounts with public keys that pages may sign with; for a devnet only"),
  webReports: z
    .string()
    .optional()
    .describe(
      "folder of what `attribution evaluate` found, for models' pages (default: attribution in the data folder)",
    ),
  webFreeKey: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("key of /v1 that pages tell everybody; for a devnet only"),
};

/** The port that the web takes: beside JSON-RPC unless told otherwise. */
export function webPortOf({ webPort, rpcPort }: { webPort?: number; rpcPort: number }): number {
  return webPort ?? (rpcPort === 0 || rpcPort > 65_533 ? 0 : rpcPort + 2);
}
