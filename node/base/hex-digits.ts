/** Up to here a loop over the digits is faster than the runtime's own conversion. */
export const SHORT_BYTES = 64;

/** The two characters of each byte, the first one in the low half. */
const PAIRS = new Uint16Array(256);
for (let i = 0; i < 256; i++) {
  const text = i.toString(16).padStart(2, "0");
  PAIRS[i] = text.charCodeAt(0) | (text.charCodeAt(1) << 8);
}

/** `0x` and the digits of a short text, reused: what it holds is copied into the string at once. */
const scratch = Buffer.alloc(2 + 2 * SHORT_BYTES);
scratch.write("0x", "latin1");

/** Writes the bytes of digits of either case, up to the first character that is none. @returns how many were written. */
export function writeDigits(digits: string, out: Uint8Array): number {
  return Buffer.from(out.buffer, out.byteOffset, out.length).write(digits, "hex");
}

/** The lower-case digits of bytes. */
export function digitsOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** `0x` and the digits of at most {@link SHORT_BYTES} bytes. */
export function shortDigits(bytes: Uint8Array): `0x${string}` {
  const { length } = bytes;
  for (let i = 0, at = 2; i < length; i++, at += 2) {
    const pair = PAIRS[bytes[i]!]!;
    scratch[at] = pair & 0xff;
    scratch[at + 1] = pair >> 8;
  }
  return scratch.toString("latin1", 0, 2 + 2 * length) as `0x${string}`;
}
