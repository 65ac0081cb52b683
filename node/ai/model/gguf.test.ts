import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Session } from "../../../native/js/index.ts";
import { isCodedError } from "../../base/errors.ts";
import { type Metadata, type TensorToWrite, writeGguf } from "../testing/gguf-writer.ts";
import { parseModelConfig } from "./config.ts";
import { GGUF_FILE, openModelSource, readModelFolder } from "./files.ts";
import { readGguf } from "./gguf.ts";
import { loadModel, loadNativeModel } from "./load.ts";
import { writeSafetensors } from "./safetensors.ts";
import { bytesInMemory } from "./weight-bytes.ts";
import { expectedTensors } from "./weights.ts";

const folder = mkdtempSync(join(tmpdir(), "openledger-gguf-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKENS = ["a", "b", "ab", "<|end|>", "[PAD4]", "[PAD5]"];
const METADATA: Metadata = {
  "general.architecture": "llama",
  "llama.context_length": 16,
  "llama.embedding_length": 8,
  "llama.block_count": 1,
  "llama.feed_forward_length": 6,
  "llama.attention.head_count": 2,
  "llama.attention.head_count_kv": 1,
  "llama.attention.layer_norm_rms_epsilon": { float: 1e-5 },
  "llama.rope.freq_base": { float: 10_000 },
  "tokenizer.ggml.model": "gpt2",
  "tokenizer.ggml.pre": "gpt-2",
  "tokenizer.ggml.tokens": TOKENS,
  "tokenizer.ggml.token_type": [1, 1, 1, 3, 5, 5],
  "tokenizer.ggml.merges": ["a b"],
  "tokenizer.ggml.eos_token_id": 3,
  "tokenizer.chat_template": "{{ messages[0].content }}",
};
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  "token_embd.weight": [8, 6],
  "blk.0.attn_norm.weight": [8],
  "blk.0.attn_q.weight": [8, 8],
  "blk.0.attn_k.weight": [8, 4],
  "blk.0.attn_v.weight": [8, 4],
  "blk.0.attn_output.weight": [8, 8],
  "blk.0.ffn_norm.weight": [8],
  "blk.0.ffn_gate.weight": [8, 6],
  "blk.0.ffn_up.weight": [8, 6],
  "blk.0.ffn_down.weight": [6, 8],
  "output_norm.weight": [8],
  "output.weight": [8, 6],
};

function f32(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

function tensors(): TensorToWrite[] {
  return Object.entries(SHAPES).map(([name, dimensions]) => {
    const count = dimensions.reduce((product, size) => product * size, 1);
    const data = f32(Array.from({ length: count }, (_, i) => ((i * 7 + name.length) % 11) / 8 - 0.5));
    return { name, format: "F32", dimensions, data };
  });
}

const sourceOf = (bytes: Uint8Array) => ({
  files: new Map<string, Uint8Array>(),
  weights: new Map([[GGUF_FILE, bytesInMemory("model.gguf", bytes)]]),
});

/** Writes a file of the given bytes and gives its path. */
function onDisk(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  const descriptor = openSync(path, "w");
  writeSync(descriptor, bytes);
  closeSync(descriptor);
  return path;
}

describe("a .gguf file", () => {
  test("is a model with its tokenizer and chat template, from a path or mapped", async () => {
    const path = onDisk("my model.gguf", writeGguf(METADATA, tensors()));
    const opened = await loadModel(await openModelSource(path));
    const mapped = await readModelFolder(path);
    const loaded = await loadModel(mapped);
    expect([...mapped.keys()].sort()).toEqual([
      "config.json",
      GGUF_FILE,
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    expect(await opened.tokenizer.encodeMarkup("ab<|end|>b", false)).toEqual([2, 3, 1]);
    expect(opened.tokenizer).toMatchObject({ vocabSize: 4, idLimit: 4, eosTokenIds: [3] });
    expect(opened.config).toMatchObject({
      vocabSize: 6,
      tieEmbeddings: false,
      contextLength: 16,
      headDim: 4,
    });
    expect(new TextDecoder().decode(mapped.get("tokenizer_config.json"))).toContain("messages[0].content");
    for (const name of expectedTensors(opened.config).keys()) {
      expect(loaded.native.tensor(name)).toEqual(opened.native.tensor(name));
    }
    // Rows of a head in llama.cpp's order (0, 2, 1, 3) are put back.
    const rows = tensors().find(({ name }) => name === "blk.0.attn_k.weight")!.data;
    const stored = new Float32Array(rows.slice().buffer);
    const back = [0, 2, 1, 3].flatMap((row) => [...stored.subarray(row * 8, row * 8 + 8)]);
    expect([...opened.native.tensor("model.layers.0.self_attn.k_proj.weight")]).toEqual(back);
  });

  test("spells its words in tokenizer.json as JSON.stringify does", async () => {
    const odd = [
      "10",
      "9",
      "01",
      '"',
      "\\",
      "\n",
      "\u0001",
      "\u007f",
      "\u2028",
      "é",
      "🙂",
      "\ufeff",
      "__proto__",
      "",
    ];
    const tokens = [...TOKENS.slice(0, 4), ...odd];
    const metadata = {
      ...METADATA,
      "tokenizer.ggml.tokens": tokens,
      "tokenizer.ggml.token_type": tokens.map((_, id) => (id === 3 ? 3 : 1)),
      "tokenizer.ggml.merges": ["a b", '" \n'],
    };
    const shape = (tensor: TensorToWrite) =>
      tensor.dimensions[1] === 6 &&
      tensor.dimensions[0] === 8 &&
      /token_embd|output\.weight/.test(tensor.name)
        ? { ...tensor, dimensions: [8, tokens.length], data: f32(Array(8 * tokens.length).fill(1)) }
        : tensor;
    const { files } = await openModelSource(onDisk("odd.gguf", writeGguf(metadata, tensors().map(shape))));
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(files.get("tokenizer.json"));
    const json = JSON.parse(text) as { model: { vocab: Record<string, number>; merges: unknown } };
    expect(JSON.stringify(json)).toBe(text);
    expect(new Map(Object.entries(json.model.vocab))).toEqual(
      new Map(tokens.map((token, id) => [token, id])),
    );
    expect(json.model.merges).toEqual([
      ["a", "b"],
      ['"', "\n"],
    ]);
  });

  test.each([
    ["half a character", [0xc3]],
    ["what no UTF-8 has", [0xff]],
    ["the end of one, after the beginning of the word before", [0xa9]],
  ])("whose words hold %s is refused", (_what, bytes) => {
    const file = writeGguf(
      { ...METADATA, "tokenizer.ggml.tokens": ["a", "?", "?", "<|end|>", "d", "e"] },
      tensors(),
    );
    const at = Buffer.from(file).indexOf("?");
    file[at] = bytes[0] === 0xa9 ? 0xc3 : bytes[0]!;
    if (bytes[0] === 0xa9) file[at + 9] = 0xa9;
    expect(() => readGguf(bytesInMemory("model.gguf", file))).toThrow(
      expect.objectContaining({ code: "GGUF_INVALID", message: expect.stringContaining("not UTF-8") }),
    );
  });

  test("never answers with a token of the padding", async () => {
    const all = tensors().map((tensor) =>
      tensor.name === "output.weight"
        ? { ...tensor, data: f32(Array.from({ length: 48 }, (_, i) => (i < 32 ? 0 : 1))) }
        : tensor,
    );
    const positive = all.map((tensor) =>
      tensor.name === "token_embd.weight"
        ? { ...tensor, data: f32(Array.from({ length: 48 }, () => 1)) }
        : tensor,
    );
    const { native } = loadNativeModel(sourceOf(writeGguf(METADATA, positive)));
    const session = new Session({ threads: 1 });
    const answer = async (vocabulary?: number) => [
      ...(await session.generate({ model: native, prompts: [[0]], maxTokens: 3, vocabulary }).wait())
        .tokens[0]!,
    ];
    const open = await answer();
    expect(
      open.some((id) => id >= 4),
      `${open}`,
    ).toBe(true);
    expect((await answer(4)).every((id) => id < 4)).toBe(true);
    expect(() => session.generate({ model: native, prompts: [[0]], maxTokens: 3, vocabulary: 7 })).toThrow(
      expect.objectContaining({ code: "NATIVE_ARGUMENT" }),
    );
  });

  test.each<[string, Metadata, string, string]>([
    ["another architecture", { "general.architecture": "gemma3" }, "MODEL_UNSUPPORTED", "gemma3"],
    [
      "another pre-tokenizer",
      { "tokenizer.ggml.pre": "deepseek-llm" },
      "TOKENIZER_UNSUPPORTED",
      "deepseek-llm",
    ],
    [
      "another tokenizer",
      { "tokenizer.ggml.model": "llama" },
      "TOKENIZER_UNSUPPORTED",
      "tokenizer.ggml.model",
    ],
    ["experts", { "llama.expert_count": 8 }, "MODEL_UNSUPPORTED", "expert_count"],
    ["a window", { "llama.attention.sliding_window": 4 }, "MODEL_UNSUPPORTED", "sliding_window"],
    ["scaled RoPE", { "llama.rope.scaling.type": "yarn" }, "MODEL_UNSUPPORTED", "rope.scaling.type"],
    [
      "a head that rotates in part",
      { "llama.rope.dimension_count": 2 },
      "MODEL_UNSUPPORTED",
      "rope.dimension_count",
    ],
    ["heads by layer", { "llama.attention.head_count": [2, 2] }, "MODEL_UNSUPPORTED", "head_count"],
    ["a million layers", { "llama.block_count": 1 << 20 }, "MODEL_UNSUPPORTED", "layers 1048576"],
    ["no layers", { "llama.block_count": 0 }, "GGUF_INVALID", "block_count"],
    ["too few token types", { "tokenizer.ggml.token_type": [1, 1] }, "GGUF_INVALID", "token types"],
    ["a broken merge", { "tokenizer.ggml.merges": ["a b c"] }, "GGUF_INVALID", "merge 0"],
    ["another alignment", { "general.alignment": 12 }, "GGUF_INVALID", "general.alignment"],
    ["an alignment of no power of two", { "general.alignment": 24 }, "GGUF_INVALID", "general.alignment"],
  ])("with %s is refused by name", async (_name, change, code, word) => {
    const path = onDisk("refused.gguf", writeGguf({ ...METADATA, ...change }, tensors()));
    await expect(openModelSource(path)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(word),
    });
  });

  test("with a tensor too many, too few, of another type or another shape is refused by name", () => {
    const load = (change: (all: TensorToWrite[]) => TensorToWrite[]) => () =>
      loadNativeModel(sourceOf(writeGguf(METADATA, change(tensors()))));
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(load((all) => all)).not.toThrow();
    expect(load((all) => all.slice(1))).toThrow(code("GGUF_INVALID"));
    expect(load((all) => all.filter(({ name }) => !name.includes("ffn_up")))).toThrow(code("WEIGHT_MISSING"));
    expect(
      load((all) => [...all, { name: "extra", format: "F32", dimensions: [1], data: f32([1]) }]),
    ).toThrow(code("WEIGHT_UNKNOWN"));
    expect(
      load((all) => all.map((t) => (t.name.includes("ffn_up") ? { ...t, dimensions: [6, 8] } : t))),
    ).toThrow(code("WEIGHT_SHAPE"));
    expect(load((all) => all.map((t) => (t.name.includes("ffn_up") ? { ...t, format: "Q8_0" } : t)))).toThrow(
      code("GGUF_INVALID"),
    );
    const nan = (t: TensorToWrite) =>
      t.name === "output.weight" ? { ...t, data: f32(Array(48).fill(Number.NaN)) } : t;
    expect(load((all) => all.map(nan))).toThrow(code("WEIGHT_NOT_FINITE"));
  });

  test("cut anywhere or damaged anywhere in its header loads or is refused with a code", () => {
    const whole = writeGguf(METADATA, tensors());
    const { dataOffset } = readGguf(bytesInMemory("whole", whole));
    for (let length = 0; length < dataOffset; length += 7) {
      expect(() => readGguf(bytesInMemory("cut", whole.subarray(0, length)))).toThrow(/cut/);
    }
    let state = 99;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state >>> 8) % below;
    };
    const seen = { loaded: 0, refused: 0 };
    for (let round = 0; round < 10_000; round++) {
      const file = whole.slice();
      for (let edits = 1 + random(3); edits > 0; edits--) {
        const value = [0, 1, 0x7f, 0x80, 0xff, random(256)][random(6)]!;
        file.fill(value, random(dataOffset), random(dataOffset) % (dataOffset - 1));
        file[random(dataOffset)] = value;
      }
      try {
        loadNativeModel(sourceOf(file)).native.close();
        seen.loaded += 1;
      } catch (error) {
        if (!isCodedError(error) && !(error instanceof Error && "code" in error)) throw error;
        seen.refused += 1;
      }
    }
    expect(seen.refused).toBeGreaterThan(5000);
  });
});

describe("files over 2 GiB", () => {
  test("load from disk and mapped, without being read whole", async () => {
    const json = {
      model_type: "llama",
      vocab_size: 64,
      hidden_size: 32,
      intermediate_size: 48,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      max_position_embeddings: 16,
      tie_word_embeddings: true,
    };
    const config = parseModelConfig(json);
    const list = [...expectedTensors(config)].map(([name, shape], index) => ({
      name,
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(index + 1),
    }));
    const small = writeSafetensors(list);
    // The head that old checkpoints of tied models repeat, as a hole of 2.5 GiB before everything else.
    const hole = 5 * 2 ** 29;
    const length = Number(new DataView(small.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(small.subarray(8, 8 + length))) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >;
    for (const entry of Object.values(header))
      entry.data_offsets = entry.data_offsets.map((at) => at + hole) as [number, number];
    header["lm_head.weight"] = { dtype: "F32", shape: [hole / 128, 32], data_offsets: [0, hole] };
    const text = new TextEncoder().encode(JSON.stringify(header));
    const start = new Uint8Array(8 + text.length);
    new DataView(start.buffer).setBigUint64(0, BigInt(text.length), true);
    start.set(text, 8);
    onDisk("config.json", new TextEncoder().encode(JSON.stringify(json)));
    const descriptor = openSync(join(folder, "model.safetensors"), "w");
    writeSync(descriptor, start, 0, start.length, 0);
    ftruncateSync(descriptor, start.length + hole);
    writeSync(descriptor, small, 8 + length, small.length - 8 - length, start.length + hole);
    closeSync(descriptor);
    const before = process.memoryUsage.rss();
    const models = [
      loadNativeModel(await openModelSource(folder)).native,
      loadNativeModel(await readModelFolder(folder)).native,
    ];
    for (const { name, data } of list) for (const model of models) expect(model.tensor(name)).toEqual(data);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2e8);
  });
});
