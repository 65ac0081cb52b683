import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import { LOG_LEVELS } from "../../base/logger.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { appError } from "../errors.ts";
import { readKeyFile } from "./key-files.ts";
import { flag } from "./kinds.ts";
import { poolSettings } from "./pool-settings.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().positive();
const gwei = z.coerce.number().int().min(1).max(1_000_000_000);
const count = z.coerce.number().int().positive();
/** A list in a file, or a text with commas. */
const list = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").map((part) => part.trim()) : value),
  z.array(z.string()).transform((parts) => parts.filter((part) => part !== "")),
);
const privateKey = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "must be 0x and 64 hexadecimal digits")
  .transform((key) => key as Hex);
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be 0x and 40 hexadecimal digits")
  .transform((text) => text.toLowerCase() as Address);
const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:/.test(text), "must be an http(s) address");

/** One address, or several with commas between them, the first preferred. */
const httpUrls = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .pipe(z.array(httpUrl).min(1).max(16));

/** Settings that are keys. As flags every user of the machine would see them. */
export const KEY_SETTINGS = ["batcherKey", "proposerKey", "hostKey", "watcherKey"] as const;

function keyFile(setting: (typeof KEY_SETTINGS)[number]) {
  const text = `file with the ${setting.replace("Key", "")}'s key: hexadecimal, or a keystore (Web3 Secret Storage 3)`;
  return z.string().min(1).optional().describe(text);
}

/** Every setting of a node: its type, its default, its text in `--help`. */
export const nodeConfigSchema = z.strictObject({
  dataDir: z.string().min(1).describe("folder of the database and the contents"),
  chainDir: z
    .string()
    .optional()
    .describe(
      "folder of genesis.json, rollup.json, l1-chain-config.json, openledger.json (default: the data folder)",
    ),
  l1Url: httpUrls.describe(
    "HTTP address of the L1 node, or several with commas: where one fails, the next is asked",
  ),
  l1TrustRpc: flag
    .default(false)
    .describe("believe the L1 node's blocks and receipts instead of checking them against their hashes"),
  l1BeaconUrl: httpUrls
    .optional()
    .describe(
      "HTTP address of L1's consensus node, or several with commas; for batches in blobs (an anvil needs none)",
    ),
  sequencer: flag.default(false).describe("build blocks; exactly one node of a chain does"),
  sequencerUrl: httpUrl
    .optional()
    .describe(
      "JSON-RPC of the sequencer: transactions are passed on to it and missing contents fetched from it",
    ),
  batcherKey: privateKey.optional().describe("key that posts batches to L1"),
  batcherKeyFile: keyFile("batcherKey"),
  proposerKey: privateKey.optional().describe("key that posts output roots to L1"),
  proposerKeyFile: keyFile("proposerKey"),
  keyPasswordFile: z
    .string()
    .optional()
    .describe("file with the password of the key files that are keystores"),
  outputOracle: address.optional().describe("L2OutputOracle on L1; needed with a proposer key"),
  proposerAllowNonFinalized: flag
    .default(false)
    .describe("propose outputs of safe blocks before they are final; for a devnet only"),
  rpcHost: z.string().min(1).default("127.0.0.1").describe("address on which JSON-RPC listens"),
  rpcPort: port.default(9545).describe("port on which JSON-RPC listens; 0 takes a free one"),
  metrics: flag
    .default(true)
    .describe("serve Prometheus's metrics at /metrics of the JSON-RPC port (false: don't)"),
  rpcCors: list
    .default(["*"])
    .describe("origins from which browsers may call, with commas between them; *: all, empty: none"),
  rpcHosts: list
    .default(["*"])
    .describe("names under which JSON-RPC may be called beside its IP address, with commas; *: all"),
  rpcMaxConnections: count
    .default(1_024)
    .describe("most open connections; a new one takes the place of the one that was idle for longest"),
  rpcMaxConnectionsPerAddress: count
    .default(512)
    .describe("most open connections of one address; behind a proxy all have the proxy's"),
  rpcGasCap: z.coerce
    .bigint()
    .min(0n)
    .max(10n ** 15n)
    .default(50_000_000n)
    .describe("most gas of one eth_call, estimate or access list; 0: the block's gas limit"),
  rpcEvmTimeout: milliseconds
    .default(5_000)
    .describe("milliseconds that one eth_call, estimate or access list may run"),
  ...poolSettings,
  rpcLogRange: z.coerce
    .bigint()
    .min(0n)
    .max(2n ** 63n)
    .default(0n)
    .describe("most blocks that one query for logs may span; 0: any number"),
  addressIndex: flag
    .default(false)
    .describe("keep an index of the transactions of each address, for the pages of Otterscan that list them"),
  protocol: z
    .string()
    .optional()
    .describe("JSON file with the addresses of the protocol's contracts; with it the AI services run"),
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
  clock: z
    .enum(["wall", "l1"])
    .default("wall")
    .describe("what the sequencer builds by: the machine's time, or the time of L1's head (devnet)"),
  l1Confirmations: z.coerce
    .number()
    .int()
    .min(0)
    .default(4)
    .describe("L1 blocks that must lie above an L1 origin that the sequencer takes"),
  l1FeeMultiple: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(5)
    .describe("a waiting L1 transaction offers at most this many times what L1 suggests"),
  l1MaxBaseFeeGwei: gwei.default(1_000).describe("while L1's base fee is above it, nothing is sent to L1"),
  l1MaxTipGwei: gwei.default(100).describe("highest tip of a transaction to L1"),
  l1MaxBlobBaseFeeGwei: gwei
    .default(1_000)
    .describe("while L1's blob base fee is above it, no blobs are sent"),
  l1PollMs: milliseconds.default(1_000).describe("milliseconds between two looks at L1's head"),
  batcherChannelBlocks: z.coerce
    .number()
    .int()
    .positive()
    .default(2)
    .describe("L1 blocks that a batcher channel may stay open"),
  batcherData: z
    .enum(["calldata", "blobs", "auto"])
    .default("calldata")
    .describe("how batches go to L1: as calldata, in blobs, or as is cheaper at the time"),
  executor: z
    .enum(["wasm", "ts", "both"])
    .default("wasm")
    .describe("what runs the blocks: op-revm, @ethereumjs/evm, or both, stopping where they differ"),
  stateHistory: z.coerce
    .bigint()
    .min(0n)
    .max(10n ** 15n)
    .default(0n)
    .describe("newest blocks whose state is kept (geth's full nodes: 128); 0: all of them, an archive"),
  fromSnapshot: z
    .string()
    .optional()
    .describe("file of `openledger db snapshot` that a node without data starts from"),
  logLevel: z.enum(LOG_LEVELS).default("info").describe("least important line that is logged"),
  logFormat: z.enum(["text", "json"]).default("text").describe("form of the log's lines"),
});

export type NodeConfig = z.output<typeof nodeConfigSchema>;

export interface NodeConfigSources {
  /** JSON file with settings by their names. */
  file?: string;
  /** `OPENLEDGER_` and the name in upper snake case. */
  env: Readonly<Record<string, string | undefined>>;
  /** Command-line flags by setting name; undefined ones were not given. */
  flags: Readonly<Record<string, unknown>>;
}

/**
 * Merges file, environment and flags, the later ones winning.
 * @throws CodedError `CONFIG_INVALID`, `CONFIG_FILE_INVALID`.
 */
export function loadNodeConfig(sources: NodeConfigSources): NodeConfig {
  const fromFile = sources.file === undefined ? {} : readFile(sources.file);
  const given = Object.entries(sources.flags).filter(([, value]) => value !== undefined);
  const merged = { ...fromFile, ...fromEnvironment(sources.env), ...Object.fromEntries(given) };
  const result = nodeConfigSchema.safeParse(merged);
  if (!result.success) throw invalid(result.error.issues[0]);
  const config = withKeys(result.data);
  if (config.proposerKey !== undefined && config.outputOracle === undefined) {
    throw appError("CONFIG_INVALID", {
      message: "A proposer key is given, but not where to propose.",
      fix: `Give the L2OutputOracle's address as --output-oracle or ${variableName("outputOracle")}.`,
    });
  }
  const needing = (["hostKey", "watcherKey"] as const).find((name) => config[name] !== undefined);
  if (needing !== undefined && config.protocol === undefined) {
    throw appError("CONFIG_INVALID", {
      message: `${flagName(needing)} is given, but not where the protocol's contracts are.`,
      fix: `Give the file with their addresses as --protocol or ${variableName("protocol")}.`,
    });
  }
  return config;
}

/** The settings with the keys of the key files. */
function withKeys(config: NodeConfig): NodeConfig {
  const keys: Partial<Record<(typeof KEY_SETTINGS)[number], Hex>> = {};
  for (const setting of KEY_SETTINGS) {
    const file = config[`${setting}File`];
    if (file === undefined) continue;
    if (config[setting] !== undefined) {
      throw appError("CONFIG_INVALID", {
        message: `Both ${setting} and ${setting}File are given.`,
        fix: `Give the key as ${flagName(`${setting}File`)} only.`,
        facts: { setting },
      });
    }
    keys[setting] = readKeyFile(file, config.keyPasswordFile);
  }
  return { ...config, ...keys };
}

/** Paths of the files that define the chain. */
export function chainPaths(
  config: NodeConfig,
): Record<"genesis" | "rollup" | "l1Chain" | "openledger", string> {
  const folder = config.chainDir ?? config.dataDir;
  return {
    genesis: join(folder, "genesis.json"),
    rollup: join(folder, "rollup.json"),
    l1Chain: join(folder, "l1-chain-config.json"),
    openledger: join(folder, "openledger.json"),
  };
}

/** `l1Url` -> `OPENLEDGER_L1_URL`. */
export function variableName(setting: string): string {
  return `OPENLEDGER_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `l1Url` -> `--l1-url`. */
export function flagName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function fromEnvironment(env: NodeConfigSources["env"]): Record<string, string> {
  const settings = Object.keys(nodeConfigSchema.shape).map(
    (name) => [name, env[variableName(name)]] as const,
  );
  return Object.fromEntries(settings.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function readFile(file: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw appError("CONFIG_FILE_INVALID", {
      message: `The configuration file ${file} can't be read as a JSON object.`,
      fix: "Check the path and the JSON.",
      facts: { file },
      cause,
    });
  }
}

function invalid(issue: z.core.$ZodIssue | undefined): CodedError {
  const name = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path[0];
  const setting = String(name ?? "configuration");
  const fix =
    issue?.code === "unrecognized_keys"
      ? "Remove it; openledger node --help lists the settings."
      : `Give it as ${flagName(setting)}, as ${variableName(setting)}, or in the file.`;
  return appError("CONFIG_INVALID", {
    message: `Setting ${setting}: ${issue?.message ?? "invalid"}.`,
    fix,
    facts: { setting },
  });
}
