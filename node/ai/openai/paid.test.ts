import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillPurse } from "../client/epochs.ts";
import { RegisteredModels } from "../engine/registered-models.ts";
import { prepaidId } from "../epoch/prepaid.ts";
import { signVoucher } from "../epoch/voucher.ts";
import { SharedBases } from "../model/shared-bases.ts";
import type { Host } from "../serve/host.ts";
import { HOST, MarketWorld, OPEN, PAYER, PROMPT, STAKER } from "../testing/market-world.ts";
import { OpenAiDoor } from "./door.ts";
import { KeyBook } from "./key-book.ts";
import { ApiKeys } from "./keys.ts";

const FREE_KEY = "sk-free-0123456789";
const DAY = 86_400n;
/** Of a world's model: about what four tokens cost at most. */
const LIMIT = OPEN / 1_000n;

/** What a paid answer says beside OpenAI's fields. */
interface Paid {
  payment?: { id: string; payer: string; fee: string; limit: string; taken: string; left: string };
}

describe("/v1 out of a purse, by OpenAI's client", { timeout: 120_000 }, () => {
  let world: MarketWorld;
  let host: Host;
  let models: RegisteredModels;
  let server: Server;
  let book: KeyBook;
  let modelId: bigint;
  let model: string;
  const clientOf = (apiKey: string) =>
    new OpenAI({
      apiKey,
      baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      maxRetries: 0,
    });

  beforeAll(async () => {
    world = await MarketWorld.open();
    ({ modelId } = await world.serving());
    const { at, content, session, logger } = world;
    const { client } = world.chain;
    host = world.host();
    await host.open();
    models = new RegisteredModels({
      ...{ client, at, content, session, logger, bases: new SharedBases(), pinned: () => [] },
      ...{ maxModelBytes: 2 ** 30, maxAdapterBytes: 2 ** 26, cacheBytes: 2 ** 26 },
    });
    book = new KeyBook({ file: join(world.folder, "keys.json"), dailyTokens: 200 });
    const keys = new ApiKeys([FREE_KEY], book);
    const door = new OpenAiDoor({ catalogue: () => models, keys, purses: () => host.prepaid, logger });
    server = createServer((request, response) => void door.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    model = (await models.list()).find(({ id }) => id.endsWith(`+${modelId}`))!.id;
  }, 120_000);
  afterAll(async () => {
    server?.close();
    book?.close();
    models?.close();
    await world?.close();
  });

  const limitOf = async (payer: number, cumulative: bigint) => {
    const { client } = world.chain;
    const { timestamp } = await client.public.getBlock();
    const said = { host: world.address(HOST), cumulative, validUntil: timestamp + 30n * DAY };
    const signature = await signVoucher(world.account(payer), client.chain.id, world.at.epochs, said);
    return { cumulative, validUntil: said.validUntil, signature };
  };
  const messages = [{ role: "user" as const, content: PROMPT }];
  const chat = () => ({ model, messages, max_tokens: 4 });

  test("a key without a limit is free as before, and says nothing of money", async () => {
    const { key } = book.create(world.address(PAYER), "mine", null);
    for (const apiKey of [FREE_KEY, key]) {
      const answer = await clientOf(apiKey).chat.completions.create({ ...chat(), temperature: 0 });
      expect(answer.choices[0]!.message.content).toBeTypeOf("string");
      expect((answer as Paid).payment).toBeUndefined();
    }
    expect(host.prepaid.unsettled).toBe(0);
  });

  test("a limit needs a purse to be worth something, and its payer's signature", async () => {
    const payer = world.address(PAYER);
    const limit = await limitOf(PAYER, LIMIT);
    await expect(host.prepaid.setLimit(world.address(STAKER), limit)).rejects.toMatchObject({
      code: "VOUCHER_SIGNATURE",
    });
    await expect(host.prepaid.setLimit(payer, limit)).rejects.toMatchObject({ code: "PURSE_TOO_SMALL" });
    const { client } = world.chain;
    await fillPurse(client, world.at, world.account(PAYER), {
      ...{ payer, host: world.address(HOST), amount: 1n },
    });
    await host.prepaid.setLimit(payer, limit);
    const { key } = book.create(payer, "poor", null);
    await expect(clientOf(key).chat.completions.create(chat())).rejects.toMatchObject({
      status: 429,
      code: "insufficient_quota",
      type: "insufficient_quota",
      message: expect.stringContaining("openledger purse fill"),
    });
  });

  test("answers are taken out of the purse up to the limit, say what they cost, and end with 429", async () => {
    const { client } = world.chain;
    const [payer, me] = [world.address(PAYER), world.address(HOST)];
    await fillPurse(client, world.at, world.account(PAYER), { payer, host: me, amount: OPEN });
    const { key, made } = book.create(payer, "paying", null);
    const openai = clientOf(key);
    const first = (await openai.chat.completions.create(chat())) as OpenAI.ChatCompletion & Paid;
    const { payment, usage, choices } = first;
    expect(usage!.completion_tokens).toBeLessThanOrEqual(4);
    expect(payment).toMatchObject({ payer, limit: `${LIMIT}` });
    expect(BigInt(payment!.taken)).toBe(BigInt(payment!.fee));
    expect(BigInt(payment!.left)).toBe(LIMIT - BigInt(payment!.taken));
    const kept = (await host.prepaid.kept(payment!.id as `0x${string}`))!.answer;
    expect(prepaidId(payer, kept.claim.requestHash)).toBe(payment!.id);
    expect(kept.answer).toBe(choices[0]!.message.content);
    expect(kept.claim.tokensIn).toBe(usage!.prompt_tokens);

    const stream = await openai.chat.completions.create({
      ...chat(),
      stream: true,
      stream_options: { include_usage: true },
    });
    let [text, told, counted] = ["", {} as Paid, false];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if ((chunk as Paid).payment) told = chunk as Paid;
      counted ||= chunk.usage?.prompt_tokens === usage!.prompt_tokens;
    }
    expect([text, counted]).toEqual([kept.answer, true]);
    expect(BigInt(told.payment!.taken)).toBeGreaterThan(BigInt(payment!.taken));

    // The day's free tokens are none of its business; the limit ends it, and a restart of the host changes nothing.
    let answers = 2;
    const refused = async () => {
      for (;;) {
        await openai.chat.completions.create(chat());
        answers++;
      }
    };
    const ended = { status: 429, code: "insufficient_quota", type: "insufficient_quota" };
    await expect(refused()).rejects.toMatchObject({
      ...ended,
      message: expect.stringContaining("openledger purse limit"),
    });
    const { taken } = await host.prepaid.stateOf(payer);
    expect(taken).toBeLessThanOrEqual(LIMIT);
    expect(host.prepaid.unsettled).toBe(answers);
    host = world.host();
    await host.open();
    await expect(openai.chat.completions.create(chat())).rejects.toMatchObject(ended);
    expect(book.list(payer).keys.find(({ keyId }) => keyId === made.keyId)!.requests).toBe(answers + 2);
    // A larger limit, and it goes on.
    await host.prepaid.setLimit(payer, await limitOf(PAYER, 10n * LIMIT));
    expect(((await openai.chat.completions.create(chat())) as Paid).payment!.limit).toBe(`${10n * LIMIT}`);
  });

  test("what a claim can't be over is refused by its name", async () => {
    const { key } = book.create(world.address(PAYER), "picky", null);
    const openai = clientOf(key);
    const before = await host.prepaid.stateOf(world.address(PAYER));
    for (const more of [{ temperature: 0.7 }, { n: 2 }, { stop: "." }, { logprobs: true }])
      await expect(openai.chat.completions.create({ ...chat(), ...more })).rejects.toMatchObject({
        status: 400,
        code: "unsupported_value",
        param: Object.keys(more)[0],
      });
    const odd = [{ role: "assistant" as const, content: "Well." }];
    await expect(openai.chat.completions.create({ ...chat(), messages: odd })).rejects.toMatchObject({
      status: 400,
      param: "messages",
    });
    expect((await host.prepaid.stateOf(world.address(PAYER))).taken).toBe(before.taken);
  });
});
