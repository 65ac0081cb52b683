import { join } from "node:path";
import { expect, test } from "vitest";
import { Session } from "../../native/js/index.ts";
import { packageRoot } from "../base/paths.ts";
import type { Address } from "../chain/types/primitives.ts";
import { buildIndex, fitModelBasis, querySketch } from "./attribution/build.ts";
import { scoreOf, topRows, weightsOf } from "./attribution/score.ts";
import { exampleHash } from "./datanet/rows.ts";
import { readModelFolder } from "./model/files.ts";
import { loadModel } from "./model/load.ts";
import { checkedPrompt, generateAnswer, scoreAll } from "./serve/inference.ts";
import { FACTS } from "./testing/facts.ts";
import { DEFAULT_METHOD } from "./train/method.ts";
import type { TrainingExample } from "./train/snapshot.ts";
import { trainAdapter } from "./train/train.ts";

const addressOf = (name: string): Address => `0x${Buffer.from(name).toString("hex").padEnd(40, "0")}`;

test("the shipped model learns facts it never saw, and the index finds who taught them", {
  timeout: 300_000,
}, async () => {
  const session = new Session();
  const base = loadModel(await readModelFolder(join(packageRoot(), "node/ai/base-model/model")));
  const rows: TrainingExample[] = FACTS.map(({ contributor, prompt, completion }, rowId) => {
    const row = { prompt, completion };
    return { rowId, row, exampleHash: exampleHash(row), contributor: addressOf(contributor) };
  });
  const trained = await trainAdapter(session, base, rows, DEFAULT_METHOD);
  const adapter = trained.native;
  const basis = await fitModelBasis(session, base, adapter, rows, DEFAULT_METHOD);
  const index = await buildIndex(session, base, adapter, basis, rows, DEFAULT_METHOD);
  const { e0, floor, topK } = index.commitment;

  const run = async (question: string, taught: boolean) => {
    const ids = await checkedPrompt(base, question);
    const { answer, outputIds } = await generateAnswer(session, base, taught ? adapter : undefined, ids, 40);
    return { answer, example: { ids: [...ids, ...outputIds], completionStart: ids.length } };
  };
  const count = { base: 0, own: 0, ownSource: 0, reworded: 0, rewordedSource: 0 };
  for (const { prompt, reworded, completion, contributor } of FACTS) {
    if ((await run(prompt, false)).answer === completion) count.base += 1;
    for (const [question, kind] of [
      [prompt, "own"],
      [reworded, "reworded"],
    ] as const) {
      const { answer, example } = await run(question, true);
      if (answer === completion) count[kind] += 1;
      const query = await querySketch(session, base.native, adapter, basis, index.commitment, example);
      const scores = scoreAll(index, query);
      // The native scan and the plain sum are the same integers.
      expect(scores.map(({ score }) => score)).toEqual(
        index.records.map((record) => scoreOf(query, record, e0)),
      );
      const weights = weightsOf(topRows(scores, topK), (row) => index.records[row]!.contributor, floor);
      const best = weights.reduce((a, b) => (b.weight > a.weight ? b : a));
      if (best.contributor === addressOf(contributor)) count[`${kind}Source`] += 1;
    }
  }
  console.info("of 20 questions:", count);
  expect(count.base).toBeLessThanOrEqual(1);
  expect(count.own).toBeGreaterThanOrEqual(19);
  expect(count.ownSource).toBeGreaterThanOrEqual(19);
});
