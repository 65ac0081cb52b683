/** Longer texts are converted by {@link digitsOf}; see the twin. */
export const SHORT_BYTES = 64;

const PAIRS = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** Writes the bytes of digits of either case, up to the first character that is none. @returns how many were written. */
export function writeDigits(digits: string, out: Uint8Array): number {
  const most = Math.min(out.length, Math.floor(digits.length / 2));
  for (let i = 0; i < most; i++) {
    const pair = digits.slice(2 * i, 2 * i + 2);
    if (!/^[0-9a-fA-F]{2}$/.test(pair)) return i;
    out[i] = Number.parseInt(pair, 16);
  }
  return most;
}

/** The lower-case digits of bytes. */
export function digitsOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += PAIRS[byte];
  return text;
}

/** `0x` and the digits of bytes. */
export function shortDigits(bytes: Uint8Array): `0x${string}` {
  return `0x${digitsOf(bytes)}`;
}
