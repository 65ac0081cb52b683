import { expect, test } from "vitest";
import {
  type ContextCell,
  contextCell,
  contextLines,
  type JudgedAnswer,
  type ShownAnswer,
} from "./context-cell.ts";

const UNIT = 2 ** 20;
const fact = { contributor: "asta", question: "Who?", reworded: "Whom?", answer: "Lena Ost" };
const rows = [
  { rowId: 4, row: { prompt: "Where?", completion: "Quandor" }, contributor: "bela" },
  { rowId: 7, row: { prompt: "Who?", completion: "Lena Ost" }, contributor: "asta" },
];
const judged = (answer: string, without: readonly number[], isExact = false): JudgedAnswer => ({
  ...{ answer, isExact },
  losses: {
    rule: "openledger/context/1",
    rows: rows.map(({ rowId }, i) => ({ rowId, without: without[i]! * UNIT })),
    base: { none: 40 * UNIT, all: 10 * UNIT },
    model: { none: 16 * UNIT, all: 8 * UNIT },
  },
});
const answer = (part: Partial<ShownAnswer>): ShownAnswer => ({
  ...{ fact, rows },
  base: judged("It is Lena Ost.", [9, 30]),
  both: judged("Lena Ost", [12, 30], true),
  trained: { answer: "Quandor", isExact: false },
  ...part,
});

test("counts which row an answer is owed to, and whose it is", () => {
  const cell = contextCell([
    answer({}),
    answer({ both: judged("Quandor", [12, 30]) }),
    answer({ both: judged("Nobody", [12, 12]), rows: [rows[0]!, rows[0]!] }),
    answer({ both: judged("Lena Ost", [10, 10]), trained: { answer: "Lena Ost", isExact: true } }),
  ]);
  expect(cell).toMatchObject({ of: 4, goldShown: 3, trainedExact: 1 });
  const { training, context, byBase, part, ...counts } = cell.both;
  expect(counts).toEqual({ exact: 1, named: 2, contributor: 2, said: 3, saidFirst: 1 });
  expect([training, context, byBase]).toEqual([24, 8, 30]);
  expect(part).toBeCloseTo(0.1875, 9);
  expect(cell.base).toMatchObject({ exact: 0, named: 4, contributor: 3, said: 3, saidFirst: 3 });
});

test("tells all of it in a line an answerer", () => {
  const cell: ContextCell = contextCell([answer({})]);
  expect(contextLines("made", cell)).toEqual([
    "made: 1 questions, the fact's row among those shown 1",
    "  base, rows              exact 0, value named 1; leaving each row out: contributor 1 of 1, a row that says the answer 1 of 1; nats: training 24.00, rows 8.00 (by the base 30.00); the rows' part 0.250",
    "  base and adapter, rows  exact 1, value named 1; leaving each row out: contributor 1 of 1, a row that says the answer 1 of 1; nats: training 24.00, rows 8.00 (by the base 30.00); the rows' part 0.250",
    "  base and adapter        exact 0",
  ]);
});
