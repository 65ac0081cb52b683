import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { modelTensors } from "../../native/js/index.ts";
import type { ModelConfig, TensorInfo, Tensors, TrainerState } from "../../native/js/types.ts";
import { readSafetensors, tensorToF32, writeSafetensors } from "../../node/ai/model/safetensors.ts";
import type { CodedError } from "../../node/base/errors.ts";
import { replaceFile } from "../../node/base/files.ts";
import { devnetError } from "../errors.ts";

const FILE = "checkpoint.safetensors";

/** Weights and both moments in one safetensors file, replaced in one rename so that a crash leaves the older one. */
export function writeCheckpoint(
  folder: string,
  config: ModelConfig,
  state: TrainerState,
  tokens: number,
): void {
  const layout = modelTensors(config);
  const part = (prefix: string, data: (tensor: TensorInfo) => Float32Array) =>
    layout.map((tensor) => ({
      name: prefix + tensor.name,
      shape: tensor.shape,
      data: data(tensor),
      dtype: "F32" as const,
    }));
  const bytes = writeSafetensors(
    [
      ...part("weight.", ({ name }) => state.weights[name] as Float32Array),
      ...part("m.", ({ offset, count }) => state.m.subarray(offset, offset + count)),
      ...part("v.", ({ offset, count }) => state.v.subarray(offset, offset + count)),
    ],
    { step: String(state.step), tokens: String(tokens) },
  );
  replaceFile(join(folder, FILE), bytes);
}

/**
 * The folder's checkpoint, or undefined when there is none.
 * @throws CodedError `CHECKPOINT_INVALID` for one of another model; safetensors' own errors for a damaged file.
 */
export function readCheckpoint(
  folder: string,
  config: ModelConfig,
): { state: TrainerState; tokens: number } | undefined {
  const path = join(folder, FILE);
  if (!existsSync(path)) return undefined;
  const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(path)), path);
  const step = Number(metadata.step);
  const tokens = Number(metadata.tokens);
  if (!Number.isSafeInteger(step) || step < 0 || !Number.isSafeInteger(tokens))
    throw invalid(path, "its step");
  const layout = modelTensors(config);
  const read = (name: string, count: number): Float32Array => {
    const tensor = tensors.get(name);
    const values = tensor && tensorToF32(tensor, name);
    if (values?.length !== count) throw invalid(path, name);
    return values;
  };
  const weights: Tensors = {};
  const total = layout.reduce((sum, { count }) => sum + count, 0);
  const m = new Float32Array(total);
  const v = new Float32Array(total);
  for (const { name, offset, count } of layout) {
    weights[name] = read(`weight.${name}`, count);
    m.set(read(`m.${name}`, count), offset);
    v.set(read(`v.${name}`, count), offset);
  }
  return { state: { step, weights, m, v }, tokens };
}

function invalid(path: string, what: string): CodedError {
  return devnetError("CHECKPOINT_INVALID", {
    message: `${path} does not fit this model: ${what} is missing or of another size`,
    fix: "give another --checkpoint folder, or remove this one to begin again",
    facts: { path, what },
  });
}

/** SHA-256 over all weights in canonical order, as little-endian fp32. */
export function weightsHash(config: ModelConfig, weights: Tensors): string {
  const hash = createHash("sha256");
  for (const { name } of modelTensors(config)) {
    const tensor = weights[name] as Float32Array;
    hash.update(new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength));
  }
  return hash.digest("hex");
}
