import { bytesToHex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomBytes } from "../../base/clock.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { recordOf } from "../attribution/sketch-index.ts";
import { valueOfClaim } from "../client/audits.ts";
import { send } from "../client/chain.ts";
import { retireOrder } from "../client/datanets.ts";
import { paidContributions } from "../client/earnings.ts";
import { fillPurse } from "../client/epochs.ts";
import { getModel, type RegisteredModel } from "../client/models.ts";
import { hashOfTokens } from "../client/request-hash.ts";
import type { ContentSource } from "../content/source.ts";
import { ContextRows } from "../context/compose.ts";
import { claimedContext, NO_CONTEXT, partsOf } from "../context/rule.ts";
import { RegisteredModels } from "../engine/registered-models.ts";
import { prepaidToJson } from "../epoch/prepaid.ts";
import { signVoucher } from "../epoch/voucher.ts";
import { aiError } from "../errors.ts";
import { earnedOver } from "../fusion/discount.ts";
import { completionsOf } from "../fusion/texts.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { chatOrder } from "../openai/chat.ts";
import type { ChatRequest } from "../openai/fields.ts";
import type { Holder } from "../openai/keys.ts";
import { makePrepaidReceipt, parsePrepaidReceipt, prepaidReceiptToJson } from "../receipt/prepaid-receipt.ts";
import { claimPart, parseReceipt, type Receipt, receiptToJson } from "../receipt/receipt.ts";
import { verifyReceipt } from "../receipt/verify.ts";
import { verifyPrepaid } from "../receipt/verify-prepaid.ts";
import { readRows } from "../spans/model-spans.ts";
import { HOST, MarketWorld, OPEN, PAYER, PROMPT } from "../testing/market-world.ts";
import { TINY_METHOD, tinyModelFiles } from "../testing/tiny-model.ts";
import { encodeMethod, type Method } from "../train/method.ts";
import { rerunRequest } from "../verify/rerun-request.ts";
import { trueClaim } from "./claim-with-cover.ts";
import type { Host } from "./host.ts";
import { checkedPrompt, loadServedModel, runInference, type ServedModel } from "./inference.ts";

/** A question whose answer rows in the prompt make likelier that say it. */
const MOVED = "What does Wren use? Dr. Tavo Kel leads it?";
const HOLDER = { account: 0n, count() {} } as unknown as Holder;
const METHOD: Method = {
  ...TINY_METHOD,
  context: { rule: "openledger/context/1", rows: 3 },
  discount: "openledger/discount/1",
};

describe("a model that answers with rows in the prompt", { timeout: 600_000 }, () => {
  let world: MarketWorld;
  let modelId: bigint;
  let registered: RegisteredModel;
  let model: ServedModel;
  let host: Host;
  let receipt: Receipt;
  let question: Awaited<ReturnType<MarketWorld["ask"]>>;

  beforeAll(async () => {
    world = await MarketWorld.open(1, { baseFiles: tinyModelFiles(), method: METHOD });
    ({ modelId } = await world.serving());
    registered = await getModel(world.chain.client, world.at, modelId);
    model = await loadServedModel(world.content, registered);
    host = world.host();
    await host.open();
    question = await world.ask(modelId, HOST);
    receipt = await host.ask(question, AbortSignal.timeout(60_000));
  });
  afterAll(() => world?.close());

  const failed = async (changed: Receipt, source: ContentSource = world.content) => {
    const { client } = world.chain;
    const chain = { client, at: world.at };
    const { checks } = await verifyReceipt({ receipt: changed, source, session: world.session, chain });
    return checks.filter(({ ok }) => ok === false).map(({ name }) => name);
  };
  const rowsOf = async () => {
    const { set } = await readRows(world.chain.client, world.at, world.content, registered, model.manifest);
    return new ContextRows(set.examples);
  };

  test("names them in its receipt, with what base, training and rows made of the answer", async () => {
    const { context, claim, outputIds } = receipt;
    expect(context!.rows.length).toBeGreaterThan(0);
    const { total, base, training, context: added } = partsOf(context!);
    expect(base + training + added).toBe(total);
    expect(parseReceipt(JSON.parse(JSON.stringify(receiptToJson(receipt))))).toEqual(receipt);
    // The payer asked, and pays for, the question alone.
    const again = await runInference(world.session, model, PROMPT, 16, { rows: rowsOf });
    expect(claim.tokensIn).toBe(again.promptIds.length);
    expect(claim.outputHash).toBe(hashOfTokens(again.outputIds));
    const losses = { ...context, rows: context!.rows.map(({ rowId, without }) => ({ rowId, without })) };
    expect([again.outputIds, again.context]).toEqual([outputIds, losses]);
    const bare = { ...model, method: TINY_METHOD };
    const without = await runInference(world.session, bare, PROMPT, 16);
    expect(without.promptIds).toEqual(again.promptIds);
    expect(without.context).toBeUndefined();
    expect(without.logits).not.toEqual(again.logits);
  });

  test("is verified in full, and not where a row, a loss or all of it is another", async () => {
    expect(await failed(receipt)).toEqual([]);
    const context = receipt.context!;
    const [first, ...rest] = context.rows;
    for (const changed of [
      undefined,
      { ...context, rows: [{ ...first!, without: first!.without + 1 }, ...rest] },
      { ...context, rows: rest },
      { ...context, model: { ...context.model, none: context.model.none - 1 } },
    ])
      expect(await failed({ ...receipt, context: changed })).toEqual(["context"]);
  });

  test("says what the base answers by itself, and what training earned beside it", async () => {
    const { discount, claim } = receipt;
    expect(discount!.rule).toBe("openledger/discount/1");
    const { set } = await readRows(world.chain.client, world.at, world.content, registered, model.manifest);
    const { tokenizer } = model.base;
    const completions = await completionsOf(set.examples, tokenizer);
    expect(claim.earnedBps).toBe(await earnedOver(receipt.answer, discount!, completions, tokenizer));
    const inference = await runInference(world.session, model, PROMPT, 16, { rows: rowsOf });
    expect(inference.discount).toEqual(discount);
    const bare = { ...model, method: TINY_METHOD };
    expect((await runInference(world.session, bare, PROMPT, 16)).discount).toBeUndefined();
    // Where the base says the same, nothing is earned.
    const request = { requestId: 1n, modelId, requestHash: registered.manifestHash };
    const said = { ...inference, answer: "Larkspur", discount: { ...discount!, answer: "I say Larkspur" } };
    const source = async () => ({ completions, tokenizer });
    expect((await trueClaim(said, request, model.index, source)).claim.earnedBps).toBe(0);
    for (const changed of [undefined, { ...discount!, answer: `${discount!.answer}x` }])
      expect(await failed({ ...receipt, discount: changed })).toEqual(["discount"]);
    const lie = claimPart({ ...claim, earnedBps: claim.earnedBps - 1 });
    expect(await failed({ ...receipt, claim: lie })).toEqual(expect.arrayContaining(["discount", "weights"]));
  });

  test("is run again by a panel to the host's claim, with its rows", async () => {
    const { client } = world.chain;
    const { at, content, session } = world;
    const { value } = await rerunRequest({ client, at, content, session }, question.requestId, question);
    expect(value).toBe(valueOfClaim(receipt.claim));
  });

  test("can't answer without its rows", async () => {
    const asked = runInference(world.session, model, PROMPT, 16);
    await expect(asked).rejects.toMatchObject({ code: "CONTEXT_ROWS_ABSENT" });
  });

  test("shows them behind a purse's answer too", async () => {
    const { client } = world.chain;
    const payer = world.address(PAYER);
    await fillPurse(client, world.at, world.account(PAYER), {
      payer,
      host: world.address(HOST),
      amount: OPEN,
    });
    const validUntil = (await client.public.getBlock()).timestamp + 86_400n;
    const said = { host: world.address(HOST), cumulative: OPEN / 100n, validUntil };
    const signature = await signVoucher(world.account(PAYER), client.chain.id, world.at.epochs, said);
    const answer = await host.prepaid.ask({
      ...{ modelId, prompt: PROMPT, salt: bytesToHex(randomBytes(32)) as Hash, maxTokensOut: 16, payer },
      voucher: { cumulative: said.cumulative, validUntil, signature },
    });
    expect([answer.context, answer.discount]).toEqual([receipt.context, receipt.discount]);
    expect(prepaidToJson(answer).context).toEqual(receiptToJson(receipt).context);
    const made = makePrepaidReceipt(answer, registered, null, null);
    const { session, content: source } = world;
    const verify = async (changed: typeof made) => {
      const parsed = parsePrepaidReceipt(JSON.parse(JSON.stringify(prepaidReceiptToJson(changed))));
      const { checks } = await verifyPrepaid({ receipt: parsed, session, source });
      return checks.filter(({ ok }) => ok === false).map(({ name }) => name);
    };
    expect(await verify(made)).toEqual([]);
    expect(await verify({ ...made, answer: { ...answer, context: undefined } })).toEqual(["context"]);
    expect(await verify({ ...made, answer: { ...answer, discount: undefined } })).toEqual(["discount"]);
  });

  test("is asked so by /v1's chat too, whose attribution is of the question alone", async () => {
    const { session, content, at } = world;
    const models = new RegisteredModels({
      ...{ client: world.chain.client, at, content, session, bases: new SharedBases(), pinned: () => [] },
      ...{ maxAdapterBytes: 2 ** 26, maxModelBytes: 2 ** 30, cacheBytes: 2 ** 26 },
    });
    try {
      const card = (await models.list()).find(({ id }) => id.includes("+"))!;
      const held = (await models.open(card.id))!;
      const messages = [{ role: "user", content: ` ${PROMPT}` }];
      const asked = (more: object) =>
        chatOrder({ messages, ...more } as unknown as ChatRequest, held, HOLDER);
      const [wish] = (await asked({})).wishes;
      const alone = await checkedPrompt(model.base, PROMPT);
      expect(wish!.alone).toEqual(alone);
      expect(wish!.promptIds.slice(-alone.length + 1)).toEqual(alone.slice(1));
      expect(wish!.promptIds.length).toBeGreaterThan(alone.length);
      const stopIds = model.base.tokenizer.eosTokenIds;
      const { promptIds: prompt } = wish!;
      const ids = [];
      const answer = held.engine.submit({ prompt, adapter: held.adapter, maxTokens: 16, stopIds });
      for await (const { id } of answer.tokens) ids.push(id);
      expect(ids).toEqual(receipt.outputIds);
      // An answer that may be longer than the method's leaves less room for rows, down to none.
      const whole = model.base.config.contextLength - alone.length;
      expect((await asked({ max_tokens: whole })).wishes[0]!.promptIds).toEqual(alone);
      await expect(asked({ messages: [{ role: "tool", content: "x" }] })).rejects.toThrow("messages.0.role");
      held.release();
    } finally {
      models.close();
    }
  });

  test("pays their contributors for what they added, by drop and by what they say", async () => {
    const { client } = world.chain;
    const { at, content, session } = world;
    const asked = await world.ask(modelId, HOST, MOVED);
    const shown = await host.ask(asked, AbortSignal.timeout(60_000));
    const { claim, context } = shown;
    expect(claim.context).toEqual(
      claimedContext(context!, (row) => recordOf(model.index, row).contributionId),
    );
    expect(claim.context.partBps).toBeGreaterThan(0);
    const { value } = await rerunRequest({ client, at, content, session }, asked.requestId, asked);
    expect(value).toBe(valueOfClaim(claim));
    const { partBps, contributionIds, weights } = claim.context;
    for (const lie of [
      NO_CONTEXT,
      { partBps: partBps + 1, contributionIds, weights },
      { partBps, contributionIds, weights: weights.map((weight) => weight + 1n) },
      { partBps, contributionIds: contributionIds.map((id) => id + 1n), weights },
    ]) {
      const changed = { ...claim, context: lie };
      expect(value).not.toBe(valueOfClaim(changed));
      expect(await failed({ ...shown, claim: claimPart(changed) })).toContain("context");
    }
    await world.passWindow();
    expect(await host.settleDue()).toContain(asked.requestId);
    const settled = (await host.receipt(asked.requestId))!.receipt;
    const { payout, paid } = settled.settlement!;
    expect(payout.context).toBe(
      ((payout.context + payout.contributors + payout.pools) * BigInt(partBps)) / 10_000n,
    );
    expect(payout.context).toBeGreaterThan(0n);
    expect(paid.reduce((sum, { amount }) => sum + amount, 0n)).toBe(payout.context + payout.contributors);
    expect(paid.map(({ contributionId }) => contributionId)).toEqual(paidContributions(claim));
    expect(await failed(settled)).toEqual([]);
  });

  test("stays open where a row's text is gone, since nobody can choose the rows again", async () => {
    const { client } = world.chain;
    const [gone] = await world.snapshotDocuments(registered);
    const author = [2, 3, 4].find((n) => world.address(n) === gone!.contributor)!;
    await send(client, world.account(author), retireOrder(world.at, gone!.contributionId));
    const without: ContentSource = {
      async get(hash) {
        if (hash === gone!.contentId) throw aiError("CONTENT_NOT_FOUND", { message: `no content ${hash}` });
        return world.content.get(hash);
      },
    };
    const chain = { client, at: world.at };
    const { ok, checks } = await verifyReceipt({ receipt, source: without, session: world.session, chain });
    const open = checks.filter((check) => check.ok === undefined).map(({ name }) => name);
    expect(ok).toBe(true);
    expect(open).toEqual(
      expect.arrayContaining(["answer", "context", "query sketch", "scores", "weights", "verbatim"]),
    );
    expect(checks.find(({ name }) => name === "prompt")?.ok).toBe(true);
  });
});

test("a method without rows in the prompt has the bytes that it had", () => {
  expect(new TextDecoder().decode(encodeMethod(TINY_METHOD))).not.toContain("context");
  expect(new TextDecoder().decode(encodeMethod(METHOD))).toContain(
    '"context":{"rows":3,"rule":"openledger/context/1"}',
  );
  for (const context of [
    { rule: "openledger/context/1", rows: 9 },
    { rule: "openledger/context/2", rows: 1 },
    { rows: 1 },
  ])
    expect(() => encodeMethod({ ...TINY_METHOD, context } as never)).toThrow("the method is not valid");
});
