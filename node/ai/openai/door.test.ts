import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { smallBase as base, KEY, SmallCatalogue, serveDoor } from "../testing/small-door.ts";
import { KeyBook } from "./key-book.ts";

const CONTEXT = 256;

/** A door with a client for it that tries once. */
async function serve(catalogue: SmallCatalogue, book?: KeyBook) {
  const { door, server, baseURL } = await serveDoor(catalogue, book);
  return { door, server, baseURL, client: new OpenAI({ apiKey: KEY, baseURL, maxRetries: 0 }) };
}

describe("OpenAI's API, by its own client", { timeout: 60_000 }, () => {
  const catalogue = new SmallCatalogue();
  let served: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    served = await serve(catalogue);
  });
  afterAll(() => {
    expect(catalogue.held).toBe(0);
    served.server.close();
    catalogue.engine.close();
  });

  const messages = [{ role: "user" as const, content: "Who made Vorel?" }];
  const chat = { model: "base-1", messages, max_tokens: 12, temperature: 0 };

  test("lists models and tells of one", async () => {
    const { client } = served;
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(["base-1", "base-1+7"]);
    expect(await client.models.retrieve("base-1+7")).toMatchObject({ object: "model", owned_by: "0x01" });
    await expect(client.models.retrieve("none")).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
  });

  test("answers a chat; streamed it is the same text, with usage where asked for", async () => {
    const { client } = served;
    const whole = await client.chat.completions.create(chat);
    expect(whole).toMatchObject({ object: "chat.completion", model: "base-1", system_fingerprint: "fp_1" });
    const { usage } = whole;
    expect(usage!.total_tokens).toBe(usage!.prompt_tokens + usage!.completion_tokens);
    const stream = await client.chat.completions.create({
      ...chat,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    const finishes = [];
    let told: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
      if (chunk.usage) told = chunk.usage;
    }
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(finishes).toEqual([whole.choices[0]!.finish_reason]);
    expect(told).toEqual(usage);
    const adapted = await client.chat.completions.create({ ...chat, model: "base-1+7" });
    expect(adapted.choices[0]!.message.content).not.toBe(text);
  });

  test("gives n answers, the same for the same seed, and ends at a stop string", async () => {
    const { client } = served;
    const drawn = {
      ...chat,
      max_tokens: 20,
      temperature: 1.8,
      top_p: 0.95,
      n: 3,
      seed: 42,
      presence_penalty: 0.5,
    };
    const texts = async () =>
      (await client.chat.completions.create(drawn)).choices.map(({ message }) => message.content);
    const first = await texts();
    expect(new Set(first).size).toBe(3);
    expect(await texts()).toEqual(first);
    const text = (await client.chat.completions.create(chat)).choices[0]!.message.content!;
    const stop = text.slice(4, 6);
    const stopped = (await client.chat.completions.create({ ...chat, stop })).choices[0]!;
    expect(stopped).toMatchObject({
      finish_reason: "stop",
      message: { content: text.slice(0, text.indexOf(stop)) },
    });
  });

  test("tells log-probabilities in both forms, and completes several prompts", async () => {
    const { client } = served;
    const { choices } = await client.chat.completions.create({ ...chat, logprobs: true, top_logprobs: 2 });
    const { content } = choices[0]!.logprobs!;
    expect(content).toHaveLength(12);
    for (const { token, logprob, top_logprobs } of content!) {
      expect(top_logprobs[0]).toMatchObject({ token, logprob });
      expect(top_logprobs).toHaveLength(2);
    }
    const plain = { model: "base-1", prompt: ["One", "Two"], max_tokens: 5, temperature: 0, logprobs: 1 };
    const completed = await client.completions.create(plain);
    expect(completed).toMatchObject({ object: "text_completion", choices: [{ index: 0 }, { index: 1 }] });
    expect(completed.choices[0]!.logprobs!.tokens!.join("")).toBe(completed.choices[0]!.text);
    expect(completed.choices[0]!.logprobs!.text_offset![0]).toBe(0);
    const ids = await base.tokenizer.encodeText("One", true);
    const byIds = await client.completions.create({ ...plain, prompt: ids });
    expect(byIds.choices[0]!.text).toBe(completed.choices[0]!.text);
  });

  test("embeds texts as vectors of length one, in both encodings", async () => {
    const { client } = served;
    const input = ["one text", "another, longer text"];
    const binary = await client.embeddings.create({ model: "base-1", input });
    const listed = await client.embeddings.create({ model: "base-1", input, encoding_format: "float" });
    for (const [at, { embedding }] of binary.data.entries()) {
      expect(embedding).toHaveLength(base.config.hiddenSize);
      expect(embedding.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5);
      expect(Array.from(Float32Array.from(listed.data[at]!.embedding))).toEqual(Array.from(embedding));
    }
    expect(binary.data[0]!.embedding).not.toEqual(binary.data[1]!.embedding);
    expect(binary.usage.prompt_tokens).toBeGreaterThan(2);
  });

  test("tells the rows that made an answer where asked for, and refuses it where there are none", async () => {
    const { client } = served;
    const wish = { ...chat, attribution: true } as typeof chat;
    const answered = (await client.chat.completions.create({ ...wish, model: "base-1+7" })) as {
      attribution?: unknown;
    };
    expect(answered.attribution).toEqual({
      receipt_id: null,
      rows: [{ row_id: 3, contribution_id: "2", score: "77", weight: "70" }],
      contributions: [{ contribution_id: "2", weight: "65536" }],
      spans: [{ start: 1, end: 5, information: 12, row_ids: [3] }],
    });
    await expect(client.chat.completions.create(wish)).rejects.toMatchObject({
      status: 400,
      param: "attribution",
    });
  });

  test("refuses with OpenAI's own codes", async () => {
    const { client, baseURL } = served;
    const refused = (change: object, expected: object) =>
      expect(
        client.chat.completions.create({ ...chat, ...change }),
        JSON.stringify(change),
      ).rejects.toMatchObject(expected);
    await refused({ model: "gpt-4" }, { status: 404, code: "model_not_found" });
    await refused({ max_tokens: 250 }, { status: 400, code: "context_length_exceeded", param: "messages" });
    await refused(
      { messages: [{ role: "user", content: "word ".repeat(400) }] },
      { code: "context_length_exceeded" },
    );
    for (const [param, value] of Object.entries({
      tools: [{ type: "function" }],
      frequency_penalty: 0.5,
      logit_bias: { 5: 1 },
      response_format: { type: "json_object" },
      audio: {},
    }))
      await refused({ [param]: value }, { status: 400, code: "unsupported_parameter", param });
    await refused({ colour: "red" }, { status: 400, param: "colour" });
    await refused({ temperature: 3 }, { status: 400, code: "invalid_value", param: "temperature" });
    await refused({ top_logprobs: 2 }, { status: 400, param: "top_logprobs" });
    await refused({ messages: undefined }, { code: "missing_required_parameter", param: "messages" });
    await refused(
      { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      { code: "unsupported_parameter" },
    );
    await refused({ stream_options: { include_usage: true } }, { status: 400, param: "stream_options" });
    // What asks for nothing is taken.
    const neutral = {
      frequency_penalty: 0,
      logit_bias: {},
      tools: null,
      response_format: { type: "text" },
      store: false,
    };
    await client.chat.completions.create({ ...chat, ...neutral } as typeof chat);
    const stranger = new OpenAI({ apiKey: "sk-wrong-0123456", baseURL, maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
    expect((await fetch(`${baseURL}/models`)).status).toBe(401);
    const authorization = `Bearer ${KEY}`;
    expect((await fetch(`${baseURL}/none`, { headers: { authorization } })).status).toBe(404);
    const broken = await fetch(`${baseURL}/completions`, {
      method: "POST",
      headers: { authorization },
      body: "{",
    });
    expect(broken.status).toBe(400);
  });
});

test("a full queue is 429 with Retry-After, a client that goes frees its place, and an end waits for what is under way", {
  timeout: 60_000,
}, async () => {
  const catalogue = new SmallCatalogue({ maxBatch: 1, maxQueue: 0 });
  const { client, door, server } = await serve(catalogue);
  const long = { model: "base-1", prompt: "x", max_tokens: CONTEXT - 8, temperature: 0 };
  const leaving = new AbortController();
  const first = client.completions.create({ ...long, stream: true }, { signal: leaving.signal });
  const stream = await first;
  const second = await client.completions.create(long).catch((error: unknown) => error);
  // Where the first was through already, the second has its place.
  if (second instanceof OpenAI.APIError) {
    expect(second).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    expect(second.headers?.get("retry-after")).toBe("1");
  }
  leaving.abort();
  await stream.controller.abort();
  await expect.poll(() => catalogue.engine.status().running).toBe(0);
  await expect.poll(() => catalogue.held).toBe(0);
  let open = () => {};
  catalogue.gate = new Promise((resolve) => {
    open = resolve;
  });
  const under = client.completions.create(long);
  await expect.poll(() => catalogue.held).toBe(1);
  const drained = door.drain(30_000);
  open();
  await drained;
  expect((await under).choices).toHaveLength(1);
  await expect(client.models.list()).rejects.toMatchObject({ status: 503, code: "server_shutting_down" });
  server.closeAllConnections();
  server.close();
  catalogue.engine.close();
});

test("what a key takes is counted as the answers say, streamed or not, and ends at its quota", {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "door-keys-"));
  const book = new KeyBook({ file: join(folder, "keys.json"), dailyTokens: 10_000 });
  const { key, made } = book.create(`0x${"0a".repeat(20)}`, "test", null);
  const catalogue = new SmallCatalogue();
  const { server, baseURL } = await serve(catalogue, book);
  const client = new OpenAI({ apiKey: key, baseURL, maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "Who made Vorel?" }];
  const chat = { model: "base-1", messages, max_tokens: 12, temperature: 0 };
  const counted = () => book.list(`0x${"0a".repeat(20)}`).keys[0]!;
  const whole = await client.chat.completions.create({ ...chat, n: 2 });
  let sum = whole.usage!.total_tokens;
  expect(counted()).toMatchObject({ requests: 1, tokens: sum });
  const stream = await client.chat.completions.create({
    ...chat,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const { usage } of stream) sum += usage?.total_tokens ?? 0;
  const embedded = await client.embeddings.create({ model: "base-1", input: ["one", "two"] });
  sum += embedded.usage.total_tokens;
  expect(counted()).toMatchObject({ requests: 3, tokens: sum, dayTokens: sum });
  await client.models.list();
  expect(counted().requests).toBe(3);
  book.limit(`0x${"0a".repeat(20)}`, made.keyId, sum);
  await expect(client.chat.completions.create(chat)).rejects.toMatchObject({
    status: 429,
    code: "insufficient_quota",
  });
  book.close();
  server.close();
  catalogue.engine.close();
  rmSync(folder, { recursive: true, force: true });
});
