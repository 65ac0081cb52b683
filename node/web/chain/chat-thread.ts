import { z } from "zod";
import { isCodedError } from "../../base/errors.ts";
import { webError } from "../errors.ts";
import { type ChatAttribution, type ChatMessage, type ChatOrder, streamChat } from "./chat-stream.ts";

const text = z.string();
const digits = z.string().regex(/^\d{1,39}$/);
const address = z.string().regex(/^0x[0-9a-f]{40}$/);

const turnSchema = z.object({
  id: text,
  question: text,
  /** The model's name in `/v1/models`, and for people. */
  model: text,
  name: text,
  /** What was said before went along. */
  withBefore: z.boolean(),
  answer: text,
  /** `length`: the model's context was full before it had ended; `stopped`: by whoever asked. */
  state: z.enum(["coming", "done", "length", "stopped", "failed"]),
  error: z.object({ code: text, message: text, fix: text.optional() }).optional(),
  tokensIn: z.number().optional(),
  tokensOut: z.number().optional(),
  /** What made a free answer. */
  attribution: z.unknown().optional(),
  /** Of a paid one, in decimal digits, and its receipt's JSON once it is there. */
  requestId: z.string().regex(/^\d+$/).optional(),
  receipt: z.unknown().optional(),
  /** Of one that a purse pays for: with the same words and salt its host answers once, and takes once. */
  prepaid: z
    .object({
      payer: address,
      host: address,
      modelId: digits,
      salt: z.string().regex(/^0x[0-9a-f]{64}$/),
      maxTokensOut: z.number().int().positive(),
      /** Wei. */
      escrow: digits,
      prompt: text,
      before: z.array(z.object({ role: z.enum(["user", "assistant"]), content: text })).optional(),
    })
    .optional(),
});

/** A question with what came of it. */
export type Turn = Omit<z.output<typeof turnSchema>, "attribution"> & { attribution?: ChatAttribution };

/** What a purse pays for, as it is asked. */
export type PrepaidQuestion = NonNullable<Turn["prepaid"]>;

/** Who answers a free question, and on whose key. */
export type Access = Pick<ChatOrder, "rpcUrl" | "key">;

/** What is asked. */
export interface Asked {
  question: string;
  /** The model's name in `/v1/models`, and for people. */
  model: string;
  name: string;
  withBefore: boolean;
}

/** Questions of one thread. */
const MOST_TURNS = 100;
/** UTF-16 units of a thread as it is kept: browsers give a site five million. */
const MOST_KEPT = 2_000_000;
/** Between two looks at a text that comes, in ms. */
const LOOK_MS = 50;
/** Between two times that it is kept. */
const KEEP_MS = 1_000;

type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

export interface ChatThreadOptions {
  storage: Storage | undefined;
  /** Under which the thread is kept. */
  key: string;
  stream?: typeof streamChat;
}

/**
 * Questions and answers in their order, kept over a reload. It goes on while another page is open. Nothing is ever dropped from it
 * unasked: a full one takes no more questions.
 */
export class ChatThread {
  private readonly options: ChatThreadOptions;
  private readonly listeners = new Set<() => void>();
  private ending: AbortController | undefined;
  private looking: ReturnType<typeof setTimeout> | undefined;
  private keptAt = 0;
  private list: readonly Turn[];

  constructor(options: ChatThreadOptions) {
    this.options = options;
    this.list = this.restored();
  }

  /** The same list until something changes. */
  readonly turns = (): readonly Turn[] => this.list;

  /** Calls back after each change. @returns what ends it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Asks and takes the answer in as it comes; what fails is the turn's. @throws CodedError `CHAT_FULL`. */
  async ask(asked: Asked, access: Access): Promise<void> {
    await this.stream(this.added({ ...asked, answer: "", state: "coming" }), access);
  }

  /** Asks the same again in its place: what came before stays until something new comes. */
  async retry(id: string, access: Access): Promise<void> {
    const turn = this.list.find((one) => one.id === id);
    if (turn !== undefined) await this.stream(turn, access);
  }

  /** Takes a paid question in. @throws CodedError `CHAT_FULL`. */
  addPaid(asked: Asked, requestId: bigint): void {
    this.added({ ...asked, answer: "", state: "coming", requestId: requestId.toString() });
    this.changed();
  }

  /** Takes a question in that a purse pays for; the turn's id. @throws CodedError `CHAT_FULL`. */
  addPrepaid(asked: Asked, prepaid: PrepaidQuestion): string {
    const { id } = this.added({ ...asked, answer: "", state: "coming", prepaid });
    this.changed();
    return id;
  }

  /** A paid question's answer with its receipt as JSON, or the prepaid answer. */
  answered(id: string, answer: string, receipt: unknown): void {
    this.change(id, { answer, receipt, state: "done" });
    this.changed();
  }

  /** Ends the answer that comes; what came stays. */
  stop(): void {
    this.ending?.abort(STOPPED);
  }

  /** A new thread: the old one is gone. */
  clear(): void {
    this.stop();
    this.list = [];
    this.changed();
  }

  /** Takes what another window kept, unless an answer comes here. */
  reload(): void {
    if (this.ending !== undefined) return;
    this.list = this.restored();
    this.tell();
  }

  /** What was said before a turn, or so far; questions without an answer are left out. */
  said(id?: string): ChatMessage[] {
    const at = this.list.findIndex((turn) => turn.id === id);
    return this.list.slice(0, at < 0 ? undefined : at).flatMap(({ question, answer }): ChatMessage[] =>
      answer.trim() === ""
        ? []
        : [
            { role: "user", content: question },
            { role: "assistant", content: answer.trim() },
          ],
    );
  }

  /** @throws CodedError `CHAT_FULL`. */
  requireRoom(): void {
    if (this.list.length < MOST_TURNS && JSON.stringify(this.list).length < MOST_KEPT) return;
    throw webError("CHAT_FULL", {
      message: `This thread is full: it has ${this.list.length} questions, of ${MOST_TURNS} at most, or texts that are too long to be kept.`,
      fix: "Begin a new thread; nothing of this one is lost until then.",
    });
  }

  private added(turn: Omit<Turn, "id">): Turn {
    this.requireRoom();
    const added = { ...turn, id: crypto.randomUUID?.() ?? `${Date.now()}-${this.list.length}` };
    this.list = [...this.list, added];
    return added;
  }

  private async stream({ id, question, model, withBefore }: Turn, access: Access): Promise<void> {
    this.stop();
    const ending = new AbortController();
    this.ending = ending;
    const messages = [...(withBefore ? this.said(id) : []), { role: "user" as const, content: question }];
    const order = { ...access, model, messages, attribution: model.includes("+"), signal: ending.signal };
    this.change(id, { state: "coming", error: undefined });
    this.changed();
    let answer = "";
    try {
      const end = await (this.options.stream ?? streamChat)(order, (part) => {
        answer += part;
        this.change(id, { answer, attribution: undefined });
        this.changedSoon();
      });
      const { finish, ...rest } = end;
      this.change(id, { ...rest, answer, state: finish === "length" ? "length" : "done" });
    } catch (error) {
      this.change(id, error === STOPPED ? { state: "stopped" } : { state: "failed", error: toldOf(error) });
    } finally {
      if (this.ending === ending) this.ending = undefined;
      this.changed();
    }
  }

  private change(id: string, change: Partial<Turn>): void {
    this.list = this.list.map((turn) => (turn.id === id ? { ...turn, ...change } : turn));
  }

  private changed(): void {
    clearTimeout(this.looking);
    this.looking = undefined;
    this.keep();
    this.tell();
  }

  /** While a text comes, a few times a second are enough. */
  private changedSoon(): void {
    this.looking ??= setTimeout(() => {
      this.looking = undefined;
      if (Date.now() - this.keptAt >= KEEP_MS) this.keep();
      this.tell();
    }, LOOK_MS);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private keep(): void {
    const { storage, key } = this.options;
    this.keptAt = Date.now();
    try {
      if (this.list.length === 0) storage?.removeItem(key);
      else storage?.setItem(key, JSON.stringify(this.list));
    } catch {
      // Without storage a thread lasts as long as the page.
    }
  }

  private restored(): readonly Turn[] {
    const { storage, key } = this.options;
    try {
      const kept = z
        .array(turnSchema)
        .max(MOST_TURNS)
        .parse(JSON.parse(storage?.getItem(key) ?? "[]"));
      return (kept as Turn[]).map((turn) => (isCutOff(turn) ? { ...turn, ...CUT_OFF } : turn));
    } catch {
      return [];
    }
  }
}

const STOPPED = new Error("stopped");

/** It came while the page was closed; a paid one's host is asked again. */
function isCutOff(turn: Turn): boolean {
  return turn.state === "coming" && !isPaid(turn);
}

/** Its host can be asked for its answer again, and takes nothing more. */
export function isPaid({ requestId, prepaid }: Turn): boolean {
  return requestId !== undefined || prepaid !== undefined;
}

const CUT_OFF = {
  state: "failed",
  error: {
    code: "CHAT_BROKEN_OFF",
    message: "The page was closed while the answer came.",
    fix: "What had come is here. Ask again for the whole.",
  },
} as const;

function toldOf(error: unknown): Turn["error"] {
  if (isCodedError(error)) return { code: error.code, message: error.message, fix: error.fix };
  return { code: "CHAT_BROKEN_OFF", message: error instanceof Error ? error.message : String(error) };
}
