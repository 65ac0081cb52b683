import { join } from "node:path";
import { expect, test } from "vitest";
import { Session } from "../../native/js/index.ts";
import { packageRoot } from "../base/paths.ts";
import { attributionOf, querySketch } from "./attribution/build.ts";
import { partsIn } from "./attribution/index-contents.ts";
import { mapIndex } from "./attribution/mapped-index.ts";
import { scoreOf, trueList } from "./attribution/score.ts";
import { allScores, recordOf } from "./attribution/sketch-index.ts";
import { exampleHash } from "./datanet/rows.ts";
import { readModelFolder } from "./model/files.ts";
import { loadModel } from "./model/load.ts";
import { checkedPrompt, generateAnswer } from "./serve/inference.ts";
import { FACTS } from "./testing/facts.ts";
import { DEFAULT_METHOD } from "./train/method.ts";
import type { RowPlace, TrainingExample } from "./train/snapshot.ts";
import { trainAdapter } from "./train/train.ts";

const NAMES = [...new Set(FACTS.map(({ contributor }) => contributor))];
const contributionOf = (name: string) => BigInt(1 + NAMES.indexOf(name));

test("the shipped model learns facts it never saw, and the index finds who taught them", {
  timeout: 300_000,
}, async () => {
  const session = new Session();
  const base = await loadModel(await readModelFolder(join(packageRoot(), "node/ai/base-model/model")));
  const rows: TrainingExample[] = FACTS.map(({ prompt, completion }, rowId) => {
    const row = { prompt, completion };
    return { rowId, row, exampleHash: exampleHash(row) };
  });
  const places = FACTS.map(({ contributor }, rowId): RowPlace => {
    const place = { rowId, first: rowId, row: rowId, contributor: "0x" as const };
    return { ...place, contributionId: contributionOf(contributor), exampleHash: rows[rowId]!.exampleHash };
  });
  const trained = await trainAdapter(session, base, rows, DEFAULT_METHOD);
  const adapter = trained.native;
  const set = { places, examples: rows };
  const { basis, index: built } = await attributionOf(session, base, adapter, set, DEFAULT_METHOD);
  const { commitment } = built;
  const index = await mapIndex(partsIn(built.bytes, commitment), commitment);

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
      const query = await querySketch(session, base.native, adapter, basis, commitment, example);
      const scores = await allScores(index, query);
      // The native scan and the plain sum are the same integers.
      expect(scores.map(({ score }) => score)).toEqual(
        rows.map(({ rowId }) => scoreOf(query, recordOf(index, rowId), commitment.e0)),
      );
      const { weights, contributionIds } = trueList(commitment, scores, (rowId) => recordOf(index, rowId));
      const best = weights.reduce((a, weight, i) => (weight > weights[a]! ? i : a), 0);
      if (contributionIds[best] === contributionOf(contributor)) count[`${kind}Source`] += 1;
    }
  }
  console.info("of 20 questions:", count);
  expect(count.base).toBeLessThanOrEqual(1);
  expect(count.own).toBeGreaterThanOrEqual(19);
  expect(count.ownSource).toBeGreaterThanOrEqual(19);
  expect(count.reworded).toBeGreaterThanOrEqual(17);
});
