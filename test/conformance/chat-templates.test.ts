import { join } from "node:path";
import { expect, test } from "vitest";
import { runChatTemplates } from "./chat-templates.ts";
import { vectorsFolder } from "./group.ts";

const folder = vectorsFolder();

test.skipIf(folder === undefined)("chat templates: texts, ids and refusals", async () => {
  const { failed, passed } = await runChatTemplates(join(folder!, "chat-templates"));
  expect(failed).toEqual([]);
  expect(passed).toBeGreaterThan(0);
});
