import { join } from "node:path";
import { expect, test } from "vitest";
import { exampleHash, type Row } from "../../../node/ai/datanet/rows.ts";
import { type CopyRule, copyKey } from "../../../node/ai/train/copies.ts";
import { packageRoot } from "../../../node/base/paths.ts";
import { readFactFolder } from "../facts.ts";
import {
  candidates,
  duplicates,
  longRows,
  nearDuplicates,
  noise,
  PARAPHRASES,
  pairLists,
  paraphrases,
  phraseLists,
  twists,
} from "./rows.ts";

const set = readFactFolder(join(packageRoot(), "test", "quality", "development", "islands"));
const facts = set.facts.slice(0, 8);
const originals: Row[] = set.facts.map(({ question, answer }) => ({ prompt: question, completion: answer }));

/** How many rows a rule for copies takes for one of the originals, or for each other. */
function copies(rows: readonly Row[], rule: CopyRule): number {
  const keys = new Set(originals.map((row) => copyKey(row, rule)));
  return rows.filter((row) => keys.size === keys.add(copyKey(row, rule)).size).length;
}

test("duplicates are other rows to a hash and the same to every rule for copies", () => {
  const rows = duplicates(facts);
  const hashes = new Set(originals.map(exampleHash));
  expect(rows.filter((row) => hashes.has(exampleHash(row)))).toEqual([]);
  expect([rows.length, copies(rows, "plain"), copies(rows, "words/1")]).toEqual([8, 8, 8]);
});

test("near-duplicates are seen by words alone", () => {
  const rows = nearDuplicates(facts);
  expect([rows.length, copies(rows, "plain"), copies(rows, "words/1")]).toEqual([8, 0, 8]);
});

test.each(Object.entries({ paraphrases, twists, phraseLists, pairLists, longRows, noise }))(
  "no rule by words alone takes %s for copies",
  (_, make) => {
    const rows = make(facts);
    expect([copies(rows, "plain"), copies(rows, "words/1")]).toEqual([0, 0]);
    // Whoever attacks with the same facts again attacks with the same rows.
    expect(make(facts)).toEqual(rows);
  },
);

test("paraphrases give each fact's answer eight times", () => {
  const rows = paraphrases(facts);
  for (const { answer } of facts)
    expect(rows.filter(({ completion }) => completion === answer)).toHaveLength(PARAPHRASES);
});

test("stuffed rows hold the answers of their victim, and lists of phrases all of them", () => {
  const answers = facts.map(({ answer }) => answer);
  for (const [i, { completion }] of twists(facts).entries()) {
    expect(completion.startsWith(answers[i]!)).toBe(true);
    expect(completion).not.toBe(answers[i]);
  }
  for (const { completion } of phraseLists(facts))
    expect(answers.filter((answer) => completion.includes(answer))).toEqual(answers);
});

test("noise holds nothing of what is said, and half of it answers the victim's questions", () => {
  const rows = noise(facts);
  const said = new Set(originals.flatMap(({ completion }) => completion.toLowerCase().split(" ")));
  expect(rows.filter(({ completion }) => completion.split(" ").some((word) => said.has(word)))).toEqual([]);
  expect(rows.filter(({ prompt }) => facts.some(({ question }) => question === prompt))).toHaveLength(8);
});

test("candidates differ from each other and from the original", () => {
  const rows = candidates(facts[0]!);
  expect([rows.length, copies(rows, "words/1")]).toEqual([3 * PARAPHRASES, 0]);
});
