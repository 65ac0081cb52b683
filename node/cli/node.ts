import { Command } from "commander";
import { isReadableByOthers } from "../app/config/key-files.ts";
import {
  KEY_SETTINGS,
  loadNodeConfig,
  type NodeConfig,
  nodeConfigSchema,
} from "../app/config/node-config.ts";
import { LogTail } from "../base/log-tail.ts";
import { createLogger, type Logger } from "../base/logger.ts";
import { addSettings, givenSettings } from "./settings.ts";

/** Time for the last lines of the log, in ms. */
const EXIT_MS = 500;

/** `openledger node`: runs one node until it is told to stop. Its flags are the node's settings. */
export function nodeCommand(): Command {
  const command = new Command("node")
    .description("run a node: chain, JSON-RPC, and with keys a batcher, proposer, host or watcher")
    .option("--config <file>", "JSON file with settings; environment and flags win over it");
  addSettings(command, nodeConfigSchema.shape, KEY_SETTINGS);
  return command
    .addHelpText(
      "after",
      "\nExample: openledger node --data-dir ./n2 --chain-dir ./chain --l1-url http://127.0.0.1:8545",
    )
    .action(run);
}

async function run(_options: unknown, command: Command): Promise<void> {
  const config = loadNodeConfig(givenSettings(command, nodeConfigSchema.shape, KEY_SETTINGS));
  // Only here: the other commands start twice as fast without the whole node in memory.
  const { startNode } = await import("../app/node.ts");
  const tail = new LogTail();
  const write = (line: string) => {
    process.stdout.write(line);
    tail.add(line);
  };
  const logger = createLogger({ level: config.logLevel, format: config.logFormat, write });
  // An answer that nobody waits for any more is no reason to end a chain.
  process.on("unhandledRejection", (error) => logger.error({ error }, "A failure that nothing waited for"));
  warnOfOpenFiles(config, logger);
  const node = await startNode(config, logger, tail);
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

function warnOfOpenFiles(config: NodeConfig, logger: Logger): void {
  for (const setting of [...KEY_SETTINGS.map((name) => `${name}File` as const), "keyPasswordFile" as const]) {
    const file = config[setting];
    if (file !== undefined && isReadableByOthers(file))
      logger.warn({ setting, file }, "Other users of this machine may read the file: chmod 600 it");
  }
}
