import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { Session } from "../../native/js/index.ts";
import { openModelSource } from "../../node/ai/model/files.ts";
import { type Gguf, readGguf } from "../../node/ai/model/gguf.ts";
import { hfTensorName } from "../../node/ai/model/gguf-config.ts";
import { loadModel, loadNativeModel } from "../../node/ai/model/load.ts";
import { readSafetensors, tensorToF64 } from "../../node/ai/model/safetensors.ts";
import { loadTokenizer, type ModelTokenizer } from "../../node/ai/model/tokenizer.ts";
import { bytesOnDisk } from "../../node/ai/model/weight-bytes.ts";
import { isCodedError } from "../../node/base/errors.ts";
import { type GroupResult, GroupRun } from "./group.ts";

/** Of the largest logit; tensors are compared bit for bit. */
const LOGITS = 1e-5;
/** Refusals take no longer, in milliseconds. */
const LIMIT_MS = 1000;

const valueSchema = z.looseObject({ type: z.string(), of: z.string().optional(), value: z.unknown() });
const metadataSchema = z.record(z.string(), valueSchema);
const tensorsSchema = z.object({
  version: z.number(),
  alignment: z.number(),
  data_offset: z.number(),
  tensors: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      dimensions: z.array(z.number()),
      offset: z.number(),
      bytes: z.number(),
      sha256: z.string(),
      hf_sha256: z.string().optional(),
      values: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
});
const stringsSchema = z.array(
  z.object({
    text: z.string(),
    ids: z.array(z.number()),
    ids_with_special: z.array(z.number()).optional(),
    decoded: z.union([z.literal(true), z.string()]),
    decoded_skip_special: z.string().optional(),
  }),
);
const chatSchema = z.array(z.object({ rendered: z.string(), ids: z.array(z.number()) }));
const inputsSchema = z.object({ prompts: z.array(z.array(z.number())), optional: z.boolean().nullish() });
const hostileSchema = z.object({
  ok: z.string(),
  cases: z.array(z.object({ file: z.string(), refusal: z.string() })),
});
/** Codes that say each kind of refusal rightly, and a word that the message has to hold. */
const REFUSALS: Readonly<Record<string, { codes: readonly string[]; word: RegExp }>> = {
  truncated: { codes: ["GGUF_TRUNCATED"], word: /ends at byte/ },
  "tensor-out-of-bounds": { codes: ["GGUF_TRUNCATED", "GGUF_INVALID"], word: /output_norm\.weight/ },
  "dimension-overflow": { codes: ["GGUF_INVALID"], word: /token_embd\.weight/ },
  "string-too-long": { codes: ["GGUF_INVALID"], word: /too long/ },
  "unknown-quant-type": { codes: ["GGUF_UNSUPPORTED"], word: /blk\.0\.attn_q\.weight/ },
  "wrong-magic": { codes: ["GGUF_INVALID"], word: /GGUF/ },
  "unsupported-version": { codes: ["GGUF_UNSUPPORTED"], word: /version 4/ },
  "count-too-large": { codes: ["GGUF_INVALID"], word: /tensors/ },
  "invalid-alignment": { codes: ["GGUF_INVALID"], word: /general\.alignment/ },
};

/** GGUF models: metadata, tensors bit for bit, tokenizers, logits; and files with one defect each. */
export async function runGguf(folder: string): Promise<GroupResult> {
  const run = new GroupRun("gguf");
  const session = new Session();
  for (const name of (await readdir(folder)).sort()) {
    if ((await readdir(join(folder, name)).catch((): string[] => [])).includes("model.gguf")) {
      await runModel(run, name, join(folder, name), session);
    }
  }
  await runHostile(run, join(folder, "hostile"));
  return run.result;
}

async function runModel(run: GroupRun, name: string, path: string, session: Session): Promise<void> {
  const file = join(path, "model.gguf");
  let read: Gguf | undefined;
  await run.case(`${name} header`, () => {
    read = readGguf(bytesOnDisk("model.gguf", file));
  });
  const gguf = read as Gguf | undefined;
  if (!gguf) return;
  await checkMetadata(run, name, gguf, metadataSchema.parse(await readJson(join(path, "metadata.json"))));
  await checkTensors(run, name, file, gguf, tensorsSchema.parse(await readJson(join(path, "tensors.json"))));
  const { files } = await openModelSource(file);
  const tokenizer = loadTokenizer(files);
  await checkStrings(run, name, tokenizer, stringsSchema.parse(await readJson(join(path, "strings.json"))));
  const chats = chatSchema.parse(await readJson(join(path, "chat.json")));
  for (const [index, { rendered, ids }] of chats.entries()) {
    await run.case(`${name} chat ${index}`, async () =>
      differs(await tokenizer.encodeMarkup(rendered, false), ids),
    );
  }
  await checkTemplate(run, name, gguf, files);
  await checkLogits(run, name, path, session);
}

async function checkMetadata(
  run: GroupRun,
  name: string,
  gguf: Gguf,
  expected: z.infer<typeof metadataSchema>,
): Promise<void> {
  await run.case(`${name} keys`, () =>
    differs([...gguf.metadata.keys()].sort(), Object.keys(expected).sort()),
  );
  const plain = (value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
  for (const [key, want] of Object.entries(expected)) {
    await run.case(`${name} ${key}`, () => {
      const got = gguf.metadata.get(key);
      if (!got) return "missing";
      if (got.type === "array") {
        const items = { type: "array", of: got.of, value: [...got.value].map(plain) };
        return differs(items, { type: want.type, of: want.of, value: want.value });
      }
      return differs({ type: got.type, value: plain(got.value) }, { type: want.type, value: want.value });
    });
  }
}

async function checkTensors(
  run: GroupRun,
  name: string,
  file: string,
  gguf: Gguf,
  expected: z.infer<typeof tensorsSchema>,
): Promise<void> {
  await run.case(`${name} places`, () =>
    differs(
      {
        at: [gguf.version, gguf.alignment, gguf.dataOffset],
        tensors: gguf.tensors.map((t) => [
          t.name,
          t.format,
          t.dimensions,
          t.offset - gguf.dataOffset,
          t.bytes,
        ]),
      },
      {
        at: [expected.version, expected.alignment, expected.data_offset],
        tensors: expected.tensors.map((t) => [t.name, t.type, t.dimensions, t.offset, t.bytes]),
      },
    ),
  );
  const { native, config } = loadNativeModel(await openModelSource(file));
  for (const tensor of expected.tensors) {
    await run.case(`${name} ${tensor.name}`, () => {
      const hf = hfTensorName(tensor.name);
      const values = hf === undefined ? config.ropeDivisors : native.tensor(hf);
      if (!values) return "is not in the model";
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      return differs(createHash("sha256").update(bytes).digest("hex"), tensor.hf_sha256 ?? tensor.sha256);
    });
  }
  native.close();
}

async function checkStrings(
  run: GroupRun,
  name: string,
  tokenizer: ModelTokenizer,
  strings: z.infer<typeof stringsSchema>,
): Promise<void> {
  for (const [index, item] of strings.entries()) {
    await run.case(`${name} string ${index}`, async () => {
      const decoded = item.decoded === true ? item.text : item.decoded;
      return (
        differs(await tokenizer.encodeMarkup(item.text, false), item.ids) ??
        differs(await tokenizer.encodeMarkup(item.text, true), item.ids_with_special ?? item.ids) ??
        differs(await tokenizer.decode(item.ids, false), decoded) ??
        differs(await tokenizer.decode(item.ids, true), item.decoded_skip_special ?? decoded)
      );
    });
  }
}

async function checkTemplate(
  run: GroupRun,
  name: string,
  gguf: Gguf,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  await run.case(`${name} chat template`, () => {
    const config: unknown = JSON.parse(new TextDecoder().decode(files.get("tokenizer_config.json")));
    const { chat_template: template } = z.looseObject({ chat_template: z.string() }).parse(config);
    return differs(template, gguf.metadata.get("tokenizer.chat_template")?.value);
  });
}

async function checkLogits(run: GroupRun, name: string, path: string, session: Session): Promise<void> {
  const { prompts } = inputsSchema.parse(await readJson(join(path, "inputs.json")));
  const expected = readSafetensors(
    new Uint8Array(await readFile(join(path, "expected.safetensors"))),
  ).tensors;
  const model = await loadModel(await openModelSource(join(path, "model.gguf")));
  for (const [index, ids] of prompts.entries()) {
    await run.case(`${name} logits ${index}`, async () => {
      const examples = [{ ids, completionStart: 1 }];
      const { logits } = await session.evaluate({ model: model.native, examples, logits: true }).wait();
      return compare(logits![0]!, tensorToF64(expected.get(`logits.${index}`)!));
    });
  }
  model.native.close();
}

async function runHostile(run: GroupRun, folder: string): Promise<void> {
  const { ok, cases } = hostileSchema.parse(await readJson(join(folder, "cases.json")));
  const load = async (file: string) =>
    loadNativeModel(await openModelSource(join(folder, file))).native.close();
  await run.case(`hostile ${ok}`, async () => void (await load(ok)));
  for (const { file, refusal } of cases) {
    await run.case(`hostile ${file}`, async () => {
      const started = performance.now();
      const error: unknown = await load(file).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      const ms = performance.now() - started;
      const wanted = REFUSALS[refusal];
      if (error === undefined) return "was not refused";
      if (!isCodedError(error)) return `refused without a code: ${String(error)}`;
      if (error.fix === undefined) return "the refusal has no fix";
      if (wanted && !wanted.codes.includes(error.code)) return `${error.code}: ${error.message}`;
      if (wanted && !wanted.word.test(error.message)) return `${error.message} does not say ${wanted.word}`;
      return ms < LIMIT_MS ? undefined : `refused after ${ms.toFixed(0)} ms`;
    });
  }
}

function compare(got: Float32Array, want: Float64Array): string | undefined {
  if (got.length !== want.length) return `${got.length} logits in place of ${want.length}`;
  const largest = want.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = want.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
  return worst <= LOGITS * largest
    ? undefined
    : `error ${(worst / largest).toExponential(2)} of the largest logit`;
}

function differs(got: unknown, want: unknown): string | undefined {
  if (isDeepStrictEqual(got, want)) return undefined;
  return `${short(got)} in place of ${short(want)}`;
}

const short = (value: unknown) => (JSON.stringify(value) ?? String(value)).slice(0, 200);

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}
