import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CRYPTO_INVALID, CRYPTO_OPERATIONS, cryptoOperation } from "./crypto.ts";
import { byteSource, concat, fromHex, hex, number, word } from "./crypto-testing.ts";

function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

function native(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): string {
  const output = new Uint8Array(modulus.length + 8).fill(0xaa);
  const input = concat(u32(base.length), u32(exponent.length), u32(modulus.length), base, exponent, modulus);
  const answer = cryptoOperation(CRYPTO_OPERATIONS.modexp, input, output);
  expect(answer).toBe(modulus.length);
  expect(hex(output.subarray(answer))).toBe("aa".repeat(8));
  return hex(output.subarray(0, answer));
}

/** Square and multiply with BigInt, left-padded. */
function expected(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): string {
  const divisor = number(modulus);
  if (modulus.length === 0) return "";
  if (divisor === 0n) return "00".repeat(modulus.length);
  let result = 1n % divisor;
  let power = number(base) % divisor;
  for (let left = number(exponent); left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * power) % divisor;
    power = (power * power) % divisor;
  }
  return hex(word(result, modulus.length));
}

function agree(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): void {
  const found = native(base, exponent, modulus);
  if (found !== expected(base, exponent, modulus)) {
    throw new Error(`${hex(base)} ^ ${hex(exponent)} mod ${hex(modulus)}: ${found}`);
  }
}

describe("modexp", () => {
  test("the examples of EIP-198", () => {
    const p = fromHex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
    const e = fromHex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e");
    expect(native(Uint8Array.of(3), e, p)).toBe(`${"00".repeat(31)}01`);
    expect(native(new Uint8Array(), e, p)).toBe("00".repeat(32));
    // 3^0xffff mod 2^255, the answer of the third example.
    expect(native(Uint8Array.of(3), fromHex("ffff"), word(2n ** 255n))).toBe(
      "3b01b01ac41f2d6e917c6d6a221ce793802469026d9ab7578fa2e79e4da6aaab",
    );
  });

  test("nothing, zero and one in every place", () => {
    const values = [
      "",
      "00",
      "0000",
      "01",
      "0001",
      "02",
      "03",
      "000000000000000000",
      "0100000000000000000000",
      "ff",
    ];
    for (const base of values) {
      for (const exponent of values) {
        for (const modulus of values) agree(fromHex(base), fromHex(exponent), fromHex(modulus));
      }
    }
  });

  test("every small number", () => {
    for (let modulus = 0; modulus < 40; modulus++) {
      for (let base = 0; base < 18; base++) {
        for (let exponent = 0; exponent < 36; exponent++) {
          agree(Uint8Array.of(base), Uint8Array.of(exponent), Uint8Array.of(modulus));
        }
      }
    }
  });

  test("random numbers of all lengths, odd and even", () => {
    const next = byteSource("modexp");
    for (let i = 0; i < 3000; i++) {
      const [a, b, c, shape] = next(4) as unknown as [number, number, number, number];
      const modulus = Uint8Array.from(next(c % 70));
      if (shape & 1 && modulus.length > 0) modulus.fill(0, modulus.length - (a % modulus.length));
      if (shape & 2 && modulus.length > 0) modulus[modulus.length - 1]! |= 1;
      if (shape & 4) modulus.fill(0, 0, modulus.length >> 1);
      const base = Uint8Array.from(next(a % 90));
      if (shape & 8) base.fill(0, base.length >> 1);
      agree(base, next(b % 40), modulus);
    }
  });

  test("numbers of long runs of ones and zeros, where carries and quotients are largest", () => {
    const runs = fc
      .array(fc.tuple(fc.constantFrom(0, 0xff, 0x80, 1, 0x7f, 0xfe), fc.integer({ min: 1, max: 17 })), {
        maxLength: 8,
      })
      .map((parts) => concat(...parts.map(([byte, count]) => new Uint8Array(count).fill(byte))));
    const short = fc.oneof(runs, fc.uint8Array({ maxLength: 2 }));
    fc.assert(
      fc.property(runs, short, runs, (base, exponent, modulus) => agree(base, exponent, modulus)),
      { numRuns: 4000, seed: 5 },
    );
  });

  test("powers of two times odd numbers, around every limb", () => {
    for (const twos of [1, 2, 3, 31, 63, 64, 65, 127, 128, 129, 190, 256]) {
      for (const odd of [1n, 3n, 2n ** 64n - 1n, 2n ** 64n + 1n, 2n ** 128n - 159n, 5n ** 90n]) {
        const modulus = word(odd << BigInt(twos), 64);
        for (const base of [2n, 3n, 6n, 2n ** 64n, 2n ** 70n + 1n, 2n ** 200n - 1n, 7n ** 60n]) {
          for (const exponent of [1n, 17n, 31n, 200n, 257n, 2n ** 64n, 2n ** 70n + 5n, 3n ** 50n]) {
            agree(word(base, 40), word(exponent, 20), modulus);
          }
        }
      }
    }
  });

  test("long exponents and long numbers", () => {
    const next = byteSource("long");
    for (const [base, exponent, modulus] of [
      [8, 5000, 8],
      [16, 1200, 15],
      [300, 40, 256],
      [512, 3, 512],
      [1024, 20, 1024],
      [5, 300, 200],
      [2000, 2, 24],
    ] as const) {
      agree(next(base), next(exponent), next(modulus));
      agree(next(base), next(exponent), concat(next(modulus - 1), Uint8Array.of(0)));
    }
  });

  test("refuses lengths that are not those of the input", () => {
    const output = new Uint8Array(64);
    const call = (...parts: Uint8Array[]) =>
      cryptoOperation(CRYPTO_OPERATIONS.modexp, concat(...parts), output);
    expect(call(u32(1), u32(1), u32(1), new Uint8Array(2))).toBe(CRYPTO_INVALID);
    expect(call(u32(1), u32(1), u32(1), new Uint8Array(4))).toBe(CRYPTO_INVALID);
    expect(call(u32(0xffffffff), u32(0xffffffff), u32(2), new Uint8Array(0))).toBe(CRYPTO_INVALID);
    expect(() => call(u32(0), u32(0), u32(65), new Uint8Array(65))).toThrow(TypeError);
  });
});
