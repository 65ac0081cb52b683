import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Sampling } from "./engine-types.ts";
import { GREEDY_SAMPLING, sampleToken } from "./sampling.ts";

interface Vector {
  logits: number[];
  prompt: number[];
  answer: number[];
  sampling: Omit<Sampling, "seed"> & { seed: string };
  token: number;
}

const FILE = new URL("sampling-vectors.json", import.meta.url);
/** Made by a program that works with exact fractions and shares no code with this one. */
const vectors = JSON.parse(readFileSync(FILE, "utf8")) as Vector[];

const SAMPLED: Sampling = { ...GREEDY_SAMPLING, temperature: 1_000 };
const MASK = (1n << 64n) - 1n;

/** Philox 4x32-10, written anew: the first two words. */
function philox(seed: bigint, choice: number, position: number): bigint {
  const low = (x: bigint) => x & 0xffff_ffffn;
  let [c0, c1, c2, c3] = [BigInt(position), BigInt(choice), 0n, 0n];
  let [k0, k1] = [low(seed), seed >> 32n];
  for (let round = 0; round < 10; round++) {
    const [a, b] = [0xd251_1f53n * c0, 0xcd9e_8d57n * c2];
    [c0, c1, c2, c3] = [(b >> 32n) ^ c1 ^ k0, low(b), (a >> 32n) ^ c3 ^ k1, low(a)];
    [k0, k1] = [low(k0 + 0x9e37_79b9n), low(k1 + 0xbb67_ae85n)];
  }
  return (c1 << 32n) | c0;
}

const f = Math.fround;

/** The rules of native/spec.md in plain steps; weights by fp64's exp, so only for logits whose weights are far from a half. */
function choose(logits: number[], answer: number[], s: Sampling): number {
  const scaled = logits.map((x) => f(f(x) / f(s.temperature / 1_000)));
  const max = Math.max(...scaled);
  let kept = scaled
    .map((x, id) => ({ id, weight: BigInt(Math.round(2 ** 30 * Math.exp(x - max))) }))
    .filter(({ weight }) => weight > 0n)
    .sort((a, b) => (a.weight === b.weight ? a.id - b.id : a.weight > b.weight ? -1 : 1));
  if (s.topK > 0) kept = kept.slice(0, s.topK);
  const total = kept.reduce((sum, { weight }) => sum + weight, 0n);
  let held = 0n;
  kept = kept.filter(({ weight }) => {
    const stays = held * 1_000_000n < total * BigInt(s.topP);
    if (stays) held += weight;
    return stays;
  });
  const mark = ((philox(s.seed, s.choice, answer.length) & MASK) * held) >> 64n;
  let passed = 0n;
  return kept.find(({ weight }) => {
    passed += weight;
    return mark < passed;
  })!.id;
}

describe("the exact choice of a token", () => {
  it("is the written vectors'", () => {
    for (const { logits, prompt, answer, sampling, token } of vectors) {
      const given = { ...sampling, seed: BigInt(sampling.seed) };
      expect(sampleToken(Float32Array.from(logits), prompt, answer, given), JSON.stringify(sampling)).toBe(
        token,
      );
    }
  });

  it("agrees with the rules written anew, for many seeds, choices and positions", () => {
    // Far apart in weight, so that the last bit of an exponential moves no boundary that a draw meets.
    const logits = [0.5, -1, 2, 1.25, 0, -3, 1.9, 0.75];
    for (let i = 0; i < 400; i++) {
      const answer = Array.from({ length: i % 5 }, () => 1);
      const sampling = {
        ...SAMPLED,
        ...{ seed: BigInt(i) * 0x1_0000_0001n, choice: i % 3, temperature: 500 + 100 * (i % 9) },
        ...{ topK: i % 4 === 0 ? 3 : 0, topP: i % 5 === 0 ? 700_000 : 1_000_000 },
      };
      const expected = choose(logits, answer, sampling);
      expect(sampleToken(Float32Array.from(logits), [], answer, sampling), `${i}`).toBe(expected);
    }
  });

  it("draws each token as often as its weight says", () => {
    const logits = Float32Array.from([1, 0, 2, -40]);
    const counts = [0, 0, 0, 0];
    const draws = 20_000;
    for (let i = 0; i < draws; i++) counts[sampleToken(logits, [], [], { ...SAMPLED, seed: BigInt(i) })]!++;
    const weights = [...logits].map((x) => Math.exp(x - 2));
    const sum = weights.reduce((a, b) => a + b);
    for (const [i, weight] of weights.entries())
      expect(Math.abs(counts[i]! / draws - weight / sum)).toBeLessThan(0.015);
    expect(counts[3]).toBe(0);
  });

  it("takes the largest at temperature 0, the lower id in a tie; penalties come first", () => {
    const at = (logits: number[], prompt: number[], answer: number[], change: Partial<Sampling>) =>
      sampleToken(Float32Array.from(logits), prompt, answer, { ...GREEDY_SAMPLING, ...change });
    expect(at([1, 3, 3], [], [], {})).toBe(1);
    expect(at([1, 3, 2], [1], [], { repetition: 2_000 })).toBe(2);
    expect(at([-1, -1.5], [0], [], { repetition: 2_000 })).toBe(1);
    expect(at([1, 3, 2.5], [1], [], { presence: 1_000 })).toBe(1);
    expect(at([1, 3, 2.5], [], [1], { presence: 1_000 })).toBe(2);
    // Each id once, however often it came.
    expect(at([1, 3, 2.5], [], [1, 1, 1, 1], { presence: 400 })).toBe(1);
    expect(at([1, 5], [], [], { temperature: 1_000, topK: 1 })).toBe(1);
    expect(at([1, 5], [], [], { temperature: 100_000, topP: 1 })).toBe(1);
    // Many ties, lists of every length: the first of the largest.
    for (let n = 1; n < 80; n++) {
      const logits = Array.from({ length: n }, (_, i) => ((i * i * 7 + n) % 5) - 7);
      expect(at(logits, [], [], {})).toBe(logits.indexOf(Math.max(...logits)));
    }
  });

  it("refuses parameters out of bounds and logits that are not finite", () => {
    const code = (name: string) => expect.objectContaining({ code: name });
    const refuse = (change: Partial<Sampling>) =>
      expect(() => sampleToken(Float32Array.of(1, 2), [], [], { ...SAMPLED, ...change })).toThrow(
        code("NATIVE_ARGUMENT"),
      );
    for (const change of [
      { temperature: -1 },
      { temperature: 100_001 },
      { topK: -1 },
      { topP: 0 },
      { topP: 1_000_001 },
    ])
      refuse(change);
    for (const change of [{ repetition: 0 }, { presence: 100_001 }, { choice: -1 }]) refuse(change);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => sampleToken(Float32Array.of(bad, 2), [], [], SAMPLED)).toThrow(code("NATIVE_NUMERIC"));
  });
});
