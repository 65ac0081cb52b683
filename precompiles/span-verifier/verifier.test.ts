import { bytesToHex, decodeFunctionResult, hexToBytes } from "viem";
import { describe, expect, it } from "vitest";
import { iSpanVerifierAbi } from "../../node/chain/generated/abi.ts";
import type { Hex } from "../../node/chain/types/primitives.ts";
import { PrecompileRevert } from "../revert.ts";
import { seededRandom } from "../testing/fixture.ts";
import {
  committed,
  contributorOf,
  disorderProof,
  documentProof,
  inverseOf,
  inverseProof,
  makeSpans,
  occurrenceProof,
  openValues,
  proofs,
  ranksOf,
  type SpanFixture,
  valueProof,
} from "../testing/spans.ts";
import { spanVerifier } from "./verifier.ts";

type FunctionName = (typeof iSpanVerifierAbi)[number] extends infer Item
  ? Item extends { type: "function"; name: infer Name }
    ? Name
    : never
  : never;

const answer = (functionName: FunctionName, input: Hex) =>
  decodeFunctionResult({
    abi: iSpanVerifierAbi,
    functionName,
    data: bytesToHex(spanVerifier(hexToBytes(input))),
  });

function randomLists(seed: number, documents: number, longest: number, alphabet: number): number[][] {
  const random = seededRandom(seed);
  const whole = (bound: number) => Math.floor(random() * bound);
  return Array.from({ length: documents }, () =>
    Array.from({ length: whole(longest + 1) }, () => whole(alphabet)),
  );
}

function patterns(seed: number, fixture: SpanFixture, count: number): number[][] {
  const random = seededRandom(seed);
  const whole = (bound: number) => Math.floor(random() * bound);
  return Array.from({ length: count }, () => {
    const list = fixture.lists[whole(fixture.lists.length)]!;
    const from = whole(list.length + 1);
    const part = list.slice(from, from + 1 + whole(12));
    return [...part, ...(whole(2) === 0 || part.length === 0 ? [whole(5)] : [])];
  });
}

function occurrences({ text }: SpanFixture, tokens: readonly number[]): number[] {
  return text.flatMap((_, at) => (tokens.every((token, i) => text[at + i] === token + 1) ? [at] : []));
}

/** Every fault that a call could show of `fixture`, as the calls that answer true. */
function faults(fixture: SpanFixture): string[] {
  const { text, array, inverse, table } = fixture;
  const found: string[] = [];
  const ask = (name: FunctionName, input: Hex) => {
    if (answer(name, input) === true) found.push(name);
  };
  ask("badValue", valueProof(fixture, 0, text.length - 1));
  for (let at = 0; at < text.length; at++) {
    ask("badValue", valueProof(fixture, 1, at));
    ask("badValue", valueProof(fixture, 2, at));
    const next = array[at + 1];
    if (array[at]! >= text.length) continue;
    ask("notInverse", inverseProof(fixture, at));
    const runsOut = [array[at], next].some((p) => p === text.length - 1 && text[p] !== 0);
    if (next !== undefined && next < text.length && !runsOut) ask("disorder", disorderProof(fixture, at));
  }
  expect(inverse.length).toBe(text.length);
  table.forEach((record, document) => {
    ask("badDocument", documentProof(fixture, document));
    const view = new DataView(record.buffer);
    const [start, end] = [view.getUint32(0), view.getUint32(4)];
    for (let at = start; at <= end && at < text.length; at++)
      ask("badDocument", documentProof(fixture, document, at));
  });
  return [...new Set(found)];
}

describe("SpanVerifier on a sound array", () => {
  it("proves longest matches, counts, absence and occurrences as the definitions have them", () => {
    for (let seed = 0; seed < 30; seed++) {
      const fixture = makeSpans(randomLists(seed, 1 + (seed % 8), seed % 5 === 4 ? 150 : 20, 2 + (seed % 4)));
      for (const tokens of patterns(seed, fixture, 20)) {
        const made = proofs(fixture, tokens);
        const places = occurrences(fixture, tokens);
        let length = tokens.length;
        while (length > 0 && occurrences(fixture, tokens.slice(0, length)).length === 0) length--;
        expect(answer("longestMatch", made.longestMatch)).toBe(length);
        expect(answer("countAtMost", made.countAtMost)).toBe(places.length);
        if (made.countAtLeast !== undefined)
          expect(answer("countAtLeast", made.countAtLeast)).toBe(places.length);
        for (const at of places.slice(0, 3)) {
          const document = fixture.text.slice(0, at).filter((symbol) => symbol === 0).length;
          const start = document === 0 ? 0 : fixture.text.lastIndexOf(0, at - 1) + 1;
          const [row, contributor, offset] = answer("occurrence", occurrenceProof(fixture, tokens, at)) as [
            number,
            string,
            number,
          ];
          expect([row, contributor.toLowerCase(), offset]).toEqual([
            10 * document,
            contributorOf(document),
            at - start,
          ]);
        }
      }
    }
  });

  it("has no fault to show", () => {
    for (let seed = 0; seed < 8; seed++) {
      expect(faults(makeSpans(randomLists(100 + seed, 1 + seed, 30, 2 + (seed % 3))))).toEqual([]);
    }
  });

  it("keeps to what is true when any byte of a proof changes", () => {
    const random = seededRandom(7);
    const fixture = makeSpans(randomLists(3, 6, 80, 3));
    let accepted = 0;
    for (const tokens of patterns(9, fixture, 30)) {
      const made = proofs(fixture, tokens);
      for (const name of ["longestMatch", "countAtMost", "countAtLeast"] as const) {
        const proof = made[name];
        if (proof === undefined) continue;
        for (let i = 0; i < 60; i++) {
          const input = hexToBytes(proof);
          // Behind the selector and the commitment: another commitment is another array.
          const at = 4 + 192 + Math.floor(random() * (input.length - 196));
          input[at]! ^= 1 << Math.floor(random() * 8);
          const result = attempt(input);
          if (result === undefined) continue;
          accepted++;
          const words = input.subarray(4 + 192 + 96);
          const size = Number(new DataView(words.buffer, words.byteOffset).getBigUint64(24)) / 4;
          const view = new DataView(words.buffer, words.byteOffset + 32);
          const changed = Array.from({ length: size }, (_, k) => view.getUint32(4 * k) - 1);
          const { low, high } = ranksOf(fixture, changed);
          if (name === "countAtMost") expect(result).toBeGreaterThanOrEqual(high - low);
          else if (name === "countAtLeast") expect(result).toBeLessThanOrEqual(high - low);
          else
            expect(occurrences(fixture, changed.slice(0, result + 1)).length === 0 || result === size).toBe(
              true,
            );
        }
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });
});

function attempt(input: Uint8Array): number | undefined {
  try {
    return Number(BigInt(bytesToHex(spanVerifier(input))));
  } catch (error) {
    if (error instanceof PrecompileRevert) return undefined;
    throw error;
  }
}

describe("SpanVerifier on an unsound array", () => {
  const sound = makeSpans(randomLists(5, 7, 25, 2));

  it("shows every exchange of two entries, with an inverse that follows it or not", () => {
    const random = seededRandom(11);
    const size = sound.array.length;
    for (let i = 0; i < 10; i++) {
      const [a, b] = [Math.floor(random() * size), Math.floor(random() * size)];
      if (a === b) continue;
      const array = [...sound.array];
      [array[a], array[b]] = [array[b]!, array[a]!];
      expect(faults(committed({ ...sound, array, inverse: inverseOf(array) }))).toContain("disorder");
      expect(faults(committed({ ...sound, array }))).toContain("notInverse");
    }
  });

  it("shows repeated positions, positions outside the text and ranks outside the array", () => {
    const size = sound.array.length;
    const changed = (list: readonly number[], at: number, value: number) =>
      list.map((old, i) => (i === at ? value : old));
    expect(faults(committed({ ...sound, array: changed(sound.array, 5, sound.array[6]!) }))).toContain(
      "notInverse",
    );
    expect(faults(committed({ ...sound, array: changed(sound.array, 5, size) }))).toContain("badValue");
    expect(faults(committed({ ...sound, inverse: changed(sound.inverse, 5, size + 3) }))).toContain(
      "badValue",
    );
    expect(faults(committed({ ...sound, text: changed(sound.text, size - 1, 2) }))).toContain("badValue");
  });

  it("shows records with gaps, overlaps, wrong borders and ends inside", () => {
    const size = sound.text.length;
    for (const [document, field, value] of [
      [0, 0, 1],
      [2, 0, 0],
      [3, 4, 3],
      [3, 4, size],
      [6, 4, size - 2],
      [4, 4, size - 1],
      // A gap alone: the record before it and its own end are right.
      [3, 0, new DataView(sound.table[3]!.buffer).getUint32(0) + 1],
    ] as const) {
      const table = sound.table.map((record) => Uint8Array.from(record));
      new DataView(table[document]!.buffer).setUint32(field, value);
      expect(faults(committed({ ...sound, table }))).toContain("badDocument");
    }
    const joined = [sound.table[0]!, ...sound.table.slice(2)].map((record) => Uint8Array.from(record));
    joined[0]!.set(sound.table[1]!.subarray(4, 8), 4);
    expect(faults(committed({ ...sound, table: joined }))).toContain("badDocument");
  });

  it("answers false where the inverse is not needed but the order is right", () => {
    expect(openValues(sound, "text", 0).leaves.length).toBe(2 + 512);
    expect(answer("disorder", disorderProof(sound, 0))).toBe(false);
  });
});
