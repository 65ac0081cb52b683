import { resolve } from "node:path";
import { Command } from "commander";
import { DEFAULT_DATA_DIR } from "./context.ts";
import { cliError } from "./errors.ts";

interface DevnetFlags {
  dataDir?: string;
  l1Port: string;
  port: string;
  secondPort: string;
  web?: string;
  webPort?: string;
  reset?: boolean;
  once?: boolean;
  job: boolean;
  stock?: boolean;
  agent?: boolean;
  base?: string;
}

/** `openledger devnet`: L1, two nodes and the main job with one command. */
export function devnetCommand(): Command {
  return new Command("devnet")
    .description("run an L1, a sequencer and a second node here, do the main job on the samples, stay up")
    .option("--l1-port <port>", "port of L1", "8545")
    .option("--port <port>", "port of the first node", "9545")
    .option("--second-port <port>", "port of the second node", "9546")
    .option("--web <on|off>", "serve the web pages", "on")
    .option("--web-port <port>", "port of the web pages (default: two above --port)")
    .option("--reset", "forget the data folder's chain and begin anew")
    .option("--once", "end after the job's checks; status 0 only if all hold")
    .option(
      "--no-job",
      "leave the job out: contracts, accounts with OPEN, hosts and a verifier wait for yours",
    )
    .option("--stock", "a plain OP Stack chain: no attribution fork, no job")
    .option("--agent", "after the job, teach a second model and let an agent trade by its answers")
    .option("--base <folder>", "base model in Hugging Face form for the job (default: the shipped one)")
    .action(devnet);
}

async function devnet(_options: unknown, command: Command): Promise<void> {
  const flags = command.optsWithGlobals<DevnetFlags>();
  // Only here: the other commands start faster without it.
  const { runDevnet } = await import("../../devnet/up.ts");
  const controller = new AbortController();
  const stop = () => controller.abort(cliError("STOPPED", { message: "stopped by a signal" }));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // A closed terminal: the children are in groups of their own and would stay.
  process.once("SIGHUP", stop);
  process.exitCode = await runDevnet(
    {
      dataDir: resolve(flags.dataDir ?? process.env.OPENLEDGER_DATA_DIR ?? DEFAULT_DATA_DIR),
      l1Port: parsePort(flags.l1Port, "--l1-port"),
      sequencerPort: parsePort(flags.port, "--port"),
      verifierPort: parsePort(flags.secondPort, "--second-port"),
      webPort:
        flags.web === "off"
          ? undefined
          : parsePort(flags.webPort ?? String(Number(flags.port) + 2), "--web-port"),
      reset: flags.reset === true,
      once: flags.once === true,
      job: flags.job,
      stock: flags.stock === true,
      agent: flags.agent === true,
      base: flags.base,
    },
    controller.signal,
  );
}

function parsePort(text: string, flag: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port;
  throw cliError("PORT_INVALID", {
    message: `${flag} ${text} is no port`,
    fix: "give a number from 1 to 65535",
  });
}
