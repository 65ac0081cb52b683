import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import type { ModelConfig } from "./config.ts";
import { type ModelFiles, requireFile, requireJson } from "./files.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { checkedTensor, linearShapes } from "./weights.ts";

/** The two factors of one adapted linear: y = Wx + scale · B(Ax). */
export interface LoraFactors {
  /** [rank, inputs], row-major. */
  a: Float32Array;
  /** [outputs, rank], row-major. */
  b: Float32Array;
}

export interface LoraAdapter {
  rank: number;
  alpha: number;
  /** scale = alpha / sqrt(rank) in place of alpha / rank. */
  rsLora: boolean;
  scale: number;
  /** By Hugging Face name of the linear, such as `model.layers.0.self_attn.q_proj`. */
  modules: ReadonlyMap<string, LoraFactors>;
}

const PREFIX = "base_model.model.";

const adapterSchema = z.looseObject({
  peft_type: z.literal("LORA"),
  r: z.number().int().positive().max(4096),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().default(false),
});

/**
 * Fields of PEFT's LoraConfig that may hold anything: they do not change what the adapter computes, or are read above.
 * Every other field must be unset, so that one that PEFT adds later is refused by name and not passed over.
 */
const FREE_FIELDS: ReadonlySet<string> = new Set([
  "auto_mapping",
  "base_model_name_or_path",
  "bias",
  "eva_config",
  "inference_mode",
  "init_lora_weights",
  "layers_pattern",
  "lora_alpha",
  "lora_dropout",
  "megatron_core",
  "parent_library",
  "peft_type",
  "peft_version",
  "qalora_group_size",
  "r",
  "revision",
  "target_modules",
  "task_type",
  "use_rslora",
]);

/** Ways to begin that leave the base as it is; the others (PiSSA, OLoRA, LoftQ, CorDA) change it, and the adapter counts on that. */
const INITIAL_WEIGHTS: ReadonlySet<unknown> = new Set([
  undefined,
  null,
  true,
  false,
  "gaussian",
  "eva",
  "orthogonal",
]);

/**
 * Reads a PEFT adapter (adapter_config.json, adapter_model.safetensors). The tensors' names say which linears it adapts.
 * @throws CodedError `ADAPTER_CONFIG_INVALID`, `ADAPTER_UNSUPPORTED`, `ADAPTER_TENSOR`, or what reading the files throws.
 */
export function loadAdapter(files: ModelFiles, config: ModelConfig): LoraAdapter {
  const json = requireJson(files, "adapter_config.json");
  const parsed = adapterSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw aiError("ADAPTER_CONFIG_INVALID", {
      message: `adapter_config.json: ${issue.path.join(".") || "the whole"}: ${issue.message}`,
      fix: "use a LoRA adapter as PEFT stores it",
    });
  }
  refuseUnsupported(parsed.data);
  const { r: rank, lora_alpha: alpha, use_rslora: rsLora } = parsed.data;
  const file = readSafetensors(requireFile(files, "adapter_model.safetensors"), "adapter_model.safetensors");
  const modules = new Map<string, LoraFactors>();
  const left = new Set(file.tensors.keys());
  for (const { name, out, in: inputs } of moduleShapes(config)) {
    const [nameA, nameB] = peftNames(name);
    const a = file.tensors.get(nameA);
    const b = file.tensors.get(nameB);
    if (!a && !b) continue;
    if (!a || !b) throw badTensor(a ? nameB : nameA, "is missing, while its partner is there");
    left.delete(nameA);
    left.delete(nameB);
    modules.set(name, {
      a: checkedTensor(nameA, a, [rank, inputs]),
      b: checkedTensor(nameB, b, [out, rank]),
    });
  }
  const [stranger] = left;
  if (stranger) throw badTensor(stranger, "belongs to no linear of this base model");
  if (modules.size === 0) throw badTensor("of any linear", "is missing");
  return { rank, alpha, rsLora, scale: alpha / (rsLora ? Math.sqrt(rank) : rank), modules };
}

/**
 * Writes an adapter in PEFT's form. Equal factors give equal bytes, so the files' hashes name the adapter.
 * @param baseName goes into `base_model_name_or_path`, for tools that look there.
 */
export function writeAdapter(adapter: LoraAdapter, config: ModelConfig, baseName: string): ModelFiles {
  const tensors = [];
  const targets = new Set<string>();
  for (const { name, out, in: inputs } of moduleShapes(config)) {
    const factors = adapter.modules.get(name);
    if (!factors) continue;
    const [nameA, nameB] = peftNames(name);
    tensors.push({ name: nameA, shape: [adapter.rank, inputs], data: factors.a });
    tensors.push({ name: nameB, shape: [out, adapter.rank], data: factors.b });
    targets.add(name.slice(name.lastIndexOf(".") + 1));
  }
  const json = {
    base_model_name_or_path: baseName,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    lora_alpha: adapter.alpha,
    lora_dropout: 0,
    peft_type: "LORA",
    r: adapter.rank,
    target_modules: [...targets].sort(),
    task_type: "CAUSAL_LM",
    use_dora: false,
    use_rslora: adapter.rsLora,
  };
  return new Map([
    ["adapter_config.json", new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`)],
    ["adapter_model.safetensors", writeSafetensors(tensors, { format: "pt" })],
  ]);
}

/** All linears of the model with their shapes: layer by layer, q, k, v, o, gate, up, down. */
export function moduleShapes(config: ModelConfig): { name: string; out: number; in: number }[] {
  const shapes = linearShapes(config);
  return Array.from({ length: config.layers }, (_, layer) =>
    shapes.map((shape) => ({ ...shape, name: `model.layers.${layer}.${shape.name}` })),
  ).flat();
}

/** PEFT's names of the factors A and B of a linear. */
export function peftNames(module: string): [string, string] {
  return [`${PREFIX}${module}.lora_A.weight`, `${PREFIX}${module}.lora_B.weight`];
}

function refuseUnsupported(config: Record<string, unknown>): void {
  const field = Object.keys(config).find((name) => {
    if (name === "bias") return config.bias !== "none";
    if (name === "init_lora_weights") return !INITIAL_WEIGHTS.has(config[name]);
    return !FREE_FIELDS.has(name) && !isUnset(config[name]);
  });
  if (field === undefined) return;
  throw aiError("ADAPTER_UNSUPPORTED", {
    message: `adapter_config.json sets ${field} to ${shortJson(config[field])}, which is not supported`,
    fix: "use a plain LoRA adapter (use_rslora is fine)",
    facts: { field, value: config[field] },
  });
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)} ...` : text;
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function badTensor(name: string, what: string): CodedError {
  return aiError("ADAPTER_TENSOR", {
    message: `adapter_model.safetensors: the tensor ${name} ${what}`,
    fix: "use an adapter that was made for this base model",
    facts: { tensor: name },
  });
}
