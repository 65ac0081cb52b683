import { type Question, type WrittenQuestion, writeQuestion } from "../datanet/row-tokens.ts";
import { isProse, type Row, rowOfSentence } from "../datanet/rows.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import { type ContextRow, RowRanking } from "./ranking.ts";

/** A question with the rows that stand before it. */
export interface ComposedPrompt {
  /** The question alone. */
  written: WrittenQuestion;
  /** As they stand: the one that fits the question best is the last. */
  rows: readonly ContextRow[];
  ids: readonly number[];
}

/** How many rows a prompt may show, and how long it may get. */
export interface PromptRoom {
  rows: number;
  /** Tokens of the prompt with its rows. */
  tokens: number;
}

/**
 * How long a prompt may get: rows leave an answer all the room that it has behind the question alone.
 * @param rows that are shown at most.
 * @param maxTokens of an answer, as the method has it.
 * @param alone tokens of the question without rows; below the context length.
 */
export function promptRoom(
  rows: number,
  maxTokens: number,
  contextLength: number,
  alone: number,
): PromptRoom {
  return { rows, tokens: contextLength - Math.min(maxTokens, contextLength - alone) };
}

/** The rows that a model may show: its ranking is made when it is asked for first. */
export class ContextRows {
  private readonly rows: readonly ContextRow[];
  private made: RowRanking | undefined;

  /** @param rows those that take part, in ascending order of their ids; `own` is as much of a completion as the row tells itself. */
  constructor(rows: readonly (ContextRow & { own?: string })[]) {
    this.rows = rows.map(({ rowId, row, own }) => ({
      rowId,
      row: own === undefined ? row : toldRow(row, own),
    }));
  }

  /** See {@link RowRanking.best}. */
  best(question: Question, limit: number): ContextRow[] {
    this.made ??= new RowRanking(this.rows);
    return this.made.best(question, limit);
  }
}

/** A row that tells nothing but what no other told before it. */
function toldRow(row: Row, own: string): Row {
  return isProse(row) ? rowOfSentence(own) : { ...row, completion: own };
}

/**
 * Puts the best rows before a question: the best ones by rank, the better the nearer to the question. A row with which the prompt would get
 * longer than there is room, or that the model's chat template can't take in, is left out, and the next one is tried; never more than
 * `room.rows` are tried. A question without such rows stands alone.
 * @throws CodedError of `writeQuestion`.
 */
export async function composePrompt(
  candidates: Pick<ContextRows, "best">,
  question: Question,
  tokenizer: ModelTokenizer,
  room: PromptRoom,
): Promise<ComposedPrompt> {
  const written = await writeQuestion(question, tokenizer);
  let rows: ContextRow[] = [];
  let { ids } = written;
  for (const candidate of candidates.best(question, room.rows)) {
    const more = [candidate, ...rows];
    const longer = await written.behind(more.map(({ row }) => row));
    if (longer === undefined || longer.length > room.tokens) continue;
    [rows, ids] = [more, longer];
  }
  return { written, rows, ids };
}

/** The prompt without one of its rows; the question alone where the template can't write the others without it. */
export async function promptWithout(
  { written, rows }: ComposedPrompt,
  place: number,
): Promise<readonly number[]> {
  const others = rows.filter((_, at) => at !== place).map(({ row }) => row);
  return (await written.behind(others)) ?? written.ids;
}
