import type { ModelTokenizer } from "../model/tokenizer.ts";
import type { TrainingExample } from "../train/snapshot.ts";
import { type Completions, makeCompletions } from "./completions.ts";

type Encoder = Pick<ModelTokenizer, "encodeText" | "idLimit">;

/**
 * Tokens in which answers and completions are compared: those of the text alone after one space, whatever stood before it. An answer is
 * encoded again, since a model may have written it in other tokens.
 */
export async function comparedTokens(text: string, tokenizer: Encoder): Promise<Uint32Array> {
  return Uint32Array.from(await tokenizer.encodeText(` ${text}`, false));
}

/** The completions of the rows that take part (train/snapshot.ts), of which none repeats another: as much of each as the row tells itself. */
export async function completionsOf(
  rows: readonly Pick<TrainingExample, "rowId" | "row" | "own">[],
  tokenizer: Encoder,
): Promise<Completions> {
  const encoded: { rowId: number; tokens: Uint32Array }[] = [];
  for (const { rowId, row, own = row.completion } of rows)
    encoded.push({ rowId, tokens: await comparedTokens(own, tokenizer) });
  return makeCompletions(encoded, tokenizer.idLimit);
}
