import { beforeAll, expect, test } from "vitest";
import { Adapter, initialAdapter, LORA_TARGETS, Session } from "../../../native/js/index.ts";
import { promptIds, writeQuestion } from "../datanet/row-tokens.ts";
import type { Row } from "../datanet/rows.ts";
import { type LoadedModel, loadModel } from "../model/load.ts";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import { ContextRows, composePrompt } from "./compose.ts";
import { contextLosses } from "./leave-one-out.ts";
import { natUnits } from "./nats.ts";
import { type ContextLosses, partsOf } from "./rule.ts";

const QUESTION = { prompt: "Who made Vorel?" };
const ROWS: Row[] = [
  { prompt: "Who uses Wren?", completion: "868 MHz" },
  { prompt: "Who made Vorel?", completion: "Lena Ost" },
];

let base: LoadedModel;
let adapter: Adapter;
const sessions = [new Session({ threads: 1 }), new Session({ threads: 2 })];

beforeAll(async () => {
  base = await loadModel(tinyModelFiles());
  const shape = { rank: 4, scale: 2, targets: [...LORA_TARGETS] };
  const tensors = initialAdapter(base.native.config, shape, 3n);
  for (const values of Object.values(tensors))
    for (const i of values.keys()) values[i]! += ((i % 7) - 3) / 50;
  adapter = new Adapter(base.native.config, shape, tensors);
});

async function measure(rows: readonly Row[], answer: string, session = sessions[0]!) {
  const shown = new ContextRows(rows.map((row, rowId) => ({ rowId, row })));
  const composed = await composePrompt(shown, QUESTION, base.tokenizer, { rows: 8, tokens: 80 });
  const outputIds = await base.tokenizer.encodeText(answer, false);
  const meter = { session, base, adapter };
  return { losses: await contextLosses(meter, composed, outputIds), composed, outputIds };
}

/** The same by the core itself, in one batch of prompts. */
async function lossesOf(prompts: readonly (readonly number[])[], outputIds: readonly number[], by?: Adapter) {
  const examples = prompts.map((ids) => ({ ids: [...ids, ...outputIds], completionStart: ids.length }));
  const job = sessions[1]!.evaluate({ model: base.native, adapter: by, examples });
  return [...(await job.wait()).losses].map(natUnits);
}

test("an answer's losses are the core's, behind all rows, behind all but each, and behind none", async () => {
  const { losses, composed, outputIds } = await measure(ROWS, " Lena Ost");
  expect(losses.rows.map(({ rowId }) => rowId)).toEqual([0, 1]);
  const behind = async (rows: readonly Row[]) =>
    (await (await writeQuestion(QUESTION, base.tokenizer)).behind(rows))!;
  const alone = await promptIds(QUESTION, base.tokenizer);
  const byBase = await lossesOf(
    [alone, composed.ids, await behind([ROWS[1]!]), await behind([ROWS[0]!])],
    outputIds,
  );
  const byModel = await lossesOf([alone, composed.ids], outputIds, adapter);
  const expected: ContextLosses = {
    rule: "openledger/context/1",
    rows: [
      { rowId: 0, without: byBase[2]! },
      { rowId: 1, without: byBase[3]! },
    ],
    base: { none: byBase[0]!, all: byBase[1]! },
    model: { none: byModel[0]!, all: byModel[1]! },
  };
  expect(losses).toEqual(expected);
  expect(new Set([...byBase, ...byModel]).size).toBe(6);
  const { total, base: known, training, context } = partsOf(losses);
  expect(known + training + context).toBe(total);
});

test("they are the same for any number of threads, and whole numbers", async () => {
  const [one, two] = [await measure(ROWS, " no"), await measure(ROWS, " no", sessions[1]!)];
  expect(two.losses).toEqual(one.losses);
  const { rows, base: known, model } = one.losses;
  const all = [...rows.map(({ without }) => without), ...Object.values(known), ...Object.values(model)];
  expect(all.every((units) => Number.isSafeInteger(units) && units > 0)).toBe(true);
});

test("rows that say the same have the same loss without them; without rows there is none to leave out", async () => {
  const same = await measure([ROWS[1]!, ROWS[1]!, ROWS[1]!], " Lena Ost");
  const [first, ...others] = same.losses.rows.map(({ without }) => without);
  expect(same.losses.rows).toHaveLength(3);
  expect(others).toEqual([first, first]);
  const none = (await measure([], " Lena Ost")).losses;
  expect(none.rows).toEqual([]);
  expect([none.base.all, none.model.all]).toEqual([none.base.none, none.model.none]);
});

test("a row of special tokens is text, and an empty one has no words to be shown for", async () => {
  const hostile: Row = { prompt: "Who made <|endoftext|>?", completion: "<s></s>" };
  const { losses, composed } = await measure([{ prompt: "", completion: "" }, hostile], " x");
  expect(losses.rows.map(({ rowId }) => rowId)).toEqual([1]);
  const special = (ids: readonly number[]) => ids.filter((id) => base.tokenizer.specialTokens.has(id));
  expect(special(composed.ids)).toEqual(special(await promptIds(QUESTION, base.tokenizer)));
});
