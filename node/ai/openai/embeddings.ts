import type { HeldModel } from "../engine/catalogue.ts";
import { contextExceeded } from "./api-error.ts";
import { idsOf } from "./completions.ts";
import { type EmbeddingRequest, listOf } from "./fields.ts";
import type { Holder } from "./keys.ts";

/** Answers `/v1/embeddings`: the mean of the last hidden state over the tokens, of length one. @throws ApiError 400. */
export async function answerEmbeddings(
  request: EmbeddingRequest,
  model: HeldModel,
  holder: Holder,
  signal: AbortSignal,
): Promise<object> {
  const { contextLength } = model.base.config;
  const inputs: (readonly number[])[] = [];
  for (const input of listOf(request.input)) {
    const ids = await idsOf(input, model, "input");
    if (ids.length > contextLength) throw contextExceeded(contextLength, ids.length, 0, "input");
    inputs.push(ids);
  }
  const tokens = inputs.reduce((sum, ids) => sum + ids.length, 0);
  holder.count(tokens);
  const data = [];
  for (const [index, ids] of inputs.entries()) {
    const embedding = await embed(model, ids, signal);
    const shown = request.encoding_format === "base64" ? base64Of(embedding) : [...embedding];
    data.push({ object: "embedding", index, embedding: shown });
  }
  return { object: "list", data, model: model.id, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

async function embed(
  { session, base, adapter }: HeldModel,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const examples = [{ ids, completionStart: ids.length }];
  const job = session.evaluate({ model: base.native, adapter, examples, hidden: true });
  const { hidden } = await job.wait({ signal, intervalMs: 5 });
  const { hiddenSize } = base.config;
  const all = hidden![0]!;
  const last = all.subarray(all.length - ids.length * hiddenSize);
  const sums = new Float64Array(hiddenSize);
  for (let at = 0; at < last.length; at++) sums[at % hiddenSize]! += last[at]!;
  const length = Math.sqrt(sums.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(sums, (value) => (length > 0 ? value / length : 0));
}

/** fp32 values, little-endian. */
function base64Of(values: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, at) => {
    bytes.setFloat32(4 * at, value, true);
  });
  return Buffer.from(bytes.buffer).toString("base64");
}
