import { loadAddon } from "./addon.ts";
import type { EngineSizes, EngineStatus, Sampling } from "./engine-types.ts";
import { NativeError } from "./error.ts";
import type { Session } from "./index.ts";
import type { Adapter, Model } from "./models.ts";
import { GREEDY_SAMPLING } from "./sampling.ts";

/** How an answer ended: with a stop id, at its limit or the context's, or before. */
export type Ended = "stop" | "length" | "cancelled" | "deadline";

/** One token of an answer. */
export interface AnswerToken {
  id: number;
  /** By the model itself, before penalties, temperature and filters. */
  logprob: number;
  /** The likeliest tokens, as many as were asked for. */
  top: readonly { id: number; logprob: number }[];
}

export interface EngineRequest {
  prompt: readonly number[] | Int32Array;
  adapter?: Adapter;
  maxTokens: number;
  /** The answer ends with one of these. */
  stopIds?: readonly number[];
  /** Likeliest tokens to tell of at each step, 0 to 20. */
  topLogprobs?: number;
  /** Whom the engine is fair to: requests of one account wait for each other before they wait for another's. */
  account?: number;
  /** Ms from now after which it ends as it is; absent: never. */
  deadlineMs?: number;
  sampling?: Sampling;
}

/** An answer under way: its tokens as they come, to be read once. */
export interface EngineAnswer {
  readonly tokens: AsyncIterable<AnswerToken>;
  /** How it ended, once the tokens are read. */
  ended(): Ended;
  /** Ends it before the next step. */
  cancel(): void;
}

const DEFAULT_SIZES: EngineSizes = {
  arithmetic: "f32",
  maxBatch: 64,
  maxQueue: 256,
  chunkTokens: 256,
  pageTokens: 16,
  pages: 2_048,
  vocabulary: 0,
};

const KINDS = [undefined, "stop", "length", "cancelled", "deadline", "numeric", "failed"] as const;
/** Between two looks for new tokens, in ms. */
const LOOK_MS = 2;

/**
 * Answers many requests to one base model together: they join and leave the batch at every token, prompts come in by chunks,
 * keys and values lie in pages. What a request answers does not depend on who shares its batch.
 */
export class Engine {
  private readonly handle: object;
  private readonly open = new Map<number, Answer>();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(session: Session, model: Model, sizes: Partial<EngineSizes> = {}) {
    this.handle = loadAddon().createEngine(session.handle, model.handle, { ...DEFAULT_SIZES, ...sizes });
  }

  /**
   * Puts a request into the queue.
   * @throws NativeError NATIVE_BUSY (the queue is full), NATIVE_MEMORY (longer than the cache), NATIVE_ARGUMENT, NATIVE_CLOSED.
   */
  submit(request: EngineRequest): EngineAnswer {
    if (this.isClosed) throw new NativeError("NATIVE_CLOSED", "the engine is closed");
    const { prompt, adapter, stopIds = [], sampling = GREEDY_SAMPLING } = request;
    const { maxTokens, topLogprobs = 0, account = 0, deadlineMs = 0 } = request;
    const id = loadAddon().submitRequest(
      this.handle,
      adapter?.handle,
      Int32Array.from(prompt),
      Int32Array.from(stopIds),
      sampling,
      { maxTokens, topLogprobs, account, deadlineMs },
    );
    const answer = new Answer(() => loadAddon().cancelRequest(this.handle, id));
    this.open.set(id, answer);
    this.timer ??= setInterval(() => this.look(), LOOK_MS);
    return answer;
  }

  status(): EngineStatus {
    return loadAddon().engineStatus(this.handle);
  }

  /** Ends all requests as cancelled and frees the cache; waits for the step in hand. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.timer);
    loadAddon().closeEngine(this.handle);
    for (const answer of this.open.values()) answer.end("cancelled");
    this.open.clear();
  }

  private look(): void {
    const { numbers, logprobs } = loadAddon().engineEvents(this.handle);
    let value = 0;
    for (let at = 0; at < numbers.length; ) {
      const [request, kind, id, count] = [numbers[at]!, numbers[at + 1]!, numbers[at + 2]!, numbers[at + 3]!];
      const logprob = logprobs[value++]!;
      const top = Array.from(numbers.subarray(at + 4, at + 4 + count), (token) => ({
        id: token,
        logprob: logprobs[value++]!,
      }));
      at += 4 + count;
      const answer = this.open.get(request);
      const ended = KINDS[kind];
      if (ended === undefined) answer?.push({ id, logprob, top });
      else {
        this.open.delete(request);
        answer?.end(ended);
      }
    }
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

class Answer implements EngineAnswer {
  readonly cancel: () => void;
  private readonly waiting: AnswerToken[] = [];
  private state: Exclude<(typeof KINDS)[number], undefined> | undefined;
  private wake = () => {};

  constructor(cancel: () => void) {
    this.cancel = () => {
      if (this.state === undefined) cancel();
    };
  }

  get tokens(): AsyncIterable<AnswerToken> {
    return this.read();
  }

  push(token: AnswerToken): void {
    this.waiting.push(token);
    this.wake();
  }

  end(how: Exclude<(typeof KINDS)[number], undefined>): void {
    this.state = how;
    this.wake();
  }

  ended(): Ended {
    if (this.state === "numeric") throw new NativeError("NATIVE_NUMERIC", "the logits are not finite");
    if (this.state === "failed" || this.state === undefined)
      throw new NativeError("NATIVE_INTERNAL", "the answer did not come to an end");
    return this.state;
  }

  private async *read(): AsyncGenerator<AnswerToken> {
    try {
      for (;;) {
        const token = this.waiting.shift();
        if (token !== undefined) yield token;
        else if (this.state !== undefined) return;
        else
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
      }
    } finally {
      // Whoever stops reading wants no more of it.
      this.cancel();
    }
  }
}
