import { aiError } from "../errors.ts";

/** Largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Characters that show nothing and state nothing: soft hyphens, zero-width spaces, marks of order, embeddings and overrides
 * of the writing direction, tags. A row with them would not be what its reviewer reads. Joiners stay: scripts need them.
 */
const INVISIBLE = /[\u00ad\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/gu;

/** Control characters besides tab and line feed. */
export const CONTROL = /(?![\t\n])\p{Cc}/u;

/**
 * A file's text: UTF-8 without its byte order mark, every line ended by one line feed, pages by an empty line, without
 * invisible characters.
 * @throws CodedError `DOCUMENT_TOO_LARGE`, `DOCUMENT_NOT_UTF8` (with the offset), `DOCUMENT_NOT_TEXT` (with the line).
 */
export function decodeText(name: string, bytes: Uint8Array): string {
  requireSize(name, bytes.length, MAX_FILE_BYTES);
  const text = decodeUtf8(name, bytes)
    .replace(/\r\n?|[\u0085\u2028\v]/g, "\n")
    .replace(/[\f\u2029]/g, "\n\n");
  const at = text.search(CONTROL);
  if (at >= 0) throw notText(name, text, at);
  return withoutInvisible(text);
}

/** The text as a reader sees it. */
export function withoutInvisible(text: string): string {
  return text.replace(INVISIBLE, "");
}

/** @throws CodedError `DOCUMENT_TOO_LARGE` when there are more bytes than the limit. */
export function requireSize(name: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw aiError("DOCUMENT_TOO_LARGE", {
    message: `${name} has ${bytes} bytes; a file of its kind may have ${limit}`,
    fix: "split the file into several contributions",
    facts: { name, bytes, limit },
  });
}

function notText(name: string, text: string, at: number) {
  const line = text.slice(0, at).split("\n").length;
  const character = `U+${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0")}`;
  return aiError("DOCUMENT_NOT_TEXT", {
    message: `${name}, line ${line}: the control character ${character} is no text`,
    fix: "save the file as plain UTF-8 text (UTF-16 and binary files are not read)",
    facts: { name, line, character },
  });
}

function decodeUtf8(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const at = firstBadByte(bytes);
    throw aiError("DOCUMENT_NOT_UTF8", {
      message: `${name} is not UTF-8 text: byte ${at} cannot be read`,
      fix: "save the file with the encoding UTF-8",
      facts: { name, offset: at },
      cause,
    });
  }
}

/** Offset of the first byte at which UTF-8 breaks, by halving over prefixes that may end inside a character. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  while (!isUtf8(bytes.subarray(0, good), false)) good--;
  return good;
}

function isUtf8(bytes: Uint8Array, mayBeCut: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: mayBeCut });
    return true;
  } catch {
    return false;
  }
}
