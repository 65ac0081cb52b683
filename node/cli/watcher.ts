import { Command } from "commander";
import type { WatcherStatus } from "../ai/watch/watcher.ts";
import { contextOf, oneLine, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { connectProtocol } from "./protocol.ts";

/** `openledger watcher ...`: how far the watcher of a node is. */
export function watcherCommand(): Command {
  const watcher = new Command("watcher").description(
    "the node's watcher, which checks every claim and model",
  );
  watcher.command("status").description("how far it is, and what it could not judge").action(status);
  return watcher;
}

async function status(_options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client } = await connectProtocol(context);
  const found = await client.rpc<WatcherStatus | null>("openledger_watcher", []);
  if (found === null) {
    throw cliError("WATCHER_ABSENT", {
      message: `no watcher runs on the node at ${client.rpcUrl}`,
      fix: "give the URL of a node with a watcher's key with --rpc; one that has just started needs a moment",
    });
  }
  const { scanned, waiting, nextDeadline, checked, stood, refuted, settled, refused, unjudged } = found;
  const urgent = nextDeadline === null ? "" : `, the next until second ${nextDeadline}`;
  print(context, found, [
    `account   ${found.account}`,
    `scanned   to block ${scanned}`,
    `waiting   ${waiting}${urgent}${refused > 0 ? `; ${refused} found no room` : ""}`,
    `checked   ${checked}: ${stood} stand, ${refuted} refuted; ${settled} settled`,
    ...unjudged.map(
      ({ what, id, code, message, tries, missed }) =>
        `  ${what} ${id}: ${missed ? "missed" : "not judged yet"} after ${tries} tries: ${code}: ${oneLine(message)}`,
    ),
  ]);
}
