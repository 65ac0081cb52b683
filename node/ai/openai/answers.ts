import { randomBytes, systemClock } from "../../base/clock.ts";
import { hexOfBytes } from "../codec/hash.ts";
import type { HeldModel } from "../engine/catalogue.ts";
import { unsupported } from "./api-error.ts";
import { type Outcome, type Piece, piecesOf, requireContext, submit, type Wish } from "./generate.ts";
import { attributionOf, type Usage, usageOf } from "./shapes.ts";

/** How one API writes its answers. */
export interface Form {
  /** Name of a whole answer, of a part of a stream, and what its id begins with. */
  object: string;
  chunkObject: string;
  idPrefix: string;
  /** A whole choice. `before` is the text's length before these pieces. */
  choice(text: string, piece: Piece, index: number, finish: Outcome["finish"]): Promise<object>;
  /** First part of a stream's choice, where the API has one. */
  opening?(index: number): object;
  /** A part with text, and the last one with the reason of the end alone. */
  part(piece: Piece, index: number, offset: number): Promise<object>;
  closing(index: number, finish: Outcome["finish"]): object;
}

/** Everything that one request wants. */
export interface Order {
  model: HeldModel;
  form: Form;
  /** One a prompt. */
  wishes: readonly Wish[];
  choices: number;
  /** Field that the prompt is in. */
  where: string;
  attribution: boolean;
}

type Send = (event: object) => Promise<void>;

/** @throws ApiError what the order asks for and can't have. */
function requireOrder({ model, wishes, where, attribution }: Order): void {
  for (const wish of wishes) requireContext(model, wish, where);
  if (attribution && model.attribute === undefined) throw unsupported("attribution");
}

function headOf({ model, form }: Order, object: string) {
  return {
    id: `${form.idPrefix}${hexOfBytes(randomBytes(12)).slice(2)}`,
    object,
    created: Math.floor(systemClock.now()),
    model: model.id,
    system_fingerprint: model.fingerprint,
  };
}

/** Submits all answers; if one has no room, none goes on. */
function submitAll({ model, wishes, choices }: Order) {
  const started: { wish: Wish; answer: ReturnType<typeof submit> }[] = [];
  try {
    for (const wish of wishes)
      for (let choice = 0; choice < choices; choice++)
        started.push({ wish, answer: submit(model, wish, choice) });
  } catch (error) {
    for (const { answer } of started) answer.cancel();
    throw error;
  }
  for (const { holder, promptIds } of wishes) holder.count(promptIds.length);
  return started;
}

/** The whole answer at once. */
export async function answerWhole(order: Order, signal: AbortSignal): Promise<object> {
  requireOrder(order);
  const started = submitAll(order);
  const cancel = () => started.forEach(({ answer }) => void answer.cancel());
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const read = await Promise.all(started.map(({ wish, answer }) => readWhole(order.model, wish, answer)));
    signal.throwIfAborted();
    const choices = await Promise.all(
      read.map(({ piece, outcome }, index) => order.form.choice(piece.text, piece, index, outcome.finish)),
    );
    return {
      ...headOf(order, order.form.object),
      choices,
      usage: usageFrom(
        order,
        read.map(({ outcome }) => outcome),
      ),
      ...(await attributed(
        order,
        started.map(({ wish }) => wish),
        read.map(({ outcome }) => outcome),
      )),
    };
  } finally {
    cancel();
    signal.removeEventListener("abort", cancel);
  }
}

async function readWhole(model: HeldModel, wish: Wish, answer: ReturnType<typeof submit>) {
  const pieces = piecesOf(model, wish, answer);
  const whole = { text: "", tokens: [] as Piece["tokens"][number][] };
  for (;;) {
    const { value, done } = await pieces.next();
    if (done) return { piece: whole, outcome: value };
    whole.text += value.text;
    whole.tokens.push(...value.tokens);
  }
}

/** The answer as events, each choice's in its own order. `begin` is called once nothing can be refused any more. */
export async function answerStream(
  order: Order,
  includeUsage: boolean,
  begin: () => void,
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  requireOrder(order);
  const started = submitAll(order);
  const cancel = () => started.forEach(({ answer }) => void answer.cancel());
  signal.addEventListener("abort", cancel, { once: true });
  try {
    begin();
    const head = headOf(order, order.form.chunkObject);
    const usage = includeUsage ? { usage: null } : {};
    const event = (choice: object, more: object = {}) =>
      send({ ...head, choices: [choice], ...usage, ...more });
    const outcomes = await Promise.all(
      started.map(({ wish, answer }, index) => streamChoice(order, wish, answer, index, event)),
    );
    signal.throwIfAborted();
    const more = await attributed(
      order,
      started.map(({ wish }) => wish),
      outcomes,
    );
    if (Object.keys(more).length > 0) await send({ ...head, choices: [], ...usage, ...more });
    if (includeUsage) await send({ ...head, choices: [], usage: usageFrom(order, outcomes) });
  } finally {
    cancel();
    signal.removeEventListener("abort", cancel);
  }
}

async function streamChoice(
  { model, form }: Order,
  wish: Wish,
  answer: ReturnType<typeof submit>,
  index: number,
  event: (choice: object) => Promise<void>,
): Promise<Outcome> {
  if (form.opening) await event(form.opening(index));
  const pieces = piecesOf(model, wish, answer);
  let offset = 0;
  for (;;) {
    const { value, done } = await pieces.next();
    if (done) {
      await event(form.closing(index, value.finish));
      return value;
    }
    await event(await form.part(value, index, offset));
    offset += value.text.length;
  }
}

function usageFrom({ wishes }: Order, outcomes: readonly Outcome[]): Usage {
  const prompt = wishes.reduce((sum, { promptIds }) => sum + promptIds.length, 0);
  return usageOf(
    prompt,
    outcomes.reduce((sum, { outputIds }) => sum + outputIds.length, 0),
  );
}

/** The rows that made the first answer, where they are asked for. */
async function attributed(
  order: Order,
  wishes: readonly Wish[],
  outcomes: readonly Outcome[],
): Promise<object> {
  if (!order.attribution) return {};
  const { alone, promptIds } = wishes[0]!;
  const found = await order.model.attribute!(alone ?? promptIds, outcomes[0]!.outputIds);
  return { attribution: attributionOf(found) };
}
