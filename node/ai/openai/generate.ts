import type { AnswerToken, EngineAnswer } from "../../../native/js/engine.ts";
import type { Sampling } from "../../../native/js/engine-types.ts";
import { randomBytes } from "../../base/clock.ts";
import type { HeldModel } from "../engine/catalogue.ts";
import { TextStream } from "../engine/text-stream.ts";
import { contextExceeded } from "./api-error.ts";
import type { ChatRequest, CompletionRequest } from "./fields.ts";
import type { Holder } from "./keys.ts";

/** What a request asks of each of its answers. */
export interface Wish {
  promptIds: readonly number[];
  /** Of the question without the rows that are shown with it; absent where that is all. */
  alone?: readonly number[];
  /** Absent: as long as the context is. */
  maxTokens: number | undefined;
  stops: readonly string[];
  /** Likeliest tokens told of at each step; absent: no log-probabilities. */
  logprobs: number | undefined;
  sampling: Sampling;
  holder: Holder;
}

/** A part of an answer. */
export interface Piece {
  text: string;
  tokens: readonly AnswerToken[];
}

/** How an answer ended, and what it was made of. */
export interface Outcome {
  finish: "stop" | "length";
  outputIds: readonly number[];
}

/** Longest time for one answer, in ms. */
const DEADLINE_MS = 600_000;

/** A request's own numbers as the whole numbers that a choice is made by; the seed is drawn where none is given. */
export function samplingOf(request: ChatRequest | CompletionRequest): Sampling {
  const { temperature, top_p, presence_penalty, repetition_penalty, top_k, seed } = request;
  return {
    seed: seed === null || seed === undefined ? drawSeed() : BigInt.asUintN(64, BigInt(seed)),
    choice: 0,
    temperature: Math.round((temperature ?? 1) * 1_000),
    topK: top_k ?? 0,
    topP: Math.max(1, Math.round((top_p ?? 1) * 1_000_000)),
    repetition: Math.max(1, Math.round((repetition_penalty ?? 1) * 1_000)),
    presence: Math.round((presence_penalty ?? 0) * 1_000),
  };
}

function drawSeed(): bigint {
  return new DataView(randomBytes(8).buffer).getBigUint64(0);
}

/** Refuses what the context does not hold. `where` names the field of the prompt. @throws ApiError 400. */
export function requireContext(model: HeldModel, wish: Wish, where: string): void {
  const { contextLength } = model.base.config;
  const answer = wish.maxTokens ?? 1;
  const prompt = wish.promptIds.length;
  if (prompt + answer > contextLength) throw contextExceeded(contextLength, prompt, answer, where);
}

/** Puts one answer into the engine's queue. @throws NativeError as Engine.submit. */
export function submit(model: HeldModel, wish: Wish, choice: number): EngineAnswer {
  const { contextLength } = model.base.config;
  return model.engine.submit({
    prompt: wish.promptIds,
    adapter: model.adapter,
    maxTokens: wish.maxTokens ?? contextLength - wish.promptIds.length,
    stopIds: model.base.tokenizer.eosTokenIds,
    topLogprobs: wish.logprobs ?? 0,
    account: wish.holder.account,
    deadlineMs: DEADLINE_MS,
    sampling: { ...wish.sampling, choice },
  });
}

/** The text of an answer as it comes. */
export async function* piecesOf(
  model: HeldModel,
  wish: Wish,
  answer: EngineAnswer,
): AsyncGenerator<Piece, Outcome> {
  const { tokenizer } = model.base;
  const stream = new TextStream(tokenizer, wish.stops);
  const outputIds: number[] = [];
  let held: AnswerToken[] = [];
  for await (const token of answer.tokens) {
    // At once: what was computed counts, also where its reader goes away.
    wish.holder.count(1);
    outputIds.push(token.id);
    held.push(token);
    const text = await stream.push(token.id);
    if (text !== "" || stream.stopped) {
      yield { text, tokens: held };
      held = [];
    }
    // Leaving the loop ends the answer in the engine.
    if (stream.stopped) return { finish: "stop", outputIds };
  }
  const ended = answer.ended();
  const rest = await stream.end();
  if (rest !== "" || held.length > 0) yield { text: rest, tokens: held };
  return { finish: ended === "stop" || stream.stopped ? "stop" : "length", outputIds };
}
