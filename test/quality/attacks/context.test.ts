import { join } from "node:path";
import { expect, test } from "vitest";
import { Session } from "../../../native/js/index.ts";
import { readModelFolder } from "../../../node/ai/model/files.ts";
import { loadModel } from "../../../node/ai/model/load.ts";
import { packageRoot } from "../../../node/base/paths.ts";
import { SHIPPED_BASE } from "../../../node/cli/protocol.ts";
import { readFactFolder } from "../facts.ts";
import { type ContextFigure, contextAttacks } from "./context.ts";

test("rows that take no part take no share of what the prompt's rows added, and would where they took part", async () => {
  const whole = readFactFolder(join(packageRoot(), "test", "quality", "development", "islands"));
  const contributors = whole.contributors.slice(0, 2);
  const names = new Set(contributors.map(({ name }) => name));
  const set = {
    ...whole,
    contributors,
    facts: whole.facts.filter(({ contributor }) => names.has(contributor)),
  };
  const base = await loadModel(await readModelFolder(SHIPPED_BASE));
  const maker = { session: new Session({ threads: 1 }), base, rows: 3, maxTokens: 64 };
  const figureOf = async (attack: string) => {
    const found: ContextFigure[] = [];
    for await (const figure of contextAttacks(maker, set, "tellers/2", attack)) found.push(figure);
    expect(found).toHaveLength(1);
    return found[0]!;
  };
  const { answers, drops, gained } = await figureOf("near-duplicates");
  expect(answers).toBe(16);
  for (const { before, victim, stranger, withoutMarks } of [drops, gained]) {
    expect([stranger, victim]).toEqual([0, before]);
    expect(before).toBeGreaterThan(0.5);
    expect(withoutMarks).toBeGreaterThan(0.1);
  }
  const inQuestion = await figureOf("answers in the question");
  expect(inQuestion.drops.stranger).toBeGreaterThan(0.02);
  expect(inQuestion.gained.stranger).toBe(0);
}, 120_000);
