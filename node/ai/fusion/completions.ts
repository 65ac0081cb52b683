import { aiError } from "../errors.ts";
import { informationTable } from "./information.ts";

/** The completions of the rows that take part, in tokens, one after another: what an answer's spans are looked for in. */
export interface Completions {
  tokens: Uint32Array;
  /** Where each completion ends in `tokens`, exclusive; ascending, the last is the number of tokens. */
  ends: Uint32Array;
  /** Its row in the index; ascending. */
  rows: Uint32Array;
  /** Whole bits of information of each token id, 1 to 15; no token is above its last. */
  information: Uint8Array;
}

/**
 * Puts completions together, with the table of information that their tokens give.
 * @param rows in ascending order of their ids.
 * @param idLimit one more than the tokenizer's largest id.
 * @throws CodedError `METHOD_INVALID` for a token id that is not below `idLimit`
 */
export function makeCompletions(
  rows: readonly { rowId: number; tokens: ArrayLike<number> }[],
  idLimit: number,
): Completions {
  const total = rows.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const tokens = new Uint32Array(total);
  const ends = new Uint32Array(rows.length);
  let end = 0;
  for (const [i, row] of rows.entries()) {
    tokens.set(row.tokens, end);
    end += row.tokens.length;
    ends[i] = end;
  }
  const counts = new Map<number, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  const information = informationTable(
    [...counts].map(([token, count]) => ({ token, count })),
    idLimit,
  );
  return { tokens, ends, rows: Uint32Array.from(rows, ({ rowId }) => rowId), information };
}

/** Tokens of an answer that are compared with completions. */
export const MAX_ANSWER = 65_536;
/** Pairs of equal tokens, one of the answer and one of a completion, that are looked at. */
export const MAX_PAIRS = 2 ** 27;

/** A run of tokens that an answer and a completion share and that goes on as far as it can. */
export interface Match {
  /** Which completion, by its place in the list. */
  completion: number;
  /** Its first token in the answer. */
  start: number;
  length: number;
  /** The same token's place in the completion. */
  offset: number;
}

/**
 * Calls `visit` with each pair of equal tokens of the answer and of a completion, and how long the tokens from there on are equal.
 * Completions come in their order, the places in one from its end to its beginning. The match is one object, changed from call to call.
 * @throws CodedError `ANSWER_TOO_LONG` before any work, for more than {@link MAX_ANSWER} tokens or {@link MAX_PAIRS} pairs
 */
export function eachMatch(
  answer: Uint32Array,
  { tokens, ends, information }: Completions,
  visit: (match: Readonly<Match>) => void,
): void {
  const { first, places } = placesOf(answer, information.length);
  requireRoom(answer, tokens, first);
  // The run that begins at a place of the answer and at the token that stands beside it. A completion's last token has none behind it:
  // the next completion comes later.
  const run = new Uint32Array(answer.length + 1);
  const tokenOf = new Float64Array(answer.length + 1).fill(-1);
  const match: Match = { completion: 0, start: 0, length: 0, offset: 0 };
  for (let completion = 0, from = 0; completion < ends.length; completion++) {
    const to = ends[completion]!;
    match.completion = completion;
    for (let at = to - 1; at >= from; at--) {
      match.offset = at - from;
      const token = tokens[at]!;
      // Ascending, so that the place behind still holds the run of the token behind.
      for (let i = first[token]!; i < first[token + 1]!; i++) {
        const start = places[i]!;
        const length = tokenOf[start + 1] === at + 1 ? run[start + 1]! + 1 : 1;
        run[start] = length;
        tokenOf[start] = at;
        match.start = start;
        match.length = length;
        visit(match);
      }
    }
    from = to;
  }
}

/** Places of each token in the answer, ascending: those of t are places[first[t]] to places[first[t + 1] - 1]. */
function placesOf(answer: Uint32Array, idLimit: number): { first: Uint32Array; places: Uint32Array } {
  const first = new Uint32Array(idLimit + 1);
  for (const token of answer) if (token < idLimit) first[token + 1]!++;
  for (let token = 0; token < idLimit; token++) first[token + 1]! += first[token]!;
  const next = first.slice();
  const places = new Uint32Array(answer.length);
  for (const [place, token] of answer.entries()) if (token < idLimit) places[next[token]!++] = place;
  return { first, places };
}

function requireRoom(answer: Uint32Array, tokens: Uint32Array, first: Uint32Array): void {
  let pairs = 0;
  for (const token of tokens) pairs += first[token + 1]! - first[token]!;
  if (answer.length <= MAX_ANSWER && pairs <= MAX_PAIRS) return;
  throw aiError("ANSWER_TOO_LONG", {
    message: `an answer of ${answer.length} tokens is too long to be looked for in ${tokens.length} tokens of completions`,
    fix: `ask for at most ${MAX_ANSWER} tokens, or for fewer where the rows repeat the same words`,
    facts: { answer: answer.length, tokens: tokens.length, pairs },
  });
}
