import { digitsOf, SHORT_BYTES, shortDigits, writeDigits } from "./hex-digits.ts";

/** Text that holds bytes: `0x` and two digits a byte. */
type HexText = `0x${string}`;

const EMPTY = new Uint8Array(0);

const NOT_ASCII = /[^ -~]/;

/** Value of each digit's character code; 255 where it is none. */
const DIGITS = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  DIGITS[i.toString(16).charCodeAt(0)] = i;
  DIGITS[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

function badHex(hex: string): Error {
  const shown = hex.length > 80 ? `${hex.slice(0, 80)}…` : hex;
  return new Error(`not 0x-prefixed hex of whole bytes: ${shown}`);
}

/** The bytes of 0x-prefixed text in either case. @throws Error for an odd number of digits and what is no hex. */
export function hexToBytes(hex: string): Uint8Array {
  const digits = hex.length - 2;
  if (digits < 0 || digits % 2 !== 0 || !hex.startsWith("0x")) throw badHex(hex);
  const length = digits / 2;
  const bytes = new Uint8Array(length);
  if (length > SHORT_BYTES) {
    // The runtime looks at the lower byte of a character only.
    if (NOT_ASCII.test(hex) || writeDigits(hex.slice(2), bytes) !== length) throw badHex(hex);
    return bytes;
  }
  for (let i = 0, at = 2; i < length; i++, at += 2) {
    const high = DIGITS[hex.charCodeAt(at)] ?? 255;
    const low = DIGITS[hex.charCodeAt(at + 1)] ?? 255;
    if ((high | low) > 15) throw badHex(hex);
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Writes the bytes of 0x-prefixed text from `at` on. @throws Error as {@link hexToBytes}; RangeError where they don't fit. */
export function writeHex(hex: string, out: Uint8Array, at: number): void {
  const length = (hex.length - 2) / 2;
  if (!Number.isInteger(length) || !hex.startsWith("0x")) throw badHex(hex);
  if (at + length > out.length) throw new RangeError(`${length} bytes don't fit at ${at} of ${out.length}`);
  for (let i = 0, from = 2; i < length; i++, from += 2) {
    const high = DIGITS[hex.charCodeAt(from)] ?? 255;
    const low = DIGITS[hex.charCodeAt(from + 1)] ?? 255;
    if ((high | low) > 15) throw badHex(hex);
    out[at + i] = (high << 4) | low;
  }
}

/** Lower-case hex with `0x`. */
export function bytesToHex(bytes: Uint8Array): HexText {
  return bytes.length > SHORT_BYTES ? `0x${digitsOf(bytes)}` : shortDigits(bytes);
}

/** All parts, one after the other, in new memory; any number of them. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** {@link joinBytes} of a few parts that the call names one by one. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return joinBytes(parts);
}

export function equalsBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Order of bytes as unsigned numbers from the first on; a prefix goes first. Negative: `a` before `b`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** Big-endian bytes as a number; none is 0. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  const { length } = bytes;
  if (length <= 6) {
    let small = 0;
    for (let i = 0; i < length; i++) small = small * 256 + bytes[i]!;
    return BigInt(small);
  }
  if (length > SHORT_BYTES) return BigInt(bytesToHex(bytes));
  let value = 0n;
  let at = 0;
  // Six bytes fit a double exactly; what is left over of them goes first.
  for (let end = length % 6 || 6; at < length; end = at + 6) {
    let part = 0;
    for (; at < end; at++) part = part * 256 + bytes[at]!;
    value = (value << 48n) | BigInt(part);
  }
  return value;
}

/** Big-endian, `length` bytes. @throws RangeError for a negative number and one that needs more. */
export function bigIntToBytes(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  let at = length;
  while (at > 0 && rest > 0xffffffffffffn) {
    let part = Number(rest & 0xffffffffffffn);
    rest >>= 48n;
    for (let i = 0; i < 6; i++) {
      if (at > 0) bytes[--at] = part % 256;
      else if (part % 256 !== 0) throw tooLarge(value, length);
      part = Math.floor(part / 256);
    }
  }
  if (rest < 0n || rest > 0xffffffffffffn) throw tooLarge(value, length);
  for (let part = Number(rest); part > 0; part = Math.floor(part / 256)) {
    if (at === 0) throw tooLarge(value, length);
    bytes[--at] = part % 256;
  }
  return bytes;
}

function tooLarge(value: bigint, length: number): RangeError {
  return new RangeError(`${value} is not an unsigned number of ${length} bytes`);
}

/** Big-endian in as few bytes as it needs; 0 needs none. @throws RangeError for a negative number. */
export function bigIntToUnpaddedBytes(value: bigint): Uint8Array {
  if (value === 0n) return EMPTY;
  if (value < 0n) throw new RangeError(`${value} is not an unsigned number`);
  if (value < 256n) return Uint8Array.of(Number(value));
  const hex = value.toString(16);
  return hexToBytes(hex.length % 2 === 0 ? `0x${hex}` : `0x0${hex}`);
}

/** Without leading zero bytes; shares memory. */
export function unpadBytes(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start++;
  return start === 0 ? bytes : bytes.subarray(start);
}

/** `length` bytes with zeros in front; longer input is an error. Input of that length comes back as it is. */
export function setLengthLeft(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  if (bytes.length > length) throw new RangeError(`${bytes.length} bytes do not fit into ${length}`);
  const padded = new Uint8Array(length);
  padded.set(bytes, length - bytes.length);
  return padded;
}

/** The text's UTF-8 bytes. */
export function utf8ToBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
