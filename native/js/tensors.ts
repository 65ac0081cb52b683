import { NativeError } from "./error.ts";
import { LORA_TARGETS, type LoraTarget, type TensorInfo, type Tensors } from "./types.ts";

/** Bit i set: LORA_TARGETS[i] is adapted. */
export function targetMask(targets: readonly LoraTarget[]): number {
  let mask = 0;
  for (const target of targets) {
    const index = LORA_TARGETS.indexOf(target);
    if (index < 0)
      throw new NativeError(
        "NATIVE_CONFIG",
        `${target} is no LoRA target; use one of ${LORA_TARGETS.join(", ")}`,
      );
    mask |= 1 << index;
  }
  return mask;
}

/** Named tensors as one flat vector; missing, unknown and wrongly sized tensors are refused. */
export function flatten(layout: readonly TensorInfo[], tensors: Tensors): Float32Array {
  const known = new Set(layout.map((tensor) => tensor.name));
  for (const name of Object.keys(tensors)) {
    if (!known.has(name)) throw new NativeError("NATIVE_TENSOR", `the model has no tensor ${name}`);
  }
  const last = layout[layout.length - 1]!;
  const flat = new Float32Array(last.offset + last.count);
  for (const { name, shape, offset, count } of layout) {
    const tensor = tensors[name];
    if (!(tensor instanceof Float32Array))
      throw new NativeError("NATIVE_TENSOR", `tensor ${name} is missing`);
    if (tensor.length !== count) {
      throw new NativeError(
        "NATIVE_TENSOR",
        `tensor ${name} has ${tensor.length} values; [${shape.join(", ")}] needs ${count}`,
      );
    }
    flat.set(tensor, offset);
  }
  return flat;
}

/** Views of a flat vector by name. */
export function unflatten(layout: readonly TensorInfo[], flat: Float32Array): Tensors {
  const tensors: Tensors = {};
  for (const { name, offset, count } of layout) tensors[name] = flat.subarray(offset, offset + count);
  return tensors;
}
