import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Adapter, type Example, Session, type Tensors } from "../../native/js/index.ts";
import { loadAdapter } from "../../node/ai/model/adapter.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadNativeModel, nativeAdapter, nativeConfig } from "../../node/ai/model/load.ts";
import { readSafetensors, tensorToF64 } from "../../node/ai/model/safetensors.ts";
import { loadTokenizer } from "../../node/ai/model/tokenizer.ts";
import { isCodedError } from "../../node/base/errors.ts";
import { type GroupResult, GroupRun } from "./group.ts";

/** Largest error over largest reference entry, by the fair tolerances of the vectors' README. */
const TOLERANCE = { plain: 1e-5, loraGradient: 3e-5, adamwWeight: 1e-3 };

const inputsSchema = z.object({
  examples: z.array(
    z.object({
      ids: z.array(z.number()),
      completion_start: z.number(),
      logit_positions: z.array(z.number()),
    }),
  ),
  hidden_example: z.number(),
  full_backward_example: z.number().nullish(),
  greedy_prompts: z.array(z.array(z.number())),
  greedy_tokens: z.number(),
  adamw: z.object({
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
    steps: z.number(),
  }),
});
const windowSchema = z.looseObject({ sliding_window: z.number().nullish() });
const greedySchema = z.array(
  z.object({ prompt: z.array(z.number()), tokens: z.array(z.number()), logit: z.array(z.number()) }),
);
const stringsSchema = z.array(
  z.object({
    text: z.string(),
    ids: z.array(z.number()),
    ids_with_special: z.array(z.number()).optional(),
    decoded: z.union([z.literal(true), z.string()]),
    decoded_skip_special: z.string().optional(),
  }),
);

/** Small Llama and Qwen2 models with adapters, and tokenizers, against float64 results of PyTorch. */
export async function runLlama(folder: string): Promise<GroupResult> {
  return runModels(folder, "llama");
}

/** The same for Qwen3 and Mistral. */
export async function runLlamaFamilies(folder: string): Promise<GroupResult> {
  return runModels(folder, "llama-families");
}

async function runModels(folder: string, group: string): Promise<GroupResult> {
  const run = new GroupRun(group);
  const session = new Session();
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    const files = await readdir(path);
    if (files.includes("strings.json")) await runTokenizer(run, entry.name, path);
    else if (files.includes("expected.safetensors")) await runModel(run, entry.name, path, session);
  }
  return run.result;
}

async function runTokenizer(run: GroupRun, name: string, path: string): Promise<void> {
  const tokenizer = loadTokenizer(await readModelFolder(path));
  const strings = stringsSchema.parse(await readJson(join(path, "strings.json")));
  for (const [index, item] of strings.entries()) {
    await run.case(`${name} string ${index}`, async () => {
      const decoded = item.decoded === true ? item.text : item.decoded;
      const results: [string, unknown, unknown][] = [
        ["ids", await tokenizer.encodeMarkup(item.text, false), item.ids],
        [
          "ids with special",
          await tokenizer.encodeMarkup(item.text, true),
          item.ids_with_special ?? item.ids,
        ],
        ["text", await tokenizer.decode(item.ids, false), decoded],
        [
          "text without special",
          await tokenizer.decode(item.ids, true),
          item.decoded_skip_special ?? decoded,
        ],
      ];
      const wrong = results.find(([, got, want]) => JSON.stringify(got) !== JSON.stringify(want));
      return wrong && `${wrong[0]}: ${JSON.stringify(wrong[1])} in place of ${JSON.stringify(wrong[2])}`;
    });
  }
}

type Inputs = z.infer<typeof inputsSchema>;

/** One model in memory and what is expected of it. */
interface Subject {
  run: GroupRun;
  name: string;
  session: Session;
  model: ReturnType<typeof loadNativeModel>;
  adapter: Adapter;
  adapterTensors: Tensors;
  inputs: Inputs;
  examples: Example[];
  expected: Map<string, Float64Array>;
}

async function runModel(run: GroupRun, name: string, path: string, session: Session): Promise<void> {
  let subject: Subject | undefined;
  await run.case(`${name} load`, async () => {
    try {
      subject = await loadSubject(run, name, path, session);
    } catch (error) {
      // The vectors' README: a window is computed, or refused by its name.
      const { sliding_window: window } = windowSchema.parse(await readJson(join(path, "config.json")));
      const named = isCodedError(error, "MODEL_UNSUPPORTED") && error.message.includes("sliding_window");
      if (!window || !named) throw error;
    }
    return undefined;
  });
  if (!subject) return;
  await checkEvaluation(subject, "base", undefined);
  await checkEvaluation(subject, "adapter", subject.adapter);
  await checkHidden(subject);
  await checkFullGradients(subject);
  await checkLoraGradients(subject);
  await checkAdamw(subject);
  await checkGreedy(subject, greedySchema.parse(await readJson(join(path, "greedy.json"))));
}

async function loadSubject(run: GroupRun, name: string, path: string, session: Session): Promise<Subject> {
  const model = loadNativeModel(await readModelFolder(path));
  const lora = loadAdapter(await readModelFolder(join(path, "adapter")), model.config);
  const inputs = inputsSchema.parse(await readJson(join(path, "inputs.json")));
  const file = readSafetensors(new Uint8Array(await readFile(join(path, "expected.safetensors"))));
  const expected = new Map<string, Float64Array>();
  for (const [key, tensor] of file.tensors) expected.set(key, tensorToF64(tensor));
  const adapterTensors: Tensors = {};
  for (const [module, { a, b }] of lora.modules) {
    adapterTensors[`base_model.model.${module}.lora_A.weight`] = a;
    adapterTensors[`base_model.model.${module}.lora_B.weight`] = b;
  }
  const examples = inputs.examples.map(({ ids, completion_start }) => ({
    ids,
    completionStart: completion_start,
  }));
  const adapter = nativeAdapter(model.config, lora);
  return { run, name, session, model, adapter, adapterTensors, inputs, examples, expected };
}

async function checkEvaluation(subject: Subject, kind: "base" | "adapter", adapter: Adapter | undefined) {
  const { run, name, session, model, examples, inputs, expected } = subject;
  const request = { model: model.native, adapter, examples, logits: true };
  const out = await session.evaluate(request).wait();
  const vocab = model.config.vocabSize;
  for (const [i, input] of inputs.examples.entries()) {
    const rows = Float32Array.from(
      input.logit_positions.flatMap((at) => [...out.logits![i]!.subarray(at * vocab, (at + 1) * vocab)]),
    );
    const cases: [string, ArrayLike<number>][] = [
      [`${kind}.logits.${i}`, rows],
      [`${kind}.logprobs.${i}`, out.logprobs[i]!],
    ];
    for (const [key, got] of cases) {
      await run.case(`${name} ${key}`, () => compare(got, expected.get(key), TOLERANCE.plain));
    }
  }
  const key = `${kind}.loss`;
  await run.case(`${name} ${key}`, () => compare(out.losses, expected.get(key), TOLERANCE.plain));
}

async function checkHidden({
  run,
  name,
  session,
  model,
  examples,
  inputs,
  expected,
}: Subject): Promise<void> {
  const example = examples[inputs.hidden_example]!;
  const out = await session.evaluate({ model: model.native, examples: [example], hidden: true }).wait();
  const size = example.ids.length * model.config.hiddenSize;
  for (let k = 0; k < model.config.layers + 2; k++) {
    const key = `base.hidden.${k > model.config.layers ? "norm" : k}`;
    const got = out.hidden![0]!.subarray(k * size, (k + 1) * size);
    await run.case(`${name} ${key}`, () => compare(got, expected.get(key), TOLERANCE.plain));
  }
}

async function checkFullGradients({ run, name, session, model, examples, inputs, expected }: Subject) {
  const keys = [...expected.keys()].filter((key) => key.startsWith("base.grad."));
  if (keys.length === 0) return;
  const example = examples[inputs.full_backward_example!]!;
  const { gradients } = await session.gradients({ model: model.native, examples: [example] }).wait();
  for (const key of keys) {
    const got = gradients[key.slice("base.grad.".length)];
    await run.case(`${name} ${key}`, () => compare(got, expected.get(key), TOLERANCE.plain));
  }
}

async function checkLoraGradients(subject: Subject): Promise<void> {
  const { run, name, session, model, adapter, examples, expected } = subject;
  const out = await session.loraGradients({ model: model.native, adapter, examples }).wait();
  await run.case(`${name} losses beside the gradients`, () =>
    compare(out.losses, expected.get("adapter.loss"), TOLERANCE.plain),
  );
  const layout = loraLayout(subject);
  for (const i of examples.keys()) {
    const row = out.rows.subarray(i * out.dimension, (i + 1) * out.dimension);
    for (const tensor of layout) {
      const key = `adapter.grad.${i}.${tensor.name}`;
      const got = row.subarray(tensor.offset, tensor.offset + tensor.count);
      await run.case(`${name} ${key}`, () => compare(got, expected.get(key), TOLERANCE.loraGradient));
    }
  }
  const known = examples.length * layout.length;
  const all = [...expected.keys()].filter((key) => key.startsWith("adapter.grad.")).length;
  await run.case(`${name} number of gradients`, () =>
    known === all ? undefined : `${known} in place of ${all}`,
  );
}

async function checkAdamw(subject: Subject): Promise<void> {
  const { run, name, session, model, adapter, examples, inputs, expected } = subject;
  const { lr, betas, eps, weight_decay: weightDecay, steps } = inputs.adamw;
  const trained = await session
    .loraTrain({
      model: model.native,
      adapter,
      examples,
      steps: Array.from({ length: steps }, () => [...examples.keys()]),
      adamw: { beta1: betas[0], beta2: betas[1], eps, weightDecay },
      schedule: { kind: "constant", lr },
    })
    .wait();
  for (const [tensor, got] of Object.entries(trained.tensors)) {
    const key = `adamw.weight.${tensor}`;
    await run.case(`${name} ${key}`, () => compare(got, expected.get(key), TOLERANCE.adamwWeight));
  }
  const after = new Adapter(nativeConfig(model.config), adapter.shape, trained.tensors);
  const { losses } = await session.evaluate({ model: model.native, adapter: after, examples }).wait();
  const targets = examples.reduce((sum, { ids, completionStart }) => sum + ids.length - completionStart, 0);
  const all = [...trained.losses, losses.reduce((sum, loss) => sum + loss, 0) / targets];
  await run.case(`${name} adamw.loss`, () => compare(all, expected.get("adamw.loss"), TOLERANCE.plain));
}

async function checkGreedy(subject: Subject, greedy: z.infer<typeof greedySchema>): Promise<void> {
  const { run, name, session, model, adapter } = subject;
  for (const [i, { prompt, tokens, logit }] of greedy.entries()) {
    await run.case(`${name} greedy ${i}`, async () => {
      const request = { model: model.native, adapter, prompts: [prompt], maxTokens: tokens.length };
      const out = await session.generate(request).wait();
      const got = [...out.tokens[0]!];
      if (got.join() !== tokens.join()) return `tokens ${got} in place of ${tokens}`;
      return compare(out.logits[0], Float64Array.from(logit), TOLERANCE.plain);
    });
  }
}

function loraLayout({ adapterTensors: tensors, adapter, model }: Subject) {
  const targets = adapter.shape.targets;
  let offset = 0;
  const layout: { name: string; offset: number; count: number }[] = [];
  for (let layer = 0; layer < model.config.layers; layer++) {
    for (const target of targets) {
      const part = /^(gate|up|down)/.test(target) ? "mlp" : "self_attn";
      for (const side of ["lora_A", "lora_B"]) {
        const tensor = `base_model.model.model.layers.${layer}.${part}.${target}.${side}.weight`;
        const count = tensors[tensor]!.length;
        layout.push({ name: tensor, offset, count });
        offset += count;
      }
    }
  }
  return layout;
}

/** Undefined when every entry is within `tolerance` of the largest reference entry. */
function compare(got: ArrayLike<number> | undefined, want: Float64Array | undefined, tolerance: number) {
  if (!got || !want) return got ? "no reference" : "no result";
  if (got.length !== want.length) return `${got.length} entries in place of ${want.length}`;
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    scale = Math.max(scale, Math.abs(want[i]!));
    const error = Math.abs(got[i]! - want[i]!);
    worst = error > worst || Number.isNaN(error) ? error : worst;
  }
  if (worst <= tolerance * scale) return undefined;
  return `error ${(worst / scale).toExponential(2)} of the largest entry, allowed ${tolerance}`;
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}
