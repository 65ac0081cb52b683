import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Example, Session } from "../../native/js/index.ts";
import { fitBasis, quantise, scan, sketch } from "../../native/js/influence.ts";
import { loadAdapter } from "../../node/ai/model/adapter.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadNativeModel, nativeAdapter } from "../../node/ai/model/load.ts";
import { readSafetensors, tensorToF64 } from "../../node/ai/model/safetensors.ts";
import { type GroupResult, GroupRun } from "./group.ts";

const exampleSchema = z.object({ ids: z.array(z.number()), completion_start: z.number() });
const inputsSchema = z.object({ train: z.array(exampleSchema), query: z.array(exampleSchema) });
const DAMPING = 0.1;
/** Of the scores' norm: fp32 with an int16 basis; then rows of int8 (steps of 1/127 of the largest coordinate). */
const TOLERANCE = { coordinates: 1e-4, integers: 3e-2 };

/** Sketch scores against the EK-FAC scores of kronfluence: with k above n the sketch loses nothing but rounding. */
export async function runEkfac(folder: string): Promise<GroupResult> {
  const run = new GroupRun("ekfac");
  run.skip("mlp, leave-one-out oracles", "the influence engine works on LoRA adapters only");
  const path = join(folder, "lora");
  if (!existsSync(path)) {
    run.skip("lora", "not in the folder");
    return run.result;
  }
  const scores = await scoreAll(path);
  const expected = readSafetensors(new Uint8Array(await readFile(join(path, "expected.safetensors"))));
  const reference = tensorToF64(expected.tensors.get("scores.ekfac.heuristic")!);
  for (const [kind, got] of Object.entries(scores)) {
    const limit = TOLERANCE[kind as keyof typeof TOLERANCE];
    for (let query = 0; query < got.length; query++) {
      const want = reference.subarray(query * got[query]!.length, (query + 1) * got[query]!.length);
      await run.case(`lora query ${query}, ${kind}`, () => {
        const error = normError(got[query]!, want);
        return error <= limit
          ? undefined
          : `error ${error.toExponential(2)} of the scores' norm, limit ${limit}`;
      });
    }
  }
  return run.result;
}

async function scoreAll(path: string): Promise<Record<"coordinates" | "integers", Float64Array[]>> {
  const { config, native } = loadNativeModel(await readModelFolder(path));
  const lora = loadAdapter(await readModelFolder(join(path, "adapter")), config);
  const adapter = nativeAdapter(config, lora);
  const inputs = inputsSchema.parse(JSON.parse(await readFile(join(path, "inputs.json"), "utf8")));
  const toExamples = (list: z.infer<typeof exampleSchema>[]): Example[] =>
    list.map(({ ids, completion_start }) => ({ ids, completionStart: completion_start }));
  const train = toExamples(inputs.train);
  const dimension = Math.ceil(train.length / 64) * 64;
  const session = new Session();
  const shared = { model: native, adapter };
  const { basis } = await fitBasis(session, {
    ...shared,
    examples: train,
    damping: DAMPING,
    dimension,
  }).wait();
  const rows = await sketch(session, { ...shared, basis, examples: train }).wait();
  const queries = await sketch(session, { ...shared, basis, examples: toExamples(inputs.query) }).wait();
  const intRows = quantise(rows, dimension, 8);
  const intQueries = quantise(queries, dimension, 16);
  const coordinates: Float64Array[] = [];
  const integers: Float64Array[] = [];
  for (let q = 0; q < inputs.query.length; q++) {
    const query = queries.subarray(q * dimension, (q + 1) * dimension);
    coordinates.push(
      Float64Array.from(train, (_, i) => dot(query, rows.subarray(i * dimension, (i + 1) * dimension))),
    );
    const dots = scan(intQueries.values.slice(q * dimension, (q + 1) * dimension), intRows.values);
    const scale = intQueries.exponents[q]!;
    integers.push(
      Float64Array.from(train, (_, i) => Number(dots[i]!) * 2 ** (scale + intRows.exponents[i]!)),
    );
  }
  return { coordinates, integers };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** |got - want| / |want|, Euclidean. */
function normError(got: Float64Array, want: Float64Array): number {
  let difference = 0;
  let size = 0;
  got.forEach((value, i) => {
    difference += (value - want[i]!) ** 2;
    size += want[i]! ** 2;
  });
  return Math.sqrt(difference / size);
}
