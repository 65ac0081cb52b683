import { join } from "node:path";
import { expect, test } from "vitest";
import { Session } from "../../native/js/index.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import { TINY_METHOD, tinyModelFiles } from "../../node/ai/testing/tiny-model.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { cellOf } from "./evaluate.ts";
import { type FactSet, readFactFolder } from "./facts.ts";
import { RULES } from "./pay.ts";
import { runTrial, type TrialAnswer } from "./trial.ts";

const development = join(packageRoot(), "test", "quality", "development");
const folder = join(development, "islands");

test.each(["islands", "tellers"])("the development set %s is read like a judging one", (name) => {
  const set = readFactFolder(join(development, name));
  expect([set.name, set.contributors.length, set.facts.length, set.sentences.length]).toEqual([
    name,
    5,
    40,
    40,
  ]);
});

test("a trial trains, answers, pays, and finds without whom an answer would have been least likely", async () => {
  const whole = readFactFolder(folder);
  const contributors = whole.contributors.slice(0, 2);
  const names = new Set(contributors.map(({ name }) => name));
  const set: FactSet = {
    ...whole,
    contributors,
    facts: whole.facts.filter(({ contributor }) => names.has(contributor)).slice(4, 10),
    sentences: [],
  };
  const session = new Session({ threads: 1 });
  const base = await loadModel(tinyModelFiles());
  const method = { ...TINY_METHOD, training: { ...TINY_METHOD.training, warmupSteps: 1 } };
  const input = { session, base, set, form: "pairs", method, judge: "shapley" } as const;
  const answers = (await runTrial(input, ["own"])).get("own")!;
  expect(answers).toHaveLength(6);
  for (const { causal, shapley, first, shares, byRule } of answers) {
    expect(names).toContain(causal);
    expect([...shapley!.keys()]).toEqual([...names]);
    // The claim pays by influence alone.
    expect(byRule.get("fused")).toEqual({ first, shares });
    expect([...byRule.keys()].sort()).toEqual(Object.keys(RULES).sort());
    for (const paid of byRule.values()) {
      const sum = [...paid.shares.values()].reduce((total, share) => total + share, 0);
      if (paid.shares.size > 0) expect(sum).toBeCloseTo(1, 9);
    }
  }
  expect(await runTrial(input, ["own"])).toEqual(new Map([["own", answers]]));
}, 120_000);

test("a cell counts what it says", () => {
  const set = readFactFolder(folder);
  const answer = (index: number, part: Partial<TrialAnswer>): TrialAnswer => {
    const fact = set.facts[index]!;
    const paid = { first: fact.contributor, shares: new Map([[fact.contributor, 1]]) };
    return {
      fact,
      question: fact.question,
      answer: fact.answer,
      exact: true,
      causal: fact.contributor,
      byRule: new Map(),
      ...paid,
      ...part,
    };
  };
  const other = set.contributors[4]!.name;
  const cell = cellOf(set, "pairs", [
    answer(0, {}),
    answer(1, { exact: false, causal: other }),
    answer(2, { first: other, shares: new Map([[other, 0.75]]) }),
    answer(3, { first: undefined, shares: new Map(), causal: undefined }),
  ]);
  expect(cell).toEqual({ exact: 3, of: 4, owner: 2, causalFirst: 1, causalShare: 0.25, bm25Causal: 2 });
});
