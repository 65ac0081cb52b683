import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { changePin } from "../ai/engine/pins.ts";
import type { ResidentAdapter } from "../ai/engine/registered-models.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { connectProtocol, parseId } from "./protocol.ts";

/** `openledger adapter ...`: the adapters that a node has in memory for `/v1`. */
export function adapterCommand(): Command {
  const adapter = new Command("adapter").description("the adapters that a node has in memory for /v1");
  adapter.command("list").description("those in memory, the least recently used first").action(list);
  adapter
    .command("pin <model>")
    .description("load a model's adapter and keep it in memory; on the node's machine, with its --data-dir")
    .action((model: string, _options: unknown, command: Command) => pin(model, true, command));
  adapter
    .command("unpin <model>")
    .description("let it go when there is no room")
    .action((model: string, _options: unknown, command: Command) => pin(model, false, command));
  return adapter;
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client } = await connectProtocol(context);
  const found = (await client.rpc<ResidentAdapter[] | null>("openledger_adapters", [])) ?? [];
  const lines = found.map(
    ({ modelId, bytes, users, pinned }) =>
      `model ${modelId}  ${(bytes / 2 ** 20).toFixed(1)} MiB  ${users} requests${pinned ? "  pinned" : ""}`,
  );
  print(context, found, lines.length > 0 ? lines : ["no adapter is in memory"]);
}

function pin(model: string, isPinned: boolean, command: Command): void {
  const context = contextOf(command);
  const pinned = changePin(workerFolder(context), parseId(model, "model"), isPinned);
  const line = pinned.length > 0 ? `pinned: ${pinned.join(", ")}` : "nothing is pinned";
  print(context, { pinned: pinned.map(String) }, [line]);
}

/** Of the node's worker; a devnet's is the first node's. */
function workerFolder({ dataDir }: CliContext): string {
  const first = join(dataDir, "sequencer");
  return join(existsSync(first) ? first : dataDir, "ai");
}
