import { joinBytes } from "../../base/bytes.ts";
import type { Words } from "./words.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SHORT: Readonly<Record<number, string>> = { 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r" };

const BLOCK = 1 << 16;

/** A JSON text in UTF-8 as it is written, spelled as `JSON.stringify` does. It grows by blocks: copies would be garbage. */
export class JsonText {
  private readonly blocks: Uint8Array[] = [];
  private size = 0;
  private bytes = new Uint8Array(BLOCK);

  /** A piece of JSON as it is. */
  raw(json: string): void {
    const more = new TextEncoder().encode(json);
    this.room(more.length);
    this.bytes.set(more, this.size);
    this.size += more.length;
  }

  /** An object: its small entries as `JSON.stringify` writes them, then those that are written one by one. */
  object(small: object, more: Readonly<Record<string, () => void>>): void {
    const open = JSON.stringify(small).slice(0, -1);
    this.raw(open);
    let between = open === "{" ? "" : ",";
    for (const [key, write] of Object.entries(more)) {
      this.raw(`${between}${JSON.stringify(key)}:`);
      write();
      between = ",";
    }
    this.raw("}");
  }

  /** Bytes of ASCII, one by one: for what stands between many values. */
  byte(byte: number): void {
    this.room(1);
    this.bytes[this.size++] = byte;
  }

  /** Word `index` as a string. */
  word(words: Words, index: number): void {
    this.byte(QUOTE);
    this.inner(words, index);
    this.byte(QUOTE);
  }

  /** What stands between the quotes of {@link word}. */
  inner(words: Words, index: number): void {
    const end = words.end(index);
    this.room(6 * (end - words.start(index)));
    for (let at = words.start(index); at < end; at++) {
      const byte = words.bytes[at]!;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) this.bytes[this.size++] = byte;
      else this.escape(byte);
    }
  }

  /** A whole number, not negative, below 2^53. */
  integer(value: number): void {
    let length = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) length++;
    this.room(length);
    this.size += length;
    for (let at = this.size - 1, rest = value; length > 0; at--, length--, rest = Math.floor(rest / 10))
      this.bytes[at] = 0x30 + (rest % 10);
  }

  /** All of it. */
  done(): Uint8Array {
    return joinBytes(this.all());
  }

  /** The same as a string. */
  text(): string {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return this.all()
      .map((block) => decoder.decode(block, { stream: true }))
      .join("");
  }

  private all(): Uint8Array[] {
    return [...this.blocks, this.bytes.subarray(0, this.size)];
  }

  private escape(byte: number): void {
    const hex = () => `\\u${byte.toString(16).padStart(4, "0")}`;
    const text = byte >= 0x20 ? `\\${String.fromCharCode(byte)}` : (SHORT[byte] ?? hex());
    for (let at = 0; at < text.length; at++) this.bytes[this.size++] = text.charCodeAt(at);
  }

  private room(bytes: number): void {
    if (this.size + bytes <= this.bytes.length) return;
    this.blocks.push(this.bytes.subarray(0, this.size));
    this.bytes = new Uint8Array(Math.max(bytes, BLOCK));
    this.size = 0;
  }
}
