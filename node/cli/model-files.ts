import { join } from "node:path";
import { Command } from "commander";
import { describeHubModel } from "../ai/hub/listing.ts";
import { planPull, pullModel } from "../ai/hub/pull.ts";
import { parseModelReference } from "../ai/hub/reference.ts";
import {
  fitMemory,
  type MemoryPart,
  mebibytes,
  servingMemory,
  totalBytes,
  trainingMemory,
} from "../ai/model/estimate.ts";
import { inspectModel, type ModelFacts } from "../ai/model/inspect.ts";
import { DEFAULT_METHOD, defaultMethod, sketchDimension } from "../ai/train/method.ts";
import { packageRoot } from "../base/paths.ts";
import { startProgress } from "../base/progress.ts";
import { contextOf, oneLine, print } from "./context.ts";
import { cliError } from "./errors.ts";

const GIB = 2 ** 30;
/** Tokens of prompt and answer for which serving's memory is shown. */
const SHOWN_POSITIONS = 4096;
/** Tokens of the longest row for which training's memory is shown. */
const SHOWN_ROW = 512;
/** Rows for which fitting's memory is shown. */
const SHOWN_ROWS = 100;

/** `openledger model inspect` and `openledger model pull`: models as files, without a node. */
export function modelFileCommands(): Command[] {
  const inspect = new Command("inspect")
    .argument("<path>", "a .gguf file, or a folder in Hugging Face form")
    .description("say what a model is, whether it runs here, and what it takes in memory")
    .action(inspectFiles);
  const pull = new Command("pull")
    .argument("<model>", "a hub's id such as HuggingFaceTB/SmolLM2-135M-Instruct, or its address")
    .description("fetch a model from a hub; the same command again goes on where a broken one stopped")
    .option("--out <folder>", "where it goes (default: .data/models/NAME in the package)")
    .option("--file <name>", "the .gguf file of a model that has several")
    .option("--max-size <GiB>", "most that is fetched", "64")
    .addHelpText(
      "after",
      "\nEnvironment: HF_ENDPOINT (another hub), HF_TOKEN (for models with terms of their own), HF_HUB_OFFLINE=1",
    )
    .action(pullFiles);
  return [inspect, pull];
}

async function inspectFiles(path: string, _options: unknown, command: Command): Promise<void> {
  const facts = await inspectModel(path);
  const memory = memoryOf(facts);
  const { config, weights, ...rest } = facts;
  const value = { path, ...rest, config, weights: Object.fromEntries(weights), memory };
  print(contextOf(command), value, [...factLines(path, facts), "", ...memoryLines(memory)]);
}

type Memory = Readonly<Record<"serving" | "training" | "fitting", readonly MemoryPart[]>>;

function memoryOf({ config, weights, parameters }: ModelFacts): Memory {
  const bytes = [...weights.values()].reduce((sum, size) => sum + size, 0);
  const { lora, attribution } = defaultMethod(parameters);
  const use = { adapter: lora, longestRow: Math.min(config.contextLength, SHOWN_ROW) };
  const positions = Math.min(config.contextLength, SHOWN_POSITIONS);
  return {
    serving: servingMemory(config, bytes, { positions, adapters: [lora] }),
    training: trainingMemory(config, bytes, use),
    fitting: fitMemory(config, bytes, {
      ...use,
      rows: SHOWN_ROWS,
      dimension: sketchDimension(SHOWN_ROWS, attribution),
      ...(attribution.kind === "ekfac-factored" && { axes: attribution.axes }),
    }),
  };
}

function factLines(path: string, facts: ModelFacts): string[] {
  const { config, tokenizer, weights } = facts;
  const formats = [...weights].map(([format, bytes]) => `${format} ${mebibytes(bytes)}`).join(", ");
  const rows: [string, string][] = [
    ["model", path],
    ["format", `${facts.form}: ${formats}`],
    [
      "architecture",
      `${config.family}, ${config.layers} layers, width ${config.hiddenSize}, ${config.heads} heads (${config.kvHeads} for keys and values)`,
    ],
    ["parameters", `${(facts.parameters / 1e6).toFixed(1)} million`],
    ["context", `${config.contextLength} tokens`],
    [
      "tokenizer",
      `${tokenizer.kind}, ${tokenizer.tokens} tokens, ${tokenizer.specialTokens} of them special`,
    ],
    [
      "end of answer",
      facts.endTokens.length > 0 ? facts.endTokens.join(" ") : "none named: can't be trained",
    ],
    [
      "chat template",
      facts.chatTemplate === undefined
        ? "none: asked as Question and Answer"
        : `its own, ${facts.chatTemplate} characters`,
    ],
    ["licence", facts.licence ?? "none named"],
  ];
  return rows.map(([name, value]) => `${name.padEnd(14)} ${oneLine(value)}`);
}

function memoryLines({ serving, training, fitting }: Memory): string[] {
  const { rank } = DEFAULT_METHOD.lora;
  return [
    partsLine(`memory to serve it (${SHOWN_POSITIONS} tokens, one adapter of rank ${rank})`, serving),
    partsLine(`memory to fine-tune it (rank ${rank}, rows up to ${SHOWN_ROW} tokens)`, training),
    partsLine(`memory to fit its attribution (${SHOWN_ROWS} rows)`, fitting),
  ];
}

function partsLine(what: string, parts: readonly MemoryPart[]): string {
  const list = parts.map(({ name, bytes }) => `${name} ${mebibytes(bytes)}`).join(", ");
  return `${what}: ${mebibytes(totalBytes(parts))} (${list})`;
}

interface PullOptions {
  out?: string;
  file?: string;
  maxSize: string;
}

async function pullFiles(id: string, options: PullOptions, command: Command): Promise<void> {
  const context = contextOf(command);
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE } = process.env;
  if (HF_HUB_OFFLINE !== undefined && /^(1|true|yes|on)$/i.test(HF_HUB_OFFLINE)) {
    throw cliError("HUB_OFFLINE", {
      message: "HF_HUB_OFFLINE is set: nothing is fetched",
      fix: "unset it, or give `--base` a folder that is here already",
    });
  }
  const maxBytes = Number(options.maxSize) * GIB;
  if (!(maxBytes > 0)) {
    throw cliError("NUMBER_INVALID", {
      message: `--max-size ${options.maxSize} is no size`,
      fix: "give gibibytes, such as 8",
    });
  }
  const access = { token: HF_TOKEN === "" ? undefined : HF_TOKEN };
  const reference = parseModelReference(id, HF_ENDPOINT || undefined);
  const model = await describeHubModel(reference, access);
  const plan = planPull(model, maxBytes, options.file);
  const folder = options.out ?? join(packageRoot(), ".data", "models", ...reference.name.split("/"));
  const licence = model.licence ?? "none named";
  process.stderr.write(
    `${oneLine(`${reference.name} at ${model.commit.slice(0, 12)}: ${plan.files.length} files, ${mebibytes(plan.bytes)}; licence: ${licence}`)}\n`,
  );
  const progress = startProgress({ label: "fetching", total: Math.ceil(plan.bytes / 2 ** 20), unit: "MiB" });
  await pullModel(plan, folder, {
    ...access,
    onBytes: (done) => progress.update(Math.floor(done / 2 ** 20)),
  });
  progress.finish();
  const [weights] = plan.files.filter(({ name }) => name.endsWith(".gguf"));
  const path = weights ? join(folder, weights.name) : folder;
  const files = plan.files.map(({ name, size, hash }) => ({ name, size, [hash.kind]: hash.hex }));
  print(context, { path, name: reference.name, commit: model.commit, licence, files }, [
    `${path}: every file has its hash`,
    `licence: ${oneLine(licence)}`,
    `look at it with \`openledger model inspect ${path}\`, train on it with \`--base ${path}\``,
  ]);
}
