import { createHash } from "node:crypto";
import { open, readFile, rm, stat } from "node:fs/promises";
import { z } from "zod";
import { replaceFileParts, temporaryOf } from "../../base/files.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { canonicalJson, type Json } from "../codec/canonical-json.ts";
import { contentIdLater } from "../codec/hash.ts";
import type { Method } from "./method.ts";
import type { TrainingPlan } from "./plan.ts";

/** Where a fine-tuning stands after some of its steps: all that the rest of it depends on, and what is told at its end. */
export interface TrainingState {
  /** Steps done. */
  step: number;
  /** LoRA factors and AdamW's two moments, each flat in the order of `adapterTensors`. */
  factors: Float32Array;
  m: Float32Array;
  v: Float32Array;
  /** Of each step done. */
  losses: Float64Array;
  norms: Float64Array;
}

/** Bytes of a file that is written or read: a larger state is not kept. */
export const MAX_CHECKPOINT_BYTES = 2 ** 30;
/** Of its first line. */
const MAX_HEADER = 512;

const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const headerSchema = z.strictObject({
  format: z.literal("openledger/checkpoint/1"),
  /** Of everything that decides the run. */
  run: hash,
  step: z.number().int().positive(),
  parameters: z.number().int().positive(),
  /** Of what follows this line: factors, m and v as fp32, losses and norms as fp64, little-endian. */
  sha256: hash,
});

/**
 * Hash of everything that decides a fine-tuning: base model, factors' shape and seed, settings, examples and their order. Two runs
 * of one hash compute the same after every step.
 */
export function runHash(baseHash: Hash, plan: TrainingPlan, { lora, training }: Method): Hash {
  const digest = createHash("sha256");
  digest.update(canonicalJson({ baseHash, lora, training } as unknown as Json));
  const numbers = (values: ArrayLike<number>) => {
    digest.update(Int32Array.of(values.length));
    digest.update(Int32Array.from(values));
  };
  for (const { ids, completionStart, mask } of plan.examples) {
    numbers(ids);
    numbers([completionStart, ...(mask ?? [])]);
  }
  for (const step of plan.steps) numbers(step);
  return `0x${digest.digest("hex")}`;
}

/** Bytes of a state's file at most. */
export function checkpointBytes({ factors, step }: Pick<TrainingState, "factors" | "step">): number {
  return MAX_HEADER + 3 * 4 * factors.length + 2 * 8 * step;
}

/**
 * Puts a state in place of the file's older one, whole or not at all: it is on disk when this resolves.
 * @throws the system's error, for a full disk for example; the older state is still there then.
 */
export async function writeCheckpoint(path: string, run: Hash, state: TrainingState): Promise<void> {
  const { step, factors, m, v, losses, norms } = state;
  const parts = [factors, m, v, losses, norms].map(bytesOf);
  const header: z.infer<typeof headerSchema> = {
    format: "openledger/checkpoint/1",
    ...{ run, step, parameters: factors.length, sha256: await contentIdLater(parts) },
  };
  await replaceFileParts(path, [new TextEncoder().encode(`${JSON.stringify(header)}\n`), ...parts]);
}

/** Why a file's state can't be gone on from: there is none, it is another run's, or it is damaged. */
export type NoCheckpoint = "absent" | "other" | "damaged";

/** The state of that run in the file. `parameters` and `steps` are the run's: nothing larger is read. */
export async function readCheckpoint(
  path: string,
  run: Hash,
  { parameters, steps }: { parameters: number; steps: number },
): Promise<TrainingState | NoCheckpoint> {
  const header = await readHeader(path);
  if (typeof header === "string") return header;
  if (header.run !== run) return "other";
  const { step, sha256 } = header;
  const sizes = [4 * parameters, 4 * parameters, 4 * parameters, 8 * step, 8 * step];
  const length = sizes.reduce((sum, size) => sum + size, 0);
  const isFitting = header.parameters === parameters && step <= steps && length <= MAX_CHECKPOINT_BYTES;
  if (!isFitting || (await stat(path)).size !== header.bytes + length) return "damaged";
  const all = await readFile(path);
  const body = all.subarray(header.bytes);
  if (body.length !== length || (await contentIdLater([body])) !== sha256) return "damaged";
  let at = 0;
  // Copies: a view must begin at a multiple of its numbers' size.
  const [factors, m, v, losses, norms] = sizes.map((size) => {
    at += size;
    return new Uint8Array(body.subarray(at - size, at)).buffer;
  }) as [ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer];
  return {
    step,
    ...{ factors: new Float32Array(factors), m: new Float32Array(m), v: new Float32Array(v) },
    ...{ losses: new Float64Array(losses), norms: new Float64Array(norms) },
  };
}

/** Removes a run's state, and what a crash left of one. */
export async function removeCheckpoint(path: string): Promise<void> {
  for (const name of [path, temporaryOf(path)]) await rm(name, { force: true });
}

async function readHeader(
  path: string,
): Promise<(z.infer<typeof headerSchema> & { bytes: number }) | NoCheckpoint> {
  let text: string;
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEADER), 0, MAX_HEADER, 0);
      text = buffer.subarray(0, bytesRead).toString("latin1");
    } finally {
      await file.close();
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "absent" : "damaged";
  }
  const end = text.indexOf("\n");
  try {
    return { ...headerSchema.parse(JSON.parse(text.slice(0, Math.max(0, end)))), bytes: end + 1 };
  } catch {
    return "damaged";
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
