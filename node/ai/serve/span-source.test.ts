import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../attribution/manifest.ts";
import { getModel } from "../client/models.ts";
import { makeCompletions } from "../fusion/completions.ts";
import { loadTokenizer } from "../model/tokenizer.ts";
import { characterTokenizer } from "../testing/character-tokenizer.ts";
import { MarketWorld } from "../testing/market-world.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import type { BuiltModel } from "../train/model-build.ts";
import { loadServedModel, type ServedModel } from "./inference.ts";
import { SpanSources, spanSourceOf } from "./span-source.ts";

const code = (name: string) => expect.objectContaining({ code: name });

async function piecesWith(files = tinyModelFiles()) {
  const content = memoryContent();
  const json = files.get("tokenizer.json")!;
  const tokenizer = [{ name: "tokenizer.json", size: json.length, sha256: await content.put(json) }];
  const model = {
    manifest: { tokenizer } as unknown as Manifest,
    base: { tokenizer: loadTokenizer(files) } as ServedModel["base"],
  };
  return (await spanSourceOf(content, model, makeCompletions([], 9))).pieces;
}

it("does without the bytes of tokens where the tokenizer does not say them", async () => {
  expect((await piecesWith())!.of(300).length).toBeGreaterThan(0);
  expect(await piecesWith(characterTokenizer())).toBeUndefined();
});

describe("the sources of a host's models", () => {
  let world: MarketWorld;
  let built: BuiltModel;
  let model: ServedModel;

  beforeAll(async () => {
    world = await MarketWorld.open();
    const serving = await world.serving();
    built = serving.built;
    model = await loadServedModel(
      world.content,
      await getModel(world.chain.client, world.at, serving.modelId),
    );
  });
  afterAll(() => world?.close());

  const sources = () => {
    const { at, content } = world;
    return new SpanSources({ client: world.chain.client, at, content });
  };

  it("hold the completions of the rows that take part, in the index's numbers", async () => {
    const { completions, tokenizer } = await sources().of(model);
    expect([...completions.rows]).toEqual(built.set.examples.map(({ rowId }) => rowId));
    const first = completions.tokens.slice(0, completions.ends[0]);
    const { completion } = built.set.examples[0]!.row;
    expect([...first]).toEqual(await tokenizer.encodeText(` ${completion}`, false));
  });

  it("are made once for a model, and again after a failure", async () => {
    const { contentId } = (await world.snapshotDocuments(model.registered))[0]!;
    const document = world.content.all.get(contentId)!;
    world.content.all.delete(contentId);
    const made = sources();
    await expect(made.of(model)).rejects.toThrow(code("CONTENT_NOT_FOUND"));
    world.content.all.set(contentId, document);
    const source = await made.of(model);
    expect(await made.of(model)).toBe(source);
  });

  it("are refused where the index commits other spans than the rows give, whatever the manifest leads to", async () => {
    const index = { ...model.registered.index, spans: built.hashes.methodHash };
    const registered = { ...model.registered, index };
    await expect(sources().of({ ...model, registered })).rejects.toThrow(code("INDEX_MISMATCH"));
  });
});
