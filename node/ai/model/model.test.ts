import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Model } from "../../../native/js/index.ts";
import { loadAdapter, writeAdapter } from "./adapter.ts";
import { type ModelConfig, parseModelConfig } from "./config.ts";
import { type ModelFiles, readModelFolder, requireJson, sourceOfFiles } from "./files.ts";
import { loadNativeModel, nativeConfig } from "./load.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { loadTokenizer } from "./tokenizer.ts";
import { expectedTensors, weightSources } from "./weights.ts";

const LLAMA = {
  model_type: "llama",
  vocab_size: 10,
  hidden_size: 8,
  intermediate_size: 6,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 16,
  tie_word_embeddings: true,
};
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const code = (name: string) => expect.objectContaining({ code: name });

describe("config.json", () => {
  test("takes RoPE in both forms and end tokens as a number or a list", () => {
    const scaling = {
      factor: 4,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    };
    const old = parseModelConfig({
      ...LLAMA,
      rope_theta: 1000,
      rope_scaling: { type: "llama3", ...scaling },
      eos_token_id: 2,
    });
    const fresh = parseModelConfig({
      ...LLAMA,
      rope_parameters: { rope_type: "llama3", rope_theta: 1000, ...scaling },
      eos_token_id: [2],
      head_dim: null,
    });
    expect(old).toEqual(fresh);
    expect(fresh).toMatchObject({ ropeTheta: 1000, headDim: 4, eosTokenIds: [2] });
    expect(fresh.ropeScaling?.originalContext).toBe(64);
  });

  test("knows each family's biases, head size and norms of the heads", () => {
    const attention = ["q_proj", "k_proj", "v_proj", "o_proj"];
    const of = (change: object) => {
      const { biases, qkNorm, headDim, kvHeads } = parseModelConfig({ ...LLAMA, ...change });
      return { biases, qkNorm, headDim, kvHeads };
    };
    const plain = { biases: [], qkNorm: false, headDim: 4, kvHeads: 1 };
    expect(of({})).toEqual(plain);
    expect(of({ attention_bias: true })).toEqual({ ...plain, biases: attention });
    expect(of({ mlp_bias: true })).toEqual({ ...plain, biases: ["gate_proj", "up_proj", "down_proj"] });
    expect(of({ model_type: "mistral", sliding_window: null })).toEqual(plain);
    expect(of({ model_type: "mistral", sliding_window: 16 })).toEqual(plain);
    expect(of({ model_type: "qwen2", sliding_window: 4 })).toEqual({
      ...plain,
      biases: attention.slice(0, 3),
    });
    expect(of({ model_type: "qwen3", head_dim: 6 })).toEqual({ ...plain, headDim: 6, qkNorm: true });
    expect(of({ model_type: "qwen3", attention_bias: true })).toMatchObject({
      biases: attention,
      headDim: 128,
    });
  });

  test.each([
    [{ model_type: "gemma2" }, "MODEL_UNSUPPORTED"],
    [{ hidden_act: "gelu" }, "MODEL_UNSUPPORTED"],
    [{ model_type: "qwen2", attention_bias: true }, "MODEL_UNSUPPORTED"],
    [{ model_type: "mistral", mlp_bias: true }, "MODEL_UNSUPPORTED"],
    [{ model_type: "mistral", sliding_window: 15 }, "MODEL_UNSUPPORTED"],
    [{ model_type: "qwen3", use_sliding_window: true, sliding_window: 4 }, "MODEL_UNSUPPORTED"],
    [{ rope_scaling: { rope_type: "yarn", factor: 2 } }, "MODEL_UNSUPPORTED"],
    [{ layer_types: ["sliding_attention"] }, "MODEL_UNSUPPORTED"],
    [{ quantization_config: { bits: 4 } }, "MODEL_UNSUPPORTED"],
    [{ num_hidden_layers: 1 << 24 }, "MODEL_UNSUPPORTED"],
    [{ vocab_size: "10" }, "MODEL_CONFIG_INVALID"],
    [{ num_key_value_heads: 3 }, "MODEL_CONFIG_INVALID"],
    [{ num_attention_heads: 3, num_key_value_heads: 3 }, "MODEL_CONFIG_INVALID"],
    [{ rope_scaling: { rope_type: "llama3", factor: 2 } }, "MODEL_CONFIG_INVALID"],
  ])("refuses %j", (change, expected) => {
    expect(() => parseModelConfig({ ...LLAMA, ...change })).toThrow(code(expected));
  });
});

/** All weights as the native core holds them. */
function loadWeights(files: ModelFiles, config: ModelConfig): Map<string, Float32Array> {
  const model = new Model(nativeConfig(config), weightSources(sourceOfFiles(files), config));
  return new Map([...expectedTensors(config).keys()].map((name) => [name, model.tensor(name)]));
}

describe("weights", () => {
  const config = parseModelConfig(LLAMA);
  const tensors = () =>
    [...expectedTensors(config)].map(([name, shape]) => ({
      name,
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
    }));
  const files = (list: ReturnType<typeof tensors>) =>
    new Map([["model.safetensors", writeSafetensors(list)]]);

  test("loads one file, or shards that an index names", () => {
    const all = tensors();
    const one = loadWeights(files(all), config);
    const map = Object.fromEntries(
      all.map(({ name }, i) => [name, i < 4 ? "a.safetensors" : "b.safetensors"]),
    );
    const two = loadWeights(
      new Map([
        ["model.safetensors.index.json", json({ weight_map: map })],
        ["a.safetensors", writeSafetensors(all.slice(0, 4))],
        ["b.safetensors", writeSafetensors(all.slice(4))],
      ]),
      config,
    );
    expect(two).toEqual(one);
    expect(one.size).toBe(all.length);
  });

  test("takes a whole file before an index of an older upload", () => {
    const all = tensors();
    const index = json({ weight_map: { "model.norm.weight": "model-00001-of-00002.safetensors" } });
    const both = new Map([...files(all), ["model.safetensors.index.json", index] as const]);
    expect(loadWeights(both, config)).toEqual(loadWeights(files(all), config));
  });

  test.each([
    ["the bare model", (name: string) => name.replace(/^model\./, "")],
    ["a data-parallel wrapper", (name: string) => `module.${name}`],
    ["a compiled model", (name: string) => `_orig_mod.${name}`],
    ["a wrapped bare model", (name: string) => `module.${name.replace(/^model\./, "")}`],
  ])("takes the names of %s", (_, rename) => {
    const untied = parseModelConfig({ ...LLAMA, tie_word_embeddings: false });
    const all = [...expectedTensors(untied)].map(([name, shape], at) => ({
      name,
      shape: [...shape],
      data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(at),
    }));
    const renamed = all.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));
    expect(loadWeights(files(renamed), untied)).toEqual(loadWeights(files(all), untied));
  });

  test.each(["../a.safetensors", "/etc/a.safetensors", "b/../a.safetensors", ".safetensors", "a.bin"])(
    "follows no index to %s",
    (shard) => {
      const map = Object.fromEntries(tensors().map(({ name }) => [name, shard]));
      const index = new Map([
        ["model.safetensors.index.json", json({ weight_map: map })],
        [shard, writeSafetensors(tensors())],
      ]);
      expect(() => loadWeights(index, config)).toThrow(code("MODEL_FILE_INVALID"));
    },
  );

  test("names the tensor that is missing, misshapen, unknown or not finite", () => {
    const all = tensors();
    expect(() => loadWeights(files(all.slice(1)), config)).toThrow(code("WEIGHT_MISSING"));
    const turned = all.map((t) => (t.name.includes("gate") ? { ...t, shape: [...t.shape].reverse() } : t));
    expect(() => loadWeights(files(turned), config)).toThrow(code("WEIGHT_SHAPE"));
    const extra = [...all, { name: "model.layers.1.x", shape: [1], data: Float32Array.of(1) }];
    expect(() => loadWeights(files(extra), config)).toThrow(code("WEIGHT_UNKNOWN"));
    all[2]!.data[3] = Number.NaN;
    const whole = new Map([...files(all), ["config.json", json(LLAMA)] as const]);
    expect(() => loadNativeModel(whole)).toThrow(code("WEIGHT_NOT_FINITE"));
    expect(() => loadWeights(new Map(), config)).toThrow(code("MODEL_FILE_MISSING"));
  });
});

describe("adapters", () => {
  const config = parseModelConfig(LLAMA);
  const module = "model.layers.0.self_attn.q_proj";
  const adapter = {
    rank: 2,
    alpha: 4,
    rsLora: false,
    scale: 2,
    modules: new Map([[module, { a: new Float32Array(16).fill(1), b: new Float32Array(16).fill(2) }]]),
  };
  const written = () => new Map(writeAdapter(adapter, config, "base"));
  const withConfig = (change: object) => {
    const files = written();
    const raw = JSON.parse(new TextDecoder().decode(files.get("adapter_config.json")));
    return files.set("adapter_config.json", json({ ...raw, ...change }));
  };

  test("come back as they were written", () => {
    expect(loadAdapter(written(), config)).toEqual(adapter);
    expect(loadAdapter(withConfig({ use_rslora: true }), config).scale).toBe(4 / Math.sqrt(2));
  });

  test.each([
    { use_dora: true },
    { lora_bias: true },
    { bias: "all" },
    { rank_pattern: { q_proj: 4 } },
    { modules_to_save: ["lm_head"] },
    { layers_to_transform: [0] },
    { trainable_token_indices: [1] },
    { alora_invocation_tokens: [1] },
    { init_lora_weights: "pissa" },
    { init_lora_weights: "loftq" },
    { arrow_config: { k: 2 } },
    { a_field_of_next_year: 1 },
  ])("refuses %j by the name of the field", (change) => {
    const refusal = {
      code: "ADAPTER_UNSUPPORTED",
      message: expect.stringContaining(Object.keys(change)[0]!),
    };
    expect(() => loadAdapter(withConfig(change), config)).toThrow(expect.objectContaining(refusal));
  });

  test("takes the fields that change nothing, and new ones that are unset", () => {
    const change = {
      init_lora_weights: "gaussian",
      peft_version: "0.21.2",
      use_dora: false,
      next_year: null,
      rank_pattern: {},
    };
    expect(loadAdapter(withConfig(change), config)).toEqual(adapter);
  });

  test("refuses tensors that fit no linear, and half a pair", () => {
    const names = [...readSafetensors(written().get("adapter_model.safetensors")!).tensors.keys()];
    const rewrite = (keep: string[], rename: (n: string) => string) =>
      written().set(
        "adapter_model.safetensors",
        writeSafetensors(
          keep.map((n, i) => ({ name: rename(n), shape: i ? [8, 2] : [2, 8], data: new Float32Array(16) })),
        ),
      );
    expect(() =>
      loadAdapter(
        rewrite(names.slice(0, 1), (n) => n),
        config,
      ),
    ).toThrow(code("ADAPTER_TENSOR"));
    expect(() =>
      loadAdapter(
        rewrite(names, (n) => n.replace("layers.0", "layers.7")),
        config,
      ),
    ).toThrow(code("ADAPTER_TENSOR"));
    expect(() => loadAdapter(withConfig({ peft_type: "IA3" }), config)).toThrow(
      code("ADAPTER_CONFIG_INVALID"),
    );
  });
});

test("a key that stands twice in one object of a JSON file is refused by name", () => {
  const read = (text: string) => () =>
    requireJson(new Map([["config.json", new TextEncoder().encode(text)]]), "config.json");
  expect(read('{"a":{"x":1},"b":[{"x":1},{"x":2}],"c":"\\"a\\":"}')()).toMatchObject({ c: '"a":' });
  for (const text of ['{"a":1,"a":2}', '{"o":{"a":1, "\\u0061" : 2}}', '[{"b":"a","a":[],"a":{}}]']) {
    expect(read(text)).toThrow(
      expect.objectContaining({ code: "MODEL_FILE_INVALID", message: expect.stringContaining('"a" twice') }),
    );
  }
});

describe("tokenizer.json", () => {
  test("a broken file and a folder without models have codes", async () => {
    expect(() => loadTokenizer(new Map([["tokenizer.json", json({ model: 1 })]]))).toThrow(
      code("TOKENIZER_INVALID"),
    );
    await expect(readModelFolder("/nowhere/at/all")).rejects.toThrow(code("MODEL_FOLDER_MISSING"));
  });

  test("refuses dropout by name, whatever else the file holds", () => {
    const bpe = (dropout: unknown) =>
      json({ model: { type: "BPE", vocab: { a: 0 }, merges: [], dropout }, added_tokens: [] });
    for (const dropout of [0.1, 1, "0.1", true])
      expect(() => loadTokenizer(new Map([["tokenizer.json", bpe(dropout)]]))).toThrow(
        expect.objectContaining({
          code: "TOKENIZER_UNSUPPORTED",
          message: expect.stringContaining("dropout"),
        }),
      );
    for (const dropout of [null, 0, undefined])
      expect(loadTokenizer(new Map([["tokenizer.json", bpe(dropout)]])).vocabSize).toBe(1);
  });

  test("end tokens: generation_config first, then config, then tokenizer_config by name", async () => {
    const folder = process.env.OPENLEDGER_VECTORS ?? join(import.meta.dirname, "../../../../shared/vectors");
    const path = join(folder, "llama/tokenizer");
    if (!(await readdir(path).catch(() => undefined))) return;
    const tokenizer = new Uint8Array(await readFile(join(path, "tokenizer.json")));
    const eos = (others: [string, unknown][]) =>
      loadTokenizer(
        new Map([["tokenizer.json", tokenizer], ...others.map(([n, v]) => [n, json(v)] as const)]),
      ).eosTokenIds;
    expect(
      eos([
        ["config.json", { eos_token_id: 7 }],
        ["generation_config.json", { eos_token_id: [3, 4] }],
      ]),
    ).toEqual([3, 4]);
    expect(eos([["config.json", { eos_token_id: 7 }]])).toEqual([7]);
    expect(eos([["tokenizer_config.json", { eos_token: "a" }]])).toHaveLength(1);
    expect(eos([])).toEqual([]);
    expect(() => eos([["config.json", { eos_token_id: "x" }]])).toThrow(code("TOKENIZER_INVALID"));
  });
});
