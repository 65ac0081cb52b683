import { monotonicMs } from "../../base/clock.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { PoolCandidate } from "../../execution/mempool/candidate.ts";
import type { MethodAnswer } from "./answer-text.ts";
import { errorText } from "./answer-text.ts";
import { packCandidates } from "./packed-candidates.ts";
import type { Admission, ChainBatch, DoorBatch, Page } from "./protocol.ts";

/** What the chain's thread answered: an error object as JSON. */
export class ChainRefusal extends Error {
  readonly text: string;

  constructor(text: string) {
    super("refused by the chain's thread");
    this.text = text;
  }
}

/** Sends to the chain's thread. */
export interface PostToChain {
  batch(batch: DoorBatch): void;
  admission(admission: Admission, transfer: ArrayBuffer[]): void;
}

/** Bytes from which on handing memory over costs less than copying it. */
const WORTH_A_TRANSFER = 32 * 1024;

/** The door's end of its way to the chain's thread: collects what one turn of the event loop brings into one message. */
export class ChainLink {
  private readonly post: PostToChain;
  private readonly callMs: number;
  private readonly calls = new Map<number, Pending<MethodAnswer>>();
  private readonly pages = new Map<number, (page: Page) => void>();
  private number = 0;
  private batch: DoorBatch | undefined;

  constructor(post: PostToChain, callMs: number) {
    this.post = post;
    this.callMs = callMs;
    // One timer for all calls: most are answered in a few milliseconds.
    setInterval(() => this.failLate(), Math.min(1_000, callMs)).unref();
  }

  call(connection: number, batch: number, method: string, params: string): Promise<MethodAnswer> {
    return new Promise((resolve) => {
      const number = this.expect(resolve);
      this.open().calls.push(number, connection, batch, method, params);
    });
  }

  /** Sends candidates at once; gives each one's hash or why it is refused. */
  admit(candidates: readonly PoolCandidate[]): Promise<(Hash | Error)[]> {
    if (candidates.length === 0) return Promise.resolve([]);
    const packed = packCandidates(candidates);
    const hashes = candidates.map(({ transaction }) => transaction.hash);
    return new Promise((resolve) => {
      const number = this.expect(({ text, isError }) => {
        if (text === NONE_REFUSED) {
          resolve(hashes);
          return;
        }
        // An error is that of all of them; else the text is a list of places and errors.
        const refusals = isError ? undefined : new Map(JSON.parse(text) as [number, unknown][]);
        const refused = (error: unknown) => new ChainRefusal(JSON.stringify(error));
        resolve(
          hashes.map((hash, place) => {
            if (refusals === undefined) return new ChainRefusal(text);
            return refusals.has(place) ? refused(refusals.get(place)) : hash;
          }),
        );
      });
      const transfer = packed.length < WORTH_A_TRANSFER ? [] : [packed.buffer as ArrayBuffer];
      this.post.admission([number, packed], transfer);
    });
  }

  page(path: string, timeoutMs: number): Promise<Page | undefined> {
    const number = ++this.number;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.pages.delete(number);
        resolve(undefined);
      }, timeoutMs);
      this.pages.set(number, (page) => {
        clearTimeout(timer);
        resolve(page);
      });
      this.open().pages.push([number, path]);
    });
  }

  opened(connection: number, address: string): void {
    this.open().opened.push([connection, address]);
  }

  closed(connection: number): void {
    this.open().closed.push(connection);
  }

  ended(batch: number): void {
    this.open().endedBatches.push(batch);
  }

  /** Takes the answer to admissions of which nothing was refused. */
  admitted(numbers: readonly number[]): void {
    for (const number of numbers) {
      const pending = this.calls.get(number);
      this.calls.delete(number);
      pending?.resolve({ text: NONE_REFUSED, isError: false });
    }
  }

  /** Takes the answers of the chain's thread; notices are the caller's. */
  receive({ answers, pages }: ChainBatch): void {
    for (let at = 0; at < answers.length; at += 3) {
      const number = answers[at] as number;
      const pending = this.calls.get(number);
      this.calls.delete(number);
      pending?.resolve({ text: answers[at + 1] as string, isError: answers[at + 2] === 1 });
    }
    for (const { number, page } of pages) {
      this.pages.get(number)?.(page);
      this.pages.delete(number);
    }
  }

  private expect(resolve: (answer: MethodAnswer) => void): number {
    const number = ++this.number;
    this.calls.set(number, { resolve, since: monotonicMs() });
    return number;
  }

  private open(): DoorBatch {
    if (this.batch === undefined) {
      this.batch = {
        calls: [],
        pages: [],
        opened: [],
        closed: [],
        endedBatches: [],
      };
      setImmediate(() => this.flush());
    }
    return this.batch;
  }

  private flush(): void {
    const { batch } = this;
    if (batch === undefined) return;
    this.batch = undefined;
    this.post.batch(batch);
  }

  /** Calls are in the order of their start: the first that is not late ends the look. */
  private failLate(): void {
    const latest = monotonicMs() - this.callMs;
    for (const [number, { since, resolve }] of this.calls) {
      if (since > latest) return;
      this.calls.delete(number);
      resolve({ text: errorText(-32002, "request timed out"), isError: true });
    }
  }
}

const NONE_REFUSED = "[]";

interface Pending<T> {
  resolve(value: T): void;
  since: number;
}
