import { afterAll, beforeAll, expect, test } from "vitest";
import { getModel } from "../ai/client/models.ts";
import { checkedPrompt, loadServedModel } from "../ai/serve/inference.ts";
import { MarketWorld, PROMPT } from "../ai/testing/market-world.ts";
import { promptRoute } from "./prompt-route.ts";

let world: MarketWorld;
let modelId: bigint;
beforeAll(async () => {
  world = await MarketWorld.open();
  ({ modelId } = await world.serving());
});
afterAll(() => world?.close());

test("a prompt is read as its host reads it, with what was said before", async () => {
  const { client } = world.chain;
  const { at, content } = world;
  const { run, body } = promptRoute({ chain: async () => ({ client, at }), content });
  const read = async (asked: object) =>
    (await run(body.parse({ modelId: `${modelId}`, ...asked }), {} as never)) as {
      promptIds: number[];
    };
  const before = [
    { role: "user", content: "Who made Vorel?" },
    { role: "assistant", content: "Lena Ost" },
  ] as const;
  const { base } = await loadServedModel(content, await getModel(client, at, modelId));
  const alone = await read({ prompt: PROMPT });
  expect(alone.promptIds).toEqual(await checkedPrompt(base, PROMPT));
  const after = await read({ prompt: PROMPT, before });
  expect(after.promptIds).toEqual(await checkedPrompt(base, { prompt: PROMPT, before }));
  expect(after.promptIds.length).toBeGreaterThan(alone.promptIds.length);
});

test("a conversation that is longer than anybody's is refused before it is read", () => {
  const { body } = promptRoute({ chain: async () => undefined, content: world.content });
  const said = (content: string, role = "user") => ({
    ...{ modelId: "1", prompt: "x", before: [{ role, content }] },
  });
  expect(body.safeParse(said("y".repeat(65_535))).success).toBe(true);
  expect(body.safeParse(said("y".repeat(65_536))).error?.message).toContain("65536 characters of prompt");
  expect(body.safeParse(said("y", "nobody")).success).toBe(false);
});
