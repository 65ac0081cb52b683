import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { packageRoot } from "../base/paths.ts";
import { accountCommand } from "./account.ts";
import { adapterCommand } from "./adapter.ts";
import { agentCommand } from "./agent.ts";
import { aiWorkerCommand } from "./ai-worker.ts";
import { askCommand } from "./ask.ts";
import { attributionCommand } from "./attribution.ts";
import { circleCommand } from "./circle.ts";
import { withSharedOptions } from "./context.ts";
import { datanetCommand } from "./datanet.ts";
import { dbCommand } from "./db.ts";
import { devnetCommand } from "./devnet.ts";
import { disputeCommand } from "./dispute.ts";
import { doctorCommand } from "./doctor.ts";
import { epochCommand } from "./epoch.ts";
import { governanceCommand } from "./governance.ts";
import { hostCommand } from "./host.ts";
import { modelCommand } from "./model.ts";
import { nodeCommand } from "./node.ts";
import { purseCommand } from "./purse.ts";
import { receiptCommand } from "./receipt.ts";
import { rewardsCommand } from "./rewards.ts";
import { withoutSecrets } from "./secrets.ts";
import { verifierCommand } from "./verifier.ts";
import { watcherCommand } from "./watcher.ts";

/** The whole command line. */
export function createProgram(): Command {
  const manifest = z.object({ version: z.string() });
  const { version } = manifest.parse(JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")));
  const program = new Command("openledger")
    .description("An OP Stack layer 2 that pays the people whose data made a model's answer.")
    .version(version)
    .configureOutput({
      outputError: (text, write) =>
        write(`USAGE_INVALID: ${withoutSecrets(text.replace(/^error: /, ""), process.argv)}`),
    })
    .showHelpAfterError("  fix:   see --help of this command")
    .configureHelp({ showGlobalOptions: true });
  withSharedOptions(program);
  for (const command of [
    devnetCommand(),
    nodeCommand(),
    aiWorkerCommand(),
    dbCommand(),
    accountCommand(),
    datanetCommand(),
    modelCommand(),
    hostCommand(),
    adapterCommand(),
    askCommand(),
    purseCommand(),
    epochCommand(),
    receiptCommand(),
    attributionCommand(),
    rewardsCommand(),
    watcherCommand(),
    verifierCommand(),
    disputeCommand(),
    governanceCommand(),
    circleCommand(),
    agentCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(inheriting(program, command));
  }
  return program;
}

/** Commands made apart from their parent don't take over how it answers to errors. */
function inheriting(parent: Command, command: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheriting(command, child);
  return command;
}
