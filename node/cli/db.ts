import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { startProgress } from "../base/progress.ts";
import { readRollupConfig } from "../chain/config/rollup-config.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";

/** `openledger db ...`: looks after the database of a node that is stopped. */
export function dbCommand(): Command {
  const db = new Command("db").description("look after the database of a node that is stopped");
  const add = (name: string, description: string) =>
    db
      .command(name)
      .description(description)
      .option(
        "--chain-dir <folder>",
        "folder of rollup.json (default: the data folder; environment: OPENLEDGER_CHAIN_DIR)",
      );
  add("inspect", "the heads, the oldest state and the size of each table").action(inspect);
  add("prune", "delete the states of old blocks")
    .option("--history <blocks>", "newest blocks whose state stays", "128")
    .action(prune);
  add(
    "snapshot <file>",
    "copy the finalized state and all blocks up to it into a file with checksums, for --from-snapshot",
  ).action(snapshot);
  add("rebuild", "make the table of accounts and slots anew from the state").action(rebuild);
  return db;
}

/** Opens the data folder's database for one piece of work. @throws CodedError `STORE_*`, those of rollup.json. */
async function withStore<T>(command: Command, work: (store: ChainStore) => Promise<T>): Promise<T> {
  const { dataDir } = contextOf(command);
  const { chainDir } = command.opts<{ chainDir?: string }>();
  const rollup = readRollupConfig(
    join(chainDir ?? process.env.OPENLEDGER_CHAIN_DIR ?? dataDir, "rollup.json"),
  );
  const folder = join(dataDir, "chain");
  if (!existsSync(folder)) {
    throw cliError("FILE_UNREADABLE", {
      message: `There is no database in ${dataDir}.`,
      fix: "Name the data folder of a node as --data-dir; it holds a folder `chain`.",
    });
  }
  // Only here: the other commands start faster without the database in memory.
  const { openChainStore } = await import("../store/chain-store.ts");
  const store = await openChainStore(folder, rollup);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function inspect(_options: unknown, command: Command): Promise<void> {
  await withStore(command, async (store) => {
    const heads = store.heads();
    const numberOf = (hash: `0x${string}` | undefined) => hash && store.header(hash)?.number.toString();
    const facts = {
      unsafe: numberOf(heads?.unsafe),
      safe: numberOf(heads?.safe),
      finalized: numberOf(heads?.finalized),
      oldestState: store.oldestState().toString(),
      flatTable: store.flat.isWhole ? "whole" : "to be built at the next start",
    };
    const bytes = await store.sizes();
    const lines = [
      ...Object.entries(facts).map(([name, value]) => `${name.padEnd(12)} ${value ?? "none"}`),
      "",
      ...Object.entries(bytes).map(
        ([name, size]) => `${name.padEnd(12)} ${(size / 1e6).toFixed(2).padStart(10)} MB`,
      ),
    ];
    print(contextOf(command), { ...facts, bytes }, lines);
  });
}

async function prune(options: { history: string }, command: Command): Promise<void> {
  if (!/^[1-9]\d{0,14}$/.test(options.history)) {
    throw cliError("NUMBER_INVALID", {
      message: `${options.history} is no number of blocks.`,
      fix: "Give a whole number of at least 1 as --history.",
    });
  }
  const { pruneState } = await import("../execution/state/prune-state.ts");
  await withStore(command, async (store) => {
    const progress = startProgress({ label: "looking through the state", total: 100, unit: "%" });
    const result = await pruneState(store, {
      history: BigInt(options.history),
      progress: (share) => progress.update(Math.floor(share * 100)),
    });
    progress.finish();
    const facts = { ...result, oldestState: store.oldestState().toString() };
    print(contextOf(command), facts, [
      `deleted ${result.deleted} of ${result.deleted + result.kept} entries, ${(result.deletedBytes / 1e6).toFixed(2)} MB`,
      `states are kept from block ${facts.oldestState} on`,
    ]);
  });
}

async function snapshot(file: string, _options: unknown, command: Command): Promise<void> {
  const { exportSnapshot } = await import("../app/snapshot/export-snapshot.ts");
  await withStore(command, async (store) => {
    const progress = startProgress({ label: "writing the snapshot" });
    let steps = 0;
    const { head, genesis } = await exportSnapshot(store, file, (text) => progress.update(++steps, text));
    progress.finish();
    const facts = { file, genesis, number: head.number.toString(), hash: head.hash };
    print(contextOf(command), facts, [`${file}: block ${facts.number}, ${head.hash}`]);
  });
}

async function rebuild(_options: unknown, command: Command): Promise<void> {
  const { buildFlatTable } = await import("../execution/state/build-flat.ts");
  await withStore(command, async (store) => {
    const progress = startProgress({ label: "building the table of accounts and slots" });
    await buildFlatTable(store, { told: (entries) => progress.update(entries) });
    progress.finish();
  });
}
