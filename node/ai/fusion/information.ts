import { aiError } from "../errors.ts";

/** Bits of a token that occurs nowhere, and the most that any has. */
export const MOST_INFORMATION = 15;

/**
 * b[t] = clamp(floor(log2(N / c)), 1, 15), where c is the token's count, N the sum of all, and a token that does not occur has 15.
 * @param counts occurrences of token ids below `idLimit`; a token may come several times (once a shard)
 * @throws CodedError `METHOD_INVALID` for a token id that is not below `idLimit`
 */
export function informationTable(
  counts: Iterable<{ token: number; count: number }>,
  idLimit: number,
): Uint8Array {
  const sums = new Float64Array(idLimit);
  let total = 0;
  for (const { token, count } of counts) {
    if (token >= idLimit) {
      throw aiError("METHOD_INVALID", {
        message: `the documents hold token id ${token}, the tokenizer has ${idLimit} ids`,
        fix: "index documents that were encoded with the model's own tokenizer",
        facts: { token, idLimit },
      });
    }
    sums[token]! += count;
    total += count;
  }
  return Uint8Array.from(sums, (count) => {
    let bits = 0;
    // Sums stay below 2^36, so the products are exact.
    while (bits < MOST_INFORMATION && count * 2 ** (bits + 1) <= total) bits++;
    return Math.max(1, bits);
  });
}

/** Information of a text up to each token: sums[end] - sums[start] is that of its tokens from start to end, in whole bits. */
export function informationSums(table: Uint8Array, tokens: Uint32Array): Uint32Array {
  const sums = new Uint32Array(tokens.length + 1);
  for (let i = 0; i < tokens.length; i++) sums[i + 1] = sums[i]! + (table[tokens[i]!] ?? MOST_INFORMATION);
  return sums;
}
