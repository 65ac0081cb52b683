import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { packageRoot } from "../base/paths.ts";
import { cliError } from "./errors.ts";

/** What every command knows: the data folder, the chain to talk to, the key to sign with, the form of the output. */
export interface CliContext {
  dataDir: string;
  rpcUrl: string;
  l1RpcUrl: string;
  /** A name in the key store or a hex private key; absent when the command needs none. */
  key: string | undefined;
  json: boolean;
}

/** devnet.json, as far as the command line reads it. */
const devnetFile = z.object({
  l1: z.object({ rpc: z.string() }),
  nodes: z.array(z.object({ rpc: z.string() })).min(1),
});

export const DEFAULT_DATA_DIR = join(packageRoot(), ".data", "devnet");

/** Adds the options that all commands share. */
export function withSharedOptions(program: Command): Command {
  return program
    .option("--data-dir <folder>", "data folder (environment: OPENLEDGER_DATA_DIR)")
    .option(
      "--rpc <url>",
      "the node to talk to (environment: OPENLEDGER_RPC; default: the devnet in the data folder)",
    )
    .option("--l1-rpc <url>", "the L1 to talk to (environment: OPENLEDGER_L1_RPC)")
    .option(
      "--key <name|hex>",
      "account to sign with: its name or a private key (environment: OPENLEDGER_KEY)",
    )
    .option("--json", "print JSON");
}

/** Options over environment over devnet.json over the devnet's default ports. */
export function contextOf(command: Command): CliContext {
  const options = command.optsWithGlobals<Record<string, string | boolean | undefined>>();
  const text = (name: string, variable: string): string | undefined => {
    const value = options[name];
    return typeof value === "string" ? value : process.env[variable];
  };
  const dataDir = resolve(text("dataDir", "OPENLEDGER_DATA_DIR") ?? DEFAULT_DATA_DIR);
  const devnet = readDevnetFile(dataDir);
  return {
    dataDir,
    rpcUrl: checkUrl(text("rpc", "OPENLEDGER_RPC") ?? devnet?.nodes[0]?.rpc ?? "http://127.0.0.1:9545"),
    l1RpcUrl: checkUrl(text("l1Rpc", "OPENLEDGER_L1_RPC") ?? devnet?.l1.rpc ?? "http://127.0.0.1:8545"),
    key: text("key", "OPENLEDGER_KEY"),
    json: options.json === true,
  };
}

function readDevnetFile(dataDir: string): z.infer<typeof devnetFile> | undefined {
  const file = join(dataDir, "devnet.json");
  if (!existsSync(file)) return undefined;
  try {
    return devnetFile.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw cliError("DEVNET_FILE_CORRUPT", {
      message: `${file} is not a devnet description`,
      fix: "start the devnet again (it writes the file anew), or name the node with --rpc",
      cause,
    });
  }
}

function checkUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed !== undefined && /^https?:$/.test(parsed.protocol);
  if (isHttp && parsed.username === "" && parsed.password === "") return url;
  const isSocket = parsed !== undefined && /^wss?:$/.test(parsed.protocol);
  if (parsed?.username || parsed?.password) {
    throw cliError("URL_INVALID", {
      message: "the URL holds a user's name or a password, which the command line does not send",
      fix: "give the URL without them, for example of a proxy that adds them",
    });
  }
  throw cliError("URL_INVALID", {
    message: `${url} is not an http URL`,
    fix: isSocket
      ? `commands speak HTTP, WebSocket serves subscriptions: give ${url.replace(/^ws/i, "http")}`
      : "give one like http://127.0.0.1:9545",
  });
}

/** Prints one result: JSON (big integers as decimal strings) with --json, else the lines, both without control characters. */
export function print(context: CliContext, value: unknown, lines: readonly string[]): void {
  const text = context.json
    ? JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2)
    : lines.join("\n");
  process.stdout.write(`${printable(text)}\n`);
}

/**
 * Text for a terminal: names, rows and answers of strangers must neither steer it nor look like other text.
 * Control characters and marks of the writing direction are shown as JSON's escapes.
 */
export function printable(text: string): string {
  return text.replace(
    /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** As {@link printable}, on one line. */
export function oneLine(text: string): string {
  return printable(text.replace(/\n/g, "\\n"));
}
