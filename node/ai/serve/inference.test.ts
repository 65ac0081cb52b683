import { describe, expect, test } from "vitest";
import { tokenizeRow } from "../datanet/row-tokens.ts";
import type { Row } from "../datanet/rows.ts";
import { openModel } from "../model/load.ts";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import { checkedPrompt } from "./inference.ts";

const TEMPLATE =
  "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

describe("a question to a model with a chat template", () => {
  const files = new Map(tinyModelFiles());
  files.set("tokenizer_config.json", new TextEncoder().encode(JSON.stringify({ chat_template: TEMPLATE })));
  const base = openModel(files);
  const row: Row = {
    prompt: "Which?",
    completion: "This.",
    before: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi" },
    ],
  };

  test("is asked with its conversation and roles as training taught it", async () => {
    const { prompt, before } = row;
    const ids = await checkedPrompt(base, { prompt: ` ${prompt}\n`, before });
    const taught = await tokenizeRow(row, base.tokenizer);
    expect(ids).toEqual(taught.ids.slice(0, taught.completionStart));
    expect(await base.tokenizer.decode(ids, false)).toBe(
      "<system>Be brief.\n<user>Hello\n<assistant>Hi\n<user>Which?\n<assistant>",
    );
    expect(await checkedPrompt(base, prompt)).not.toEqual(ids);
  });

  test("is refused by its tokens with all that came before", async () => {
    const before = [{ role: "user", content: "word ".repeat(200) }] as const;
    await expect(checkedPrompt(base, { prompt: "Which?", before })).rejects.toMatchObject({
      code: "CONTEXT_LENGTH_EXCEEDED",
    });
  });
});
