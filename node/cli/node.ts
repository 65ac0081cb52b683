import { Command, Option } from "commander";
import { isReadableByOthers } from "../app/config/key-files.ts";
import {
  flagName,
  KEY_SETTINGS,
  loadNodeConfig,
  type NodeConfig,
  nodeConfigSchema,
  variableName,
} from "../app/config/node-config.ts";
import { createLogger, type Logger } from "../base/logger.ts";
import { cliError } from "./errors.ts";

/** Settings that the whole command line shares. */
const SHARED = new Set(["dataDir"]);

const KEYS: ReadonlySet<string> = new Set(KEY_SETTINGS);

/** Time for the last lines of the log, in ms. */
const EXIT_MS = 500;

/** `openledger node`: runs one node until it is told to stop. Its flags are the node's settings. */
export function nodeCommand(): Command {
  const command = new Command("node")
    .description("run a node: chain, JSON-RPC, and with keys a batcher, proposer, host or watcher")
    .option("--config <file>", "JSON file with settings; environment and flags win over it");
  for (const [name, field] of Object.entries(nodeConfigSchema.shape)) {
    if (SHARED.has(name)) continue;
    const isFlag = field.safeParse(undefined).data === false;
    const text = `${field.description ?? ""} (environment: ${variableName(name)})`;
    const option = new Option(isFlag ? flagName(name) : `${flagName(name)} <value>`, text);
    // Offered nowhere, but told apart from what there never was.
    command.addOption(KEYS.has(name) ? option.hideHelp() : option);
  }
  return command
    .addHelpText(
      "after",
      "\nExample: openledger node --data-dir ./n2 --chain-dir ./chain --l1-url http://127.0.0.1:8545",
    )
    .action(run);
}

async function run(_options: unknown, command: Command): Promise<void> {
  const given = command.optsWithGlobals<Record<string, unknown>>();
  const known = Object.keys(nodeConfigSchema.shape).map((name) => [name, given[name]] as const);
  refuseKeys(given);
  const file = typeof given.config === "string" ? given.config : undefined;
  const config = loadNodeConfig({ file, env: process.env, flags: Object.fromEntries(known) });
  // Only here: the other commands start twice as fast without the whole node in memory.
  const { startNode } = await import("../app/node.ts");
  const logger = createLogger({ level: config.logLevel, format: config.logFormat });
  // An answer that nobody waits for any more is no reason to end a chain.
  process.on("unhandledRejection", (error) => logger.error({ error }, "A failure that nothing waited for"));
  warnOfOpenFiles(config, logger);
  const node = await startNode(config, logger);
  const stop = () => void node.stop().catch(() => undefined);
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    await node.done;
  } finally {
    // All is closed; what still hangs on the network has nothing to say.
    setTimeout(() => process.exit(), EXIT_MS).unref();
  }
}

/** A flag is in the list of processes, which every user of the machine may read. */
function refuseKeys(given: Readonly<Record<string, unknown>>): void {
  for (const name of KEY_SETTINGS) {
    if (given[name] === undefined) continue;
    throw cliError("KEY_AS_FLAG", {
      message: `${flagName(name)} would show the key to every user of this machine.`,
      fix: `Write it into a file and give that as ${flagName(`${name}File`)}, or set ${variableName(name)}. Make a new key: this one was seen.`,
    });
  }
}

function warnOfOpenFiles(config: NodeConfig, logger: Logger): void {
  for (const setting of [...KEY_SETTINGS.map((name) => `${name}File` as const), "keyPasswordFile" as const]) {
    const file = config[setting];
    if (file !== undefined && isReadableByOthers(file))
      logger.warn({ setting, file }, "Other users of this machine may read the file: chmod 600 it");
  }
}
