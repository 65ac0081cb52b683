import type { ModelTokenizer } from "../model/tokenizer.ts";

/** What a tokenizer writes where bytes of a character are still missing. */
const INCOMPLETE = "\ufffd";
/** Tokens after which text that never becomes whole is given out as it is. */
const MAX_HELD = 16;

/**
 * An answer's text as its tokens come: only whole characters, and never a part of what may become a stop string. The texts given
 * out, put together, are the text of all tokens up to the stop string that is whole first.
 */
export class TextStream {
  private readonly tokenizer: Pick<ModelTokenizer, "decode">;
  private readonly stops: readonly string[];
  private readonly ids: number[] = [];
  /** The window that is decoded: some tokens before the new ones, since text depends on what stands before it. */
  private first = 0;
  private told = 0;
  private held = "";
  private isStopped = false;

  constructor(tokenizer: Pick<ModelTokenizer, "decode">, stops: readonly string[]) {
    this.tokenizer = tokenizer;
    this.stops = stops.filter((stop) => stop !== "");
  }

  /** A stop string has come: what follows is no part of the answer. */
  get stopped(): boolean {
    return this.isStopped;
  }

  /** Takes one token; gives the text that is certain now. */
  async push(id: number): Promise<string> {
    this.ids.push(id);
    const before = await this.tokenizer.decode(this.ids.slice(this.first, this.told), true);
    const now = await this.tokenizer.decode(this.ids.slice(this.first), true);
    const isWhole = !now.endsWith(INCOMPLETE) || this.ids.length - this.told > MAX_HELD;
    if (!isWhole || now.length <= before.length) return "";
    this.first = this.told;
    this.told = this.ids.length;
    return this.release(now.slice(before.length));
  }

  /** The rest, once there are no more tokens. */
  async end(): Promise<string> {
    if (this.isStopped) return "";
    const before = await this.tokenizer.decode(this.ids.slice(this.first, this.told), true);
    const now = await this.tokenizer.decode(this.ids.slice(this.first), true);
    const text = this.release(now.slice(before.length));
    const rest = this.isStopped ? "" : this.held;
    this.held = "";
    return text + rest;
  }

  private release(text: string): string {
    if (this.isStopped) return "";
    const all = this.held + text;
    const end = firstStop(all, this.stops);
    if (end !== undefined) {
      this.isStopped = true;
      this.held = "";
      return all.slice(0, end);
    }
    const kept = Math.max(0, ...this.stops.map((stop) => beginningAtEnd(all, stop)));
    this.held = all.slice(all.length - kept);
    return all.slice(0, all.length - kept);
  }
}

/** Where the stop string begins that is whole first; of those that are whole at the same place the longest. */
function firstStop(text: string, stops: readonly string[]): number | undefined {
  const found = stops
    .map((stop) => ({ start: text.indexOf(stop), length: stop.length }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start + a.length - (b.start + b.length) || a.start - b.start);
  return found[0]?.start;
}

/** Length of the longest beginning of `stop` that `text` ends with. */
function beginningAtEnd(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}
