import { join } from "node:path";
import { z } from "zod";
import { LOG_LEVELS } from "../../base/logger.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { appError } from "../errors.ts";
import { factorySettings, hostKeySettings, hostSettings, openAiSettings } from "./ai-settings.ts";
import { flag, httpUrl, httpUrls, keyFile, privateKey } from "./kinds.ts";
import { poolSettings } from "./pool-settings.ts";
import { flagName, readSettings, type SettingSources, variableName, withKeys } from "./settings.ts";
import { webSettings } from "./web-settings.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().positive();
const gwei = z.coerce.number().int().min(1).max(1_000_000_000);
const count = z.coerce.number().int().positive();
/** A list in a file, or a text with commas. */
const list = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").map((part) => part.trim()) : value),
  z.array(z.string()).transform((parts) => parts.filter((part) => part !== "")),
);
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be 0x and 40 hexadecimal digits")
  .transform((text) => text.toLowerCase() as Address);
/** A worker speaks plain HTTP, without a path. */
const workerUrl = httpUrl.refine(
  (text) => new URL(text).protocol === "http:" && new URL(text).pathname === "/",
  "must be http://host:port",
);

/** Settings that are keys. As flags every user of the machine would see them. */
export const KEY_SETTINGS = ["batcherKey", "proposerKey", "challengerKey", "hostKey", "watcherKey"] as const;

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
  challengerKey: privateKey.optional().describe("key that deletes false output roots on L1"),
  challengerKeyFile: keyFile("challengerKey"),
  keyPasswordFile: z
    .string()
    .optional()
    .describe("file with the password of the key files that are keystores"),
  outputOracle: address
    .optional()
    .describe(
      "L2OutputOracle on L1: its outputs are compared with the node's own; needed with a proposer or challenger key",
    ),
  openBridge: address.optional().describe("OpenBridge on L1: its books are compared with L2's, see /metrics"),
  proposerAllowNonFinalized: flag
    .default(false)
    .describe("propose and compare outputs of safe blocks before they are final; for a devnet only"),
  rpcHost: z.string().min(1).default("127.0.0.1").describe("address on which JSON-RPC listens"),
  rpcPort: port.default(9545).describe("port on which JSON-RPC listens; 0 takes a free one"),
  metrics: flag
    .default(true)
    .describe("serve Prometheus's metrics at /metrics of the JSON-RPC port (false: don't)"),
  rpcCors: list
    .default([])
    .describe(
      "origins of other machines whose pages may call, with commas between them; *: all. The node's own pages and wallets may always",
    ),
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
  ...webSettings,
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
  contentUnnamedBytes: z.coerce
    .number()
    .int()
    .min(2 ** 20)
    .max(Number.MAX_SAFE_INTEGER)
    .default(2 ** 34)
    .describe(
      "bytes on disk of contents that accounts brought and the chain does not name; whoever has most for its OPEN gives way",
    ),
  ...hostKeySettings,
  ...hostSettings,
  ...openAiSettings,
  ...factorySettings,
  aiWorkerUrl: workerUrl
    .optional()
    .describe(
      "address of an `openledger ai-worker` elsewhere, which has the host's and the watcher's key then",
    ),
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

/**
 * Merges file, environment and flags, the later ones winning.
 * @throws CodedError `CONFIG_INVALID`, `CONFIG_FILE_INVALID`.
 */
export function loadNodeConfig(sources: SettingSources): NodeConfig {
  const config = withKeys(readSettings(nodeConfigSchema, sources, "node"), KEY_SETTINGS);
  const onOracle = (["proposerKey", "challengerKey"] as const).find((name) => config[name] !== undefined);
  if (onOracle !== undefined && config.outputOracle === undefined) {
    throw appError("CONFIG_INVALID", {
      message: `${flagName(onOracle)} is given, but not where outputs are proposed.`,
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
  if (config.aiWorkerUrl !== undefined && (config.hostKey ?? config.watcherKey) !== undefined) {
    throw appError("CONFIG_INVALID", {
      message: "An AI worker elsewhere is given, and a host's or watcher's key as well.",
      fix: "Give those keys to `openledger ai-worker` alone.",
    });
  }
  return config;
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
