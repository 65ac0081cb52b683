/**
 * JSON texts of strangers: judged by size and depth before anything is made of them, and cut into requests whose ids and
 * parameters stay the text that came.
 */

/** What can be said of a text before it is parsed. */
export interface TextShape {
  /** Nested deeper than the limit: not counted further. */
  isTooDeep: boolean;
  /** Of the outermost list; 0 where the text is something else. Counted by its commas. */
  items: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Looks at each byte once and keeps nothing of it. */
export function shapeOf(text: Uint8Array, maxDepth: number): TextShape {
  let depth = 0;
  let isList = false;
  let commas = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]!;
    if (byte === QUOTE) {
      at = endOfString(text, at);
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (depth === 0) isList = byte === OPEN_LIST;
      if (++depth > maxDepth) return { isTooDeep: true, items: 0 };
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth--;
    } else if (byte === COMMA && depth === 1) {
      commas++;
    }
  }
  return { isTooDeep: false, items: isList ? commas + 1 : 0 };
}

/** Index of the closing quote, or the text's end. */
function endOfString(text: Uint8Array, opening: number): number {
  for (let at = opening + 1; at < text.length; at++) {
    const byte = text[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return text.length;
}

/** The members of a request that count, each as it stands in the text; of two with one name the last. */
export interface RequestText {
  id: string | undefined;
  method: string | undefined;
  params: string | undefined;
  jsonrpc: string | undefined;
}

/**
 * The requests of a text that JSON.parse has accepted, each item that is no object as undefined; `isBatch` tells a list of one
 * from a single request.
 */
export function requestsIn(text: string): { isBatch: boolean; requests: (RequestText | undefined)[] } {
  const cursor = new Cursor(text);
  cursor.space();
  if (!cursor.is(OPEN_LIST)) return { isBatch: false, requests: [cursor.request()] };
  const requests: (RequestText | undefined)[] = [];
  cursor.each(CLOSE_LIST, () => requests.push(cursor.request()));
  return { isBatch: true, requests };
}

/** A place in a valid JSON text. */
class Cursor {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  is(code: number): boolean {
    return this.text.charCodeAt(this.at) === code;
  }

  space(): void {
    while (this.text.charCodeAt(this.at) <= 0x20) this.at++;
  }

  /** Moves over a list or an object; `item` moves over each of what it holds. */
  each(close: number, item: () => void): void {
    this.at++;
    this.space();
    while (!this.is(close)) {
      item();
      this.space();
      if (this.is(COMMA)) this.at++;
      this.space();
    }
    this.at++;
  }

  request(): RequestText | undefined {
    if (!this.is(OPEN_OBJECT)) {
      this.value();
      return undefined;
    }
    const found: RequestText = { id: undefined, method: undefined, params: undefined, jsonrpc: undefined };
    this.each(CLOSE_OBJECT, () => {
      const name: unknown = JSON.parse(this.value());
      this.space();
      this.at++;
      this.space();
      const value = this.value();
      if (name === "id" || name === "method" || name === "params" || name === "jsonrpc") found[name] = value;
    });
    return found;
  }

  /** Moves over any value and gives its text. */
  value(): string {
    const from = this.at;
    let depth = 0;
    do {
      const code = this.text.charCodeAt(this.at);
      if (code === QUOTE) this.string();
      else if (code === OPEN_LIST || code === OPEN_OBJECT) {
        depth++;
        this.at++;
      } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
        depth--;
        this.at++;
      } else if (depth === 0) this.scalar();
      else this.at++;
    } while (depth > 0);
    return this.text.slice(from, this.at);
  }

  private string(): void {
    this.at++;
    while (!this.is(QUOTE)) this.at += this.is(BACKSLASH) ? 2 : 1;
    this.at++;
  }

  /** A number, true, false or null. */
  private scalar(): void {
    while (/[-+.0-9a-zA-Z]/.test(this.text.charAt(this.at))) this.at++;
  }
}
