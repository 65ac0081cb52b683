import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { formatEther } from "viem";
import { z } from "zod";
import { Session } from "../../native/js/index.ts";
import { type IndexCommitment, NO_SPANS } from "../ai/attribution/score.ts";
import { rpcSink, rpcSource } from "../ai/client/content.ts";
import { getSnapshot } from "../ai/client/datanets.ts";
import { DEFAULT_SPLIT, getModel, modelCount, returnModelBond, stakeOnModel } from "../ai/client/models.ts";
import { registerModel } from "../ai/client/register.ts";
import { uploadsOf } from "../ai/content/upload-order.ts";
import { CONTEXT_RULE, MAX_CONTEXT_ROWS } from "../ai/context/rule.ts";
import { reportLines } from "../ai/evaluation/report.ts";
import { readReport } from "../ai/evaluation/report-file.ts";
import { DISCOUNT_RULE } from "../ai/fusion/discount.ts";
import { readModelFolder } from "../ai/model/files.ts";
import { inspectModel } from "../ai/model/inspect.ts";
import { checkModelFiles } from "../ai/model/load.ts";
import { removeCheckpoint } from "../ai/train/checkpoint.ts";
import { checkMethod, defaultMethod, type Method } from "../ai/train/method.ts";
import { type BuildStage, type BuiltModel, buildModel } from "../ai/train/model-build.ts";
import type { Snapshot } from "../ai/train/snapshot.ts";
import { sleep } from "../base/clock.ts";
import { startProgress } from "../base/progress.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { parseOpen } from "./amount.ts";
import { reportsFolder } from "./attribution.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { modelFileCommands } from "./model-files.ts";
import { addOriginOptions, type OriginOptions, originsOf } from "./model-origins.ts";
import { addRoyalties } from "./model-royalties.ts";
import { connectProtocol, type Protocol, parseId, parseSnapshot, SHIPPED_BASE } from "./protocol.ts";

const POLL_MS = 500;

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hash);
/** What `model train` writes and `model register` reads. */
const buildSchema = z.strictObject({
  name: z.string(),
  hashes: z.strictObject({
    baseHash: hash,
    adapterHash: hash,
    tokenizerHash: hash,
    methodHash: hash,
    manifestHash: hash,
  }),
  snapshots: z.array(z.strictObject({ datanetId: z.coerce.bigint(), number: z.number().int() })),
  index: z.strictObject({
    root: hash,
    rows: z.number().int(),
    dimension: z.number().int(),
    e0: z.number().int(),
    floor: z.coerce.bigint(),
    topK: z.number().int(),
    spans: hash,
  }),
});

/** `openledger model ...`: train, register, look. */
export function modelCommand(): Command {
  const model = new Command("model").description(
    "fine-tune LoRA models on datanets, register them, host them",
  );
  model
    .command("train <name>")
    .description("fine-tune on snapshots with this machine, sketch every row, store all of it on the node")
    .requiredOption("--snapshot <id:n...>", "datanet snapshots to train on, for example 1:1 2:1")
    .option(
      "--base <path>",
      "base model, a .gguf file or a folder in Hugging Face form: Llama, Mistral, Qwen2 or Qwen3 (default: the shipped one)",
    )
    .option(
      "--method <file>",
      "JSON with the method's settings (default: the one that `openledger model method --base <path> --rows <n>` prints)",
    )
    .option("--out <file>", "where the build goes, for `model register`", "model-build.json")
    .addHelpText(
      "after",
      "\nExample: openledger model train facts --snapshot 1:1 --out facts.json --key olga\n\n" +
        "Broken off, the same command goes on from the last minute's state, which lies beside --out until the build is done.",
    )
    .action(train);
  model
    .command("method")
    .description("print the default method")
    .option("--base <path>", "for that base model instead of the shipped one")
    .option("--rows <n>", "for so many rows", "0")
    .option(
      "--context <n>",
      `answer with up to so many of its rows before each question (1 to ${MAX_CONTEXT_ROWS})`,
    )
    .option(
      "--discount",
      "leave to the pools what the base model's own answer says of an answer: the default for larger base models",
    )
    .action(method);
  const registering = model
    .command("register <build>")
    .description("register a trained model on chain, with its attribution commitments and its prices")
    .option("--rate-in <open>", "OPEN for 1000 prompt tokens", "10")
    .option("--rate-out <open>", "OPEN for 1000 answer tokens", "100")
    .option("--wait", "wait until its window has passed and it serves");
  addOriginOptions(registering).action(register);
  model
    .command("bond <model>")
    .description("give a registration's bond back to its owner's balance, after the window")
    .action(bond);
  model
    .command("stake <model> <open>")
    .description("stake OPEN on a model, for the stakers' part of its fees")
    .action(stake);
  for (const command of modelFileCommands()) model.addCommand(command);
  addRoyalties(model);
  model.command("list").description("all models").action(list);
  model.command("show <model>").description("a model with its commitments and terms").action(show);
  return model;
}

interface TrainOptions {
  snapshot: string[];
  base?: string;
  method?: string;
  out: string;
}

async function train(name: string, options: TrainOptions, command: Command): Promise<void> {
  const context = contextOf(command);
  const refs = options.snapshot.map(parseSnapshot);
  const given = options.method === undefined ? undefined : readMethod(options.method);
  const baseFiles = await readModelFolder(options.base ?? SHIPPED_BASE);
  checkModelFiles(baseFiles);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const source = rpcSource(client);
  const snapshots: (Snapshot & { datanetId: bigint; number: number })[] = [];
  for (const ref of refs)
    snapshots.push({ ...ref, ...(await getSnapshot(client, at, ref.datanetId, ref.number)) });
  const rows = snapshots
    .flatMap(({ contributions }) => contributions)
    .reduce((sum, { rowCount }) => sum + rowCount, 0);
  const recipe = given ?? (await usualMethod(options.base, rows));
  const content = { get: source.get, put: rpcSink(client, uploadsOf(client.chain, account)).put };
  const keeping = {
    path: `${options.out}.checkpoint`,
    tell: (text: string) => void process.stderr.write(`fine-tuning: ${text}\n`),
  };
  const built = await withProgress((onProgress) =>
    buildModel(new Session(), { name, baseFiles, snapshots, method: recipe }, content, {
      ...{ onProgress, keeping },
    }),
  );
  const build = { name, hashes: built.hashes, snapshots: refs, index: built.index.commitment };
  writeFileSync(
    options.out,
    `${JSON.stringify(build, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value), 2)}\n`,
  );
  await removeCheckpoint(keeping.path);
  const { examples, repeats, skipped } = built.set;
  print(context, { ...build, rows: examples.length, repeats, skipped, file: options.out }, [
    `trained on ${examples.length} rows (${repeats} repeat others, ${skipped} can't be trained)`,
    `adapter ${built.hashes.adapterHash}`,
    `written to ${options.out}: register it with \`openledger model register ${options.out}\``,
  ]);
}

type OnProgress = (stage: BuildStage, done: number, total: number, loss: number) => void;

const STAGES: Record<BuildStage, { label: string; unit: string }> = {
  read: { label: "reading the rows", unit: "documents" },
  load: { label: "loading the base model", unit: "" },
  train: { label: "fine-tuning", unit: "steps" },
  fit: { label: "fitting the basis", unit: "rows" },
  sketch: { label: "sketching", unit: "rows" },
  store: { label: "storing", unit: "" },
};

async function withProgress(work: (onProgress: OnProgress) => Promise<BuiltModel>): Promise<BuiltModel> {
  let stage: BuildStage | undefined;
  let progress: ReturnType<typeof startProgress> | undefined;
  const built = await work((name, done, total, loss) => {
    if (name !== stage) {
      progress?.finish();
      stage = name;
      progress = startProgress(STAGES[name]);
    }
    // A job that has just begun has not counted its steps yet.
    progress?.update(done, Number.isNaN(loss) ? undefined : `loss ${loss.toFixed(4)}`, total);
  });
  progress?.finish();
  return built;
}

function readMethod(file: string): Method {
  return checkMethod(readJson(file));
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw cliError("FILE_UNREADABLE", {
      message: `${file} cannot be read as JSON`,
      fix: "check the path and the JSON",
      cause,
    });
  }
}

interface MethodOptions {
  base?: string;
  rows: string;
  context?: string;
  discount?: boolean;
}

/** @throws CodedError NUMBER_INVALID. */
async function method({ base, rows, context, discount }: MethodOptions, command: Command): Promise<void> {
  const usual = await usualMethod(base, Number(parseId(rows, "number of rows")));
  const printed: Method = {
    ...usual,
    ...(context === undefined ? {} : { context: shownRows(context) }),
    ...(discount ? { discount: DISCOUNT_RULE } : {}),
  };
  print(contextOf(command), printed, [JSON.stringify(printed, null, 2)]);
}

function shownRows(text: string): NonNullable<Method["context"]> {
  const rows = Number(parseId(text, "number of rows in a prompt"));
  if (rows >= 1 && rows <= MAX_CONTEXT_ROWS) return { rule: CONTEXT_RULE, rows };
  throw cliError("NUMBER_INVALID", {
    message: `${rows} is no number of rows in a prompt`,
    fix: `give one from 1 to ${MAX_CONTEXT_ROWS}; without --context none is shown`,
  });
}

/** The method of whoever gives none, by the base model's size and the rows. */
async function usualMethod(base: string | undefined, rows: number): Promise<Method> {
  return defaultMethod((await inspectModel(base ?? SHIPPED_BASE)).parameters, rows);
}

interface RegisterOptions extends OriginOptions {
  rateIn: string;
  rateOut: string;
  wait?: boolean;
}

async function register(file: string, options: RegisterOptions, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { name, hashes, snapshots, index } = readBuild(file);
  const { client, at } = await connectProtocol(context);
  const model = {
    ...{ name, ...hashes, snapshots, split: DEFAULT_SPLIT },
    index: index satisfies IndexCommitment,
    rateIn: parseOpen(options.rateIn),
    rateOut: parseOpen(options.rateOut),
  };
  const origins = await originsOf({ client, at }, account.address, snapshots, options);
  const { modelId, hash: transaction } = await registerModel(client, at, account, model, origins);
  if (options.wait) await untilServing({ client, at }, modelId);
  const until = options.wait ? "and serves" : "it serves when the window for challenges has passed";
  const { spans } = (await getModel(client, at, modelId)).index;
  const { parents, mostRoyalty: royaltyBps } = origins;
  print(context, { model: modelId, transaction, spans, parents, royaltyBps }, [
    `model ${modelId} registered in ${transaction}; ${until}`,
    paidBy(spans),
    ...(royaltyBps === 0
      ? []
      : [`${royaltyBps / 100} % of what its owner gets is for its parents and its data: see \`model tree\``]),
  ]);
}

/** @throws CodedError MODEL_BUILD_INVALID. */
function readBuild(file: string): z.output<typeof buildSchema> {
  const parsed = buildSchema.safeParse(readJson(file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw cliError("MODEL_BUILD_INVALID", {
    message: `${file} is no build: ${issue?.path.join(".")}: ${issue?.message}`,
    fix: "give the file that `openledger model train --out` wrote",
  });
}

function paidBy(spans: Hash): string {
  if (spans === NO_SPANS)
    return "its answers are paid by influence alone: it commits no spans, or the chain has no SpanVerifier";
  return "its answers are paid by influence among the rows that hold their words";
}

/** @throws CodedError MODEL_REFUTED. */
async function untilServing({ client, at }: Protocol, modelId: bigint): Promise<void> {
  for (;;) {
    const { status, pendingUntil } = await getModel(client, at, modelId);
    if (status === "failed") {
      throw cliError("MODEL_REFUTED", {
        message: `the registration of model ${modelId} was proven false`,
        fix: "train on the snapshots again and register what comes out, unchanged",
        facts: { modelId },
      });
    }
    if ((await client.public.getBlock()).timestamp > pendingUntil) return;
    await sleep(POLL_MS);
  }
}

async function bond(model: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const { hash: transaction } = await returnModelBond(
    client,
    at,
    requireKey(context),
    parseId(model, "model"),
  );
  print(context, { transaction }, [
    `bond returned in ${transaction}; draw it with \`openledger account draw\``,
  ]);
}

async function stake(model: string, amount: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const wei = parseOpen(amount);
  const { hash: transaction } = await stakeOnModel(
    client,
    at,
    requireKey(context),
    parseId(model, "model"),
    wei,
  );
  print(context, { transaction }, [`${formatEther(wei)} OPEN staked on model ${model}`]);
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const count = await modelCount(client, at);
  const models = [];
  for (let id = 1n; id <= count; id++) models.push(await getModel(client, at, id));
  const lines = models.map(
    ({ modelId, name, index, owner, status }) =>
      `${modelId}  ${name}  ${status}  ${index.rows} rows, k = ${index.dimension}  owner ${owner}`,
  );
  print(context, models, lines.length > 0 ? lines : ["no models yet: see `openledger model train --help`"]);
}

async function show(model: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const found = await getModel(client, at, parseId(model, "model"));
  const report = readReport(reportsFolder(context), found.manifestHash);
  const facts = Object.entries({ ...found, index: undefined, split: undefined, snapshots: undefined });
  print(context, report ? { ...found, attribution: report } : found, [
    ...facts.filter(([, value]) => value !== undefined).map(([key, value]) => `${key}: ${String(value)}`),
    `snapshots: ${found.snapshots.map(({ datanetId, number }) => `${datanetId}:${number}`).join(", ")}`,
    `index: root ${found.index.root}, ${found.index.rows} rows, k = ${found.index.dimension}, top ${found.index.topK}`,
    `spans: ${found.index.spans}; ${paidBy(found.index.spans)}`,
    ...(report
      ? reportLines(report)
      : ["attribution was not evaluated here: `openledger attribution evaluate` does it"]),
  ]);
}
