const [QUOTE, BACKSLASH] = [0x22, 0x5c];
/** Half of a character: JSON may spell one, UTF-8 can't. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const OPENS = new Set([0x5b, 0x7b]);
const CLOSES = new Set([0x5d, 0x7d]);

/** Walks over the UTF-8 of a JSON text. Each step gives false where it meets something else than it is asked for. */
export class JsonScanner {
  at = 0;
  /** The last string's bytes are these, from `from` to before `to`. */
  source: Uint8Array;
  from = 0;
  to = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.source = bytes;
  }

  /** The byte at which the next value begins. */
  next(): number | undefined {
    return this.bytes[this.at];
  }

  /** One byte with the white space around it. */
  byte(wanted: number): boolean {
    this.space();
    if (this.bytes[this.at] !== wanted) return false;
    this.at++;
    this.space();
    return true;
  }

  /** A list or object, whose brackets are given, of any number of items with commas between. */
  items(open: number, close: number, item: () => boolean): boolean {
    if (!this.byte(open)) return false;
    if (this.byte(close)) return true;
    do {
      if (!item()) return false;
    } while (this.byte(0x2c));
    return this.byte(close);
  }

  /** An object, whose values the caller reads by their keys. */
  entries(value: (key: string) => boolean): boolean {
    return this.items(0x7b, 0x7d, () => {
      if (!this.string()) return false;
      const key = new TextDecoder().decode(this.source.subarray(this.from, this.to));
      return this.byte(0x3a) && value(key);
    });
  }

  /** A string: {@link source}, {@link from} and {@link to} are then its text in UTF-8. */
  string(): boolean {
    const start = this.at + 1;
    if (this.bytes[this.at] !== QUOTE) return false;
    let end = start;
    let isPlain = true;
    for (; end < this.bytes.length; end++) {
      const byte = this.bytes[end]!;
      if (byte === QUOTE) break;
      if (byte < 0x20) return false;
      if (byte === BACKSLASH) {
        isPlain = false;
        end++;
      }
    }
    if (end >= this.bytes.length) return false;
    this.at = end + 1;
    if (!isPlain) return this.escaped(start - 1, end + 1);
    this.source = this.bytes;
    this.from = start;
    this.to = end;
    return true;
  }

  /** A whole number below 2^32, in digits alone. */
  integer(): number | undefined {
    const start = this.at;
    let value = 0;
    for (; this.at < start + 11; this.at++) {
      const digit = (this.bytes[this.at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = 10 * value + digit;
    }
    const digits = this.at - start;
    if (digits === 0 || (digits > 1 && this.bytes[start] === 0x30)) return undefined;
    return value < 2 ** 32 ? value : undefined;
  }

  /** Any value, which is not checked. */
  skipValue(): boolean {
    if (this.bytes[this.at] === QUOTE) return this.string();
    if (!OPENS.has(this.bytes[this.at] ?? 0)) return this.skipScalar();
    for (let depth = 0; this.at < this.bytes.length; ) {
      const byte = this.bytes[this.at]!;
      if (byte === QUOTE) {
        this.skipString();
        continue;
      }
      this.at++;
      if (OPENS.has(byte)) depth++;
      else if (CLOSES.has(byte) && --depth === 0) return true;
    }
    return false;
  }

  private skipString(): void {
    for (this.at++; this.at < this.bytes.length && this.bytes[this.at] !== QUOTE; this.at++)
      if (this.bytes[this.at] === BACKSLASH) this.at++;
    this.at++;
  }

  private skipScalar(): boolean {
    const start = this.at;
    const isPart = (byte: number) => byte > 0x20 && byte !== 0x2c && !CLOSES.has(byte);
    while (this.at < this.bytes.length && isPart(this.bytes[this.at]!)) this.at++;
    return this.at > start;
  }

  private space(): void {
    for (; this.at < this.bytes.length; this.at++) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }

  private escaped(start: number, end: number): boolean {
    let text: string;
    try {
      text = JSON.parse(new TextDecoder().decode(this.bytes.subarray(start, end))) as string;
    } catch {
      return false;
    }
    if (LONE_SURROGATE.test(text)) return false;
    this.source = new TextEncoder().encode(text);
    this.from = 0;
    this.to = this.source.length;
    return true;
  }
}
