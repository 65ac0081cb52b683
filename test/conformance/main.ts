import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type GroupResult, type GroupRunner, vectorsFolder } from "./group.ts";

/** A group's folder name and its runner, loaded only when the folder is there. */
const RUNNERS: Readonly<Record<string, () => Promise<GroupRunner>>> = {
  superchain: async () => (await import("./superchain.ts")).runSuperchain,
  "upgrade-transactions": async () => (await import("./upgrade-transactions.ts")).runUpgradeTransactions,
  "op-sepolia-blocks": async () => (await import("./op-sepolia-blocks.ts")).runOpSepoliaBlocks,
  derivation: async () => (await import("./derivation.ts")).runDerivation,
  "op-recordings": async () => (await import("./op-recordings.ts")).runOpRecordings,
  "execution-apis": async () => (await import("./execution-apis.ts")).runExecutionApis,
  llama: async () => (await import("./llama.ts")).runLlama,
  "llama-families": async () => (await import("./llama.ts")).runLlamaFamilies,
  gguf: async () => (await import("./gguf.ts")).runGguf,
  "hostile-models": async () => (await import("./hostile-models.ts")).runHostileModels,
  ekfac: async () => (await import("./ekfac.ts")).runEkfac,
  "chat-templates": async () => (await import("./chat-templates.ts")).runChatTemplates,
  faults: async () => (await import("./faults.ts")).runFaults,
};

async function runGroup(name: string, folder: string, scenario?: string): Promise<GroupResult[]> {
  const load = RUNNERS[name];
  if (load === undefined) {
    return [
      { name, passed: 0, failed: [], skipped: [{ case: "all", reason: "no runner for this group yet" }] },
    ];
  }
  if (!existsSync(folder)) return [missing(name)];
  process.stderr.write(`running ${name} ...\n`);
  try {
    const run = await load();
    return [await run(folder, scenario)].flat();
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ name, passed: 0, failed: [{ case: "runner", reason }], skipped: [] }];
  }
}

/** What was asked for by name and is not there has failed. */
function missing(name: string): GroupResult {
  return { name, passed: 0, failed: [{ case: "all", reason: "there is no such data" }], skipped: [] };
}

/** Notes with the same reason on one line. */
function printNotes(title: string, notes: readonly { case: string; reason: string }[]): void {
  const byReason = new Map<string, string[]>();
  for (const note of notes) byReason.set(note.reason, [...(byReason.get(note.reason) ?? []), note.case]);
  for (const [reason, cases] of byReason) {
    const shown =
      cases.length > 6 ? `${cases.slice(0, 6).join(", ")} and ${cases.length - 6} more` : cases.join(", ");
    process.stdout.write(`  ${title} ${shown}: ${reason}\n`);
  }
}

function line(result: GroupResult): string {
  const { name, passed, failed, skipped } = result;
  return `${name}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped\n`;
}

/**
 * Runs every group found in the folder (or only those named, as `group` or `group/scenario`); the status is 1 if anything failed.
 * `--executor` says what runs the blocks: wasm, ts or both.
 */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { executor: { type: "string" } },
    allowPositionals: true,
  });
  if (values.executor !== undefined) process.env.OPENLEDGER_EXECUTOR = values.executor;
  const isName = (text: string | undefined) =>
    text !== undefined && RUNNERS[text.split("/")[0]!] !== undefined;
  const only = isName(positionals[0]) ? positionals : positionals.slice(1);
  const given = isName(positionals[0]) ? undefined : positionals[0];
  const folder = given === undefined ? vectorsFolder() : resolve(given);
  if (folder === undefined || !existsSync(folder)) {
    process.stdout.write(`conformance: no vectors at ${folder ?? "../shared/vectors"}; nothing was run\n`);
    return given === undefined ? 0 : 1;
  }
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const wanted = only.length === 0 ? entries.map(({ name }) => name) : only;
  const results: GroupResult[] = [];
  for (const [name, scenario] of wanted.map((each) => each.split("/"))) {
    const found = await runGroup(name!, join(folder, name!), scenario);
    for (const result of found.length === 0 ? [missing(`${name}/${scenario}`)] : found) {
      results.push(result);
      process.stdout.write(line(result));
    }
  }
  for (const result of results) printNotes(`${result.name} failed`, result.failed);
  for (const result of results) printNotes(`${result.name} skipped`, result.skipped);
  return results.some((result) => result.failed.length > 0) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
