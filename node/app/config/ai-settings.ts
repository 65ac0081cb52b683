import { z } from "zod";
import { MAX_EPOCH_LEAVES } from "../../ai/epoch/epoch.ts";
import { DEFAULT_HOST_LIMITS, type HostLimits } from "../../ai/serve/host-limits.ts";
import { LOG_LEVELS } from "../../base/logger.ts";
import { httpUrl, httpUrls, keyFile, privateKey } from "./kinds.ts";
import { readSettings, type SettingSources, withKeys } from "./settings.ts";

const count = z.coerce.number().int().positive().max(10_000_000);
const tokens = z.coerce.number().int().positive().max(1_048_576);
const limits = DEFAULT_HOST_LIMITS;
const bytes = z.coerce
  .number()
  .int()
  .positive()
  .max(2 ** 50);
const ofText = (value: unknown) =>
  typeof value === "string" ? value.split(",").map((part) => part.trim()) : value;
/** Lists in a file, or texts with commas. */
const modelIds = z.preprocess(ofText, z.array(z.coerce.bigint().min(0n)).min(1).max(10_000));

/** Whom a host and a watcher act for, and what they compute with. */
export const hostKeySettings = {
  hostKey: privateKey.optional().describe("key of the host that answers paid requests on this node"),
  hostKeyFile: keyFile("hostKey"),
  watcherKey: privateKey
    .optional()
    .describe("key of the watcher that checks claims and challenges false ones"),
  watcherKeyFile: keyFile("watcherKey"),
  threads: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .describe("threads of the AI services (default: all cores)"),
};

/** What the host of a node, or of an AI worker elsewhere, takes on itself. What it takes of each model stands on chain. */
export const hostSettings = {
  hostMaxQueue: count
    .default(limits.maxQueue)
    .describe("requests that the host answers or keeps waiting at once; more are told to come again"),
  hostMaxOpenClaims: count
    .default(limits.maxOpenClaims)
    .describe("claims that may wait for their settlement; beyond it requests are told to come again"),
  hostMaxModelBytes: z.coerce
    .number()
    .int()
    .positive()
    .max(2 ** 50)
    .default(limits.maxModelBytes)
    .describe("bytes that one model may take in memory"),
  hostMaxTokensIn: tokens
    .default(limits.maxTokensIn)
    .describe("tokens of the longest prompt that the host takes"),
  hostMaxTokensOut: tokens
    .default(limits.maxTokensOut)
    .describe("tokens of the longest answer that a request may ask the host for"),
  hostAnswerMs: z.coerce
    .number()
    .int()
    .positive()
    .max(3_600_000)
    .default(limits.answerMs)
    .describe("milliseconds for one answer, its turn awaited"),
  hostLeastRateOut: z.coerce
    .bigint()
    .min(0n)
    .max(10n ** 27n)
    .default(limits.leastRateOut)
    .describe("wei that a request must pay at least for a thousand tokens of an answer"),
  hostMaxPrepaid: count
    .max(1_000_000)
    .default(limits.maxPrepaid)
    .describe("answers paid by purses that may wait for their epochs' settlement; beyond it none is taken"),
  hostEpochAnswers: count
    .max(MAX_EPOCH_LEAVES)
    .default(limits.epochAnswers)
    .describe("answers of a model after which the host closes an epoch of them"),
  hostEpochSeconds: count
    .max(604_800)
    .default(limits.epochSeconds)
    .describe("seconds after which the host closes an epoch of fewer"),
  hostModels: modelIds
    .optional()
    .describe(
      "ids of the only models that the host serves, with commas between (default: all that it took on chain)",
    ),
};

const apiKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,200}$/, "must be 8 to 200 printable characters without blanks");

/** An address in lower case, or any. */
export const accountOrAny = z
  .union([z.literal("any"), z.string().regex(/^0x[0-9a-fA-F]{40}$/)], "must be addresses, or any")
  .transform((text) => text.toLowerCase());

/** OpenAI's API. */
export const openAiSettings = {
  openaiKeys: z
    .preprocess(ofText, z.array(apiKey).min(1).max(1_000))
    .optional()
    .describe("keys that may use OpenAI's API below /v1 free of charge, with commas between"),
  openaiAccounts: z
    .preprocess(ofText, z.array(accountOrAny).min(1).max(10_000))
    .optional()
    .describe(
      "addresses that may make themselves keys of /v1 on this node's pages, with commas between, or any; absent: nobody",
    ),
  openaiDailyTokens: z.coerce
    .number()
    .int()
    .positive()
    .max(Number.MAX_SAFE_INTEGER)
    .default(1_000_000)
    .describe("tokens a day that all keys of one such address may take together"),
  openaiAdapterBytes: bytes
    .default(2 ** 30)
    .describe("bytes of adapters that stay in memory for /v1; those in use or pinned may be more"),
  openaiCacheBytes: bytes
    .default(2 ** 30)
    .describe("bytes of keys and values for the requests of one base model to /v1"),
  openaiDiskBytes: bytes
    .default(2 ** 33)
    .describe(
      "bytes of models' files that an AI worker on another machine than its node keeps on its disk for /v1",
    ),
};

/** Training for others. */
export const factorySettings = {
  factoryAccounts: z
    .preprocess(ofText, z.array(accountOrAny).min(1).max(10_000))
    .optional()
    .describe(
      "addresses that may train models on this node's pages, with commas between, or any; absent: nobody",
    ),
  factoryModels: z
    .string()
    .min(1)
    .optional()
    .describe(
      "folder of base models to train on beside the shipped one (default: where `model pull` puts them)",
    ),
};

type HostConfig = z.output<z.ZodObject<typeof hostSettings>>;

/** The limits that the settings give. */
export function hostLimits(config: HostConfig): HostLimits {
  return {
    maxQueue: config.hostMaxQueue,
    maxOpenClaims: config.hostMaxOpenClaims,
    maxModelBytes: config.hostMaxModelBytes,
    maxTokensIn: config.hostMaxTokensIn,
    maxTokensOut: config.hostMaxTokensOut,
    answerMs: config.hostAnswerMs,
    leastRateOut: config.hostLeastRateOut,
    maxPrepaid: config.hostMaxPrepaid,
    epochAnswers: config.hostEpochAnswers,
    epochSeconds: config.hostEpochSeconds,
    models: config.hostModels,
  };
}

/** Settings of an AI worker that are keys. */
export const WORKER_KEY_SETTINGS = ["hostKey", "watcherKey"] as const;

/** Every setting of `openledger ai-worker`. */
export const workerConfigSchema = z.strictObject({
  node: httpUrl.describe("JSON-RPC of the node that it works for"),
  dataDir: z.string().min(1).describe("folder of the receipts"),
  l1Url: httpUrls
    .optional()
    .describe("HTTP address of the L1 node, or several with commas; for draws whose block was missed"),
  workerHost: z.string().min(1).default("127.0.0.1").describe("address on which it takes the node's calls"),
  workerPort: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(9550)
    .describe("port on which it takes the node's calls; 0 takes a free one"),
  workerSocket: z
    .string()
    .min(1)
    .optional()
    .describe("path of a socket to take them on instead, for a node on the same machine"),
  contentDir: z
    .string()
    .min(1)
    .optional()
    .describe(
      "folder of the node's contents, where it lies on the same machine (default: read over JSON-RPC)",
    ),
  ...hostKeySettings,
  keyPasswordFile: z
    .string()
    .optional()
    .describe("file with the password of the key files that are keystores"),
  ...hostSettings,
  ...openAiSettings,
  ...factorySettings,
  logLevel: z.enum(LOG_LEVELS).default("info").describe("least important line that is logged"),
  logFormat: z.enum(["text", "json"]).default("text").describe("form of the log's lines"),
});

export type WorkerConfig = z.output<typeof workerConfigSchema>;

/** Merges file, environment and flags. @throws CodedError `CONFIG_INVALID`, `CONFIG_FILE_INVALID`. */
export function loadWorkerConfig(sources: SettingSources): WorkerConfig {
  return withKeys(readSettings(workerConfigSchema, sources, "ai-worker"), WORKER_KEY_SETTINGS);
}
