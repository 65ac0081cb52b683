import { Command } from "commander";
import { loadWorkerConfig, WORKER_KEY_SETTINGS, workerConfigSchema } from "../app/config/ai-settings.ts";
import { createLogger } from "../base/logger.ts";
import { addSettings, givenSettings } from "./settings.ts";

/** Time for the last lines of the log, in ms. */
const EXIT_MS = 500;

/** `openledger ai-worker`: the host and the watcher of a node, in a process of their own or on another machine. */
export function aiWorkerCommand(): Command {
  const command = new Command("ai-worker")
    .description(
      "run the host and the watcher of a node that is elsewhere; a node on this machine starts its own",
    )
    .option("--config <file>", "JSON file with settings; environment and flags win over it");
  addSettings(command, workerConfigSchema.shape, WORKER_KEY_SETTINGS);
  return command
    .addHelpText(
      "after",
      "\nExample: openledger ai-worker --node http://10.0.0.2:9545 --host-key-file host.json --worker-host 0.0.0.0\n" +
        "and on the node: openledger node --ai-worker-url http://10.0.0.3:9550 ...",
    )
    .action(run);
}

async function run(_options: unknown, command: Command): Promise<void> {
  const sources = givenSettings(command, workerConfigSchema.shape, WORKER_KEY_SETTINGS);
  const config = loadWorkerConfig(sources);
  const { runAiWorker } = await import("../app/ai-worker.ts");
  const logger = createLogger({ level: config.logLevel, format: config.logFormat });
  const ending = new AbortController();
  const stop = () => ending.abort();
  process.on("unhandledRejection", (error) => logger.error({ error }, "A failure that nothing waited for"));
  process.once("SIGTERM", stop);
  // In a terminal a signal goes to the whole group; a node ends its worker itself.
  process.on("SIGINT", () => process.connected || stop());
  process.once("disconnect", stop);
  try {
    await runAiWorker(config, logger, ending.signal);
  } finally {
    setTimeout(() => process.exit(), EXIT_MS).unref();
  }
}
