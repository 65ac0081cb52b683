import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Random } from "../../../node/base/random.ts";
import { DOCUMENT_KINDS } from "./documents.ts";
import { NameSource, nameAt, WORLD_NAMES } from "./names.ts";
import { RELATIONS, SHARED_QUESTIONS, SHARED_STATEMENTS } from "./phrasing.ts";
import { clozeQuestion, noisyQuestion } from "./questions.ts";
import { oddString } from "./strings.ts";
import { BLOCK_COUNT, TrainingText } from "./text.ts";
import { makeWorld } from "./world.ts";

/** Documents of a block up to `bytes` characters. */
function block(index: number, bytes: number, seed = 7): string[] {
  const documents: string[] = [];
  let total = 0;
  for (const document of new TrainingText(seed).documents(index)) {
    documents.push(document);
    total += document.length;
    if (total >= bytes) return documents;
  }
  return documents;
}

describe("random numbers", () => {
  test("the same words give the same numbers, other words others", () => {
    const draw = (...words: number[]) => {
      const random = new Random(...words);
      return Array.from({ length: 4 }, () => random.next());
    };
    expect(draw(1, 2)).toEqual([4276539435, 2647891944, 1835600780, 2005375860]);
    expect(draw(1, 2)).not.toEqual(draw(2, 1));
  });

  test("a sample has no item twice", () => {
    const random = new Random(3);
    const items = Array.from({ length: 20 }, (_, i) => i);
    for (let i = 0; i < 50; i++) expect(new Set(random.sample(items, 12)).size).toBe(12);
    expect(() => random.pick([])).toThrow(RangeError);
  });
});

describe("names", () => {
  test("never repeat", () => {
    const names = new Set<string>();
    const from = [0, 500_000, 1_000_000, 2_050_000];
    for (const start of from) for (let i = 0; i < 40_000; i++) names.add(nameAt(start + i));
    expect(names.size).toBe(4 * 40_000);
  });

  test("a source stops at its limit", () => {
    const source = new NameSource(5, 6);
    expect(source.take()).toBe(nameAt(5));
    expect(() => source.take()).toThrow(RangeError);
  });

  test("no fresh name stands in two documents, and none is of the fixed world", () => {
    const fixed = new Set(Array.from({ length: WORLD_NAMES }, (_, i) => nameAt(i)));
    const first = new Set(Array.from({ length: 512 }, (_, i) => nameAt(WORLD_NAMES + 512 * 11 + i)));
    const inBlock = (index: number) =>
      new Set(
        block(index, 14_000)
          .join(" ")
          .match(/[A-Z][a-z]+/g),
      );
    expect([...inBlock(11)].filter((word) => first.has(word)).length).toBeGreaterThan(30);
    expect([...inBlock(12)].filter((word) => first.has(word))).toEqual([]);
    expect([...first].filter((word) => fixed.has(word))).toEqual([]);
  });
});

describe("questions", () => {
  const random = () => new Random(11);

  test("a cloze question asks for the value with an opening of its kind, and does not tell it", () => {
    const draw = random();
    for (let i = 0; i < 100; i++) {
      const question = clozeQuestion("The Vorel mill was built in 1894.", "1894", "year", draw);
      expect(question).not.toContain("1894");
      expect(question).toMatch(/\?$/);
    }
    expect(clozeQuestion("The fee is 3.", "4", "count", random())).toBe("The fee is 3?");
  });

  test("a noisy question keeps its names and numbers", () => {
    const draw = random();
    const asked = Array.from({ length: 50 }, () => noisyQuestion("Who guards the Vorel gate 17?", draw));
    for (const question of asked) expect(question).toMatch(/Vorel.*17.*\?$/);
    expect(new Set(asked).size).toBeGreaterThan(20);
  });
});

describe("odd strings", () => {
  test("are made of the pieces they are given, of signs and of every script, on one line", () => {
    const draw = new Random(12);
    const strings = Array.from({ length: 3000 }, () => oddString(draw, ["ries", " fir"]));
    const all = strings.join("");
    for (const piece of ["ries", " fir", ..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"])
      expect(all).toContain(piece);
    for (const script of ["Latin", "Greek", "Cyrillic", "Hebrew", "Arabic", "Thai", "Hiragana", "Hangul"])
      expect(all).toMatch(new RegExp(`\\p{Script=${script}}`, "u"));
    expect(all).not.toContain("\n");
    expect(strings.every((text) => text.length > 0 && !/\p{Surrogate}/u.test(text))).toBe(true);
  });
});

describe("the training text", () => {
  test("is the same text everywhere", () => {
    const hash = createHash("sha256").update(block(0, 20_000).join("\0")).digest("hex");
    expect(hash).toBe("bd0948d2fa2f5bc4acc9f1e400478706522caee22eec6ec65ba5181b7e3ab797");
  });

  test("can be made from any block on, and every block has names enough", () => {
    expect(block(40, 14_000)).toEqual(block(40, 14_000));
    expect(block(40, 14_000)).not.toEqual(block(41, 14_000));
    expect(block(BLOCK_COUNT - 1, 16_000).length).toBeGreaterThan(10);
    expect(() => block(BLOCK_COUNT, 10)).toThrow(RangeError);
  });

  test("has at least 50 relations with three statements and three questions each", () => {
    expect(RELATIONS.length).toBeGreaterThanOrEqual(50);
    for (const { statements, questions } of RELATIONS) {
      expect(new Set(statements).size).toBeGreaterThanOrEqual(3);
      expect(new Set(questions).size).toBeGreaterThanOrEqual(3);
      for (const text of [...statements, ...questions]) expect(text).toContain("{s}");
      for (const text of statements) expect(text).toMatch(/\{v\}.*\.$/);
      for (const text of questions) expect(text).toMatch(/\?$/);
    }
    for (const text of [...SHARED_STATEMENTS, ...SHARED_QUESTIONS]) expect(text).toContain("{n}");
  });

  test("uses every kind of document and answers in the one form", () => {
    expect(DOCUMENT_KINDS.reduce((sum, kind) => sum + kind.share, 0)).toBe(100);
    const lines = block(3, 10_000).join("\n").split("\n");
    const asked = lines.flatMap((line, i) => (line.startsWith("Question: ") ? [i] : []));
    expect(asked.length).toBeGreaterThan(30);
    for (const i of asked) {
      expect(lines[i]).toMatch(/\?$/);
      expect(lines[i + 1]).toMatch(/^Answer: \S/);
    }
  });

  test("the fixed world is fixed", () => {
    const [first] = makeWorld();
    expect(first?.map((fact) => fact.value)).toEqual(makeWorld()[0]?.map((fact) => fact.value));
    expect(first).toHaveLength(4);
  });
});
