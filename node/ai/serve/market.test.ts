import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SPAN_VERIFIER_ADDRESS } from "../../../precompiles/addresses.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { NO_SPANS } from "../attribution/score.ts";
import { recordOf } from "../attribution/sketch-index.ts";
import { send } from "../client/chain.ts";
import { getContribution, retireOrder } from "../client/datanets.ts";
import { cancelRequest } from "../client/market.ts";
import { getModel, stakeOnModel } from "../client/models.ts";
import { contentIdOf } from "../codec/hash.ts";
import { folderSource } from "../content/folder-source.ts";
import { Mirror } from "../content/mirror.ts";
import type { ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";
import { exportEvidence } from "../receipt/evidence.ts";
import { encodeReceipt, parseReceipt, type Receipt, receiptToJson } from "../receipt/receipt.ts";
import { verifyReceipt } from "../receipt/verify.ts";
import { modelSpans } from "../spans/model-spans.ts";
import { HOST, LIAR, MarketWorld, OPEN, PAYER, PROMPT, STAKER } from "../testing/market-world.ts";
import { memoryContent } from "../testing/memory-content.ts";
import type { BuiltModel } from "../train/model-build.ts";
import { rerunRequest } from "../verify/rerun-request.ts";
import type { Host, Question } from "./host.ts";
import { DEFAULT_HOST_LIMITS } from "./host-limits.ts";
import { checkedPrompt, loadServedModel } from "./inference.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const NOT_POSTED: Hash = `0x${"00".repeat(32)}`;

describe("the main job on the protocol's contracts", () => {
  let world: MarketWorld;
  let host: Host;
  let built: BuiltModel;
  let modelId: bigint;
  let question: Question;
  let receipt: Receipt;

  beforeAll(async () => {
    world = await MarketWorld.open();
    const serving = await world.serving();
    built = serving.built;
    modelId = serving.modelId;
  });
  afterAll(() => world?.close());

  test("a model is registered with hashes that lead to everything", async () => {
    const { client } = world.chain;
    const registered = await getModel(client, world.at, modelId);
    const model = await loadServedModel(world.content, registered);
    expect(model.index.commitment).toEqual(built.index.commitment);
    const other = { ...registered, adapterHash: built.hashes.baseHash };
    await expect(loadServedModel(world.content, other)).rejects.toThrow(
      expect.objectContaining({
        code: "MODEL_HASH_MISMATCH",
        facts: expect.objectContaining({ name: "adapterHash" }),
      }),
    );
    const limits = { maxBytes: 100_000 };
    await expect(loadServedModel(world.content, registered, limits)).rejects.toThrow(code("MODEL_TOO_LARGE"));
    await stakeOnModel(client, world.at, world.account(STAKER), modelId, OPEN);
  });

  test("a model commits its spans where the chain has the SpanVerifier, and none where it has not", async () => {
    const { client } = world.chain;
    const spansOf = async (id: bigint) => (await getModel(client, world.at, id)).index.spans;
    expect(await spansOf(modelId)).toBe((await modelSpans(built.set, built.base.tokenizer)).hash);
    const address = SPAN_VERIFIER_ADDRESS;
    const code = await client.public.getCode({ address });
    await client.rpc("anvil_setCode", [address, "0x"]);
    const order = { ...world.order(built), adapterHash: built.hashes.methodHash };
    expect(await spansOf(await world.register(order))).toBe(NO_SPANS);
    await client.rpc("anvil_setCode", [address, code]);
  });

  test("the host answers, claims with proof and settles; contributors are paid", async () => {
    const { client } = world.chain;
    host = world.host();
    await host.open();
    question = await world.ask(modelId, HOST);
    const { requestId } = question;
    // A stranger's guess shares nothing with the payer's question, even at the same moment.
    const [guess, claimed] = await Promise.allSettled([
      host.ask({ ...question, prompt: "What else?" }),
      host.ask(question),
    ]);
    expect(guess).toMatchObject({ status: "rejected", reason: { code: "PROMPT_MISMATCH" } });
    if (claimed.status === "rejected") throw claimed.reason;
    expect(claimed.value).toMatchObject({ prompt: PROMPT, proved: true, settlement: null });
    expect(await host.ask({ ...question, prompt: ` ${PROMPT} ` })).toEqual(claimed.value);
    await expect(host.ask({ ...question, salt: NOT_POSTED })).rejects.toThrow(code("PROMPT_MISMATCH"));
    expect(await host.settleDue()).toEqual([]);
    const { contributors } = claimed.value;
    expect(contributors.length).toBeGreaterThan(0);
    const address = contributors[0]!.contributor;
    const before = await client.public.getBalance({ address });
    await world.passWindow();
    expect(await host.settleDue()).toEqual([requestId]);
    receipt = (await host.receipt(requestId))!.receipt;
    const after = await client.public.getBalance({ address });
    const paid = receipt.settlement!.paid.filter(({ to }) => to === address);
    expect(paid.reduce((sum, { amount }) => sum + amount, 0n)).toBe(after - before);
    expect(after).toBeGreaterThan(before);
  });

  test("a receipt lies in the content store only once its payer has published it", async () => {
    const hash = contentIdOf(encodeReceipt(receipt));
    expect(world.content.all.has(hash)).toBe(false);
    await host.publish(question.requestId);
    expect(await host.receipt(question.requestId)).toMatchObject({ published: true });
    expect(world.content.all.has(hash)).toBe(true);
  });

  test("anybody recomputes the receipt against the chain, and from a folder alone", async () => {
    const { content, session } = world;
    const chain = { client: world.chain.client, at: world.at };
    const online = await verifyReceipt({
      receipt,
      source: content,
      session,
      chain,
      index: true,
      train: true,
    });
    expect(online.checks.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(online.checks.map(({ name }) => name)).toEqual([
      ...["chain and contract", "model on chain", "claim on chain", "contributors on chain"],
      ...["scores and weights", "challenge window", "settlement on chain", "host's signature", "documents"],
      ...["arithmetic", "training rows", ...receipt.claim.list.rowIds.map((rowId) => `row ${rowId}`)],
      ...["spans", "prompt", "answer", "query sketch", "scores", "weights"],
      ...["verbatim", "fine-tuning", "index", "split"],
    ]);
    const grounds = new Set(online.checks.map((check) => check.grounds));
    expect([...grounds]).toEqual(["on chain", "proved on chain", "recomputed"]);
    const evidence = join(world.folder, "evidence");
    await exportEvidence(receipt, receiptToJson(receipt), content, evidence);
    const offline = await verifyReceipt({ receipt, source: folderSource(evidence), session, index: true });
    expect(offline.checks.filter(({ ok }) => ok !== true).map(({ name }) => name)).toEqual(["chain"]);
    expect(parseReceipt(JSON.parse(JSON.stringify(receiptToJson(receipt))))).toEqual(receipt);
  });

  test("another node mirrors what the chain names, and the receipt is verified with that alone", async () => {
    const { client } = world.chain;
    const { at, logger, session } = world;
    const copy = memoryContent();
    const store = { ...copy, has: async (hash: Hash) => copy.all.has(hash) };
    const to = await client.public.getBlockNumber();
    const mirror = new Mirror({ client, at, store, peers: [memoryContent(), world.content], logger });
    await mirror.mirrorBlocks(0n, to);
    const chain = { client, at };
    const verified = await verifyReceipt({ receipt, source: copy, session, chain, index: true });
    expect(verified.checks.filter(({ ok }) => ok !== true)).toEqual([]);
  });

  test("a receipt with one number changed fails, and the failing checks name it", async () => {
    const failing = async (change: (copy: Receipt) => void, online = true) => {
      const copy = structuredClone(receipt);
      change(copy);
      const { content: source, session } = world;
      const chain = online ? { client: world.chain.client, at: world.at } : undefined;
      const { ok, checks } = await verifyReceipt({ receipt: copy, source, session, chain });
      expect(ok).toBe(false);
      return checks.filter((check) => check.ok === false).map(({ name }) => name);
    };
    const score = (copy: Receipt) => {
      copy.claim.list.scores[0]! += 1n;
    };
    expect(await failing(score)).toEqual(["claim on chain", "host's signature", "scores"]);
    expect(await failing(score, false)).toEqual(["host's signature", "scores"]);
    const weight = (copy: Receipt) => {
      copy.claim.list.weights[0]! += 1n;
    };
    expect(await failing(weight, false)).toContain("weights");
    const forged = await world.account(LIAR).signMessage({ message: { raw: receipt.claimHash } });
    const signature = (copy: Receipt) => {
      copy.hostSignature = forged;
    };
    expect(await failing(signature)).toEqual(["host's signature"]);
    const answer = (copy: Receipt) => {
      copy.answer += "x";
    };
    expect(await failing(answer)).toEqual(["answer"]);
    const prompt = (copy: Receipt) => {
      copy.prompt = "What?";
    };
    expect(await failing(prompt)).toContain("prompt");
    const payment = (copy: Receipt) => {
      copy.settlement!.paid[0]!.amount += 1n;
    };
    expect(await failing(payment, false)).toEqual(["split"]);
    const payee = (copy: Receipt) => {
      copy.contributors[0]!.contributor = world.address(LIAR);
    };
    expect(await failing(payee)).toEqual(["contributors on chain"]);
    const paid = (copy: Receipt) => {
      copy.settlement!.paid[0]!.to = world.address(LIAR);
    };
    expect(await failing(paid)).toEqual(["settlement on chain"]);
    const payout = (copy: Receipt) => {
      copy.settlement!.payout.host += 1n;
    };
    expect(await failing(payout)).toContain("settlement on chain");
    const gain = (copy: Receipt) => {
      copy.verbatim!.list.gains[0]! -= 1;
    };
    expect(await failing(gain)).toEqual(["verbatim"]);
    const unit = (copy: Receipt) => {
      copy.model.index.e0 += 1;
    };
    expect(await failing(unit)).toContain("model on chain");
  });

  test("what cannot be answered is refused with a code", async () => {
    const { client } = world.chain;
    const unknown = { ...question, requestId: 999n };
    await expect(host.ask(unknown, AbortSignal.timeout(300))).rejects.toThrow();
    const foreign = await world.ask(modelId, LIAR);
    await expect(host.ask(foreign)).rejects.toThrow(code("REQUEST_NOT_MINE"));
    const model = await host.model(modelId);
    await expect(checkedPrompt(model.base, "a b c d e f g ".repeat(40))).rejects.toThrow(
      expect.objectContaining({
        code: "CONTEXT_LENGTH_EXCEEDED",
        facts: expect.objectContaining({ limit: 95 }),
      }),
    );
    await expect(checkedPrompt(model.base, " \n")).rejects.toThrow(code("PROMPT_EMPTY"));
    const late = await world.ask(modelId, HOST);
    const full = world.host({ limits: { ...DEFAULT_HOST_LIMITS, maxQueue: 0 } });
    await expect(full.ask(late)).rejects.toThrow(code("HOST_BUSY"));
    const choosy = world.host({ limits: { ...DEFAULT_HOST_LIMITS, models: [7n] } });
    await expect(choosy.ask(late)).rejects.toThrow(code("MODEL_NOT_ALLOWED"));
    const small = world.host({ limits: { ...DEFAULT_HOST_LIMITS, maxModelBytes: 1 } });
    await expect(small.ask(late)).rejects.toThrow(code("MODEL_TOO_LARGE"));
    // Before the model is looked at.
    const bound = world.host({ limits: { ...DEFAULT_HOST_LIMITS, maxModelBytes: 1, maxOpenClaims: 0 } });
    await expect(bound.ask(late)).rejects.toThrow(code("HOST_BUSY"));
    await world.chain.pass(700);
    await cancelRequest(client, world.at, world.account(PAYER), late.requestId);
    await expect(host.ask(late)).rejects.toThrow(code("REQUEST_CLOSED"));
  });

  test("a question with a conversation before it is another one, and its receipt is recomputed with it", async () => {
    const before = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi" },
    ] as const;
    const host = world.host();
    await host.open();
    const asked = await world.ask(modelId, HOST, PROMPT, before);
    await expect(host.ask({ ...asked, before: undefined })).rejects.toThrow(code("PROMPT_MISMATCH"));
    const turned = [...before].reverse();
    await expect(host.ask({ ...asked, before: turned })).rejects.toThrow(code("PROMPT_MISMATCH"));
    const found = await host.ask(asked);
    expect(found.before).toEqual(before);
    const { content, session } = world;
    const checks = async (receipt: Receipt) =>
      (await verifyReceipt({ receipt, source: content, session })).checks;
    const named = (list: Awaited<ReturnType<typeof checks>>, name: string) =>
      list.find((check) => check.name === name)?.ok;
    const good = await checks(found);
    expect([named(good, "prompt"), named(good, "answer")]).toEqual([true, true]);
    expect(named(await checks({ ...found, before: turned }), "prompt")).toBe(false);
    expect(parseReceipt(JSON.parse(JSON.stringify(receiptToJson(found))))).toEqual(found);
  });

  test("a text that was taken out may be gone: the receipt says so, and whose its rows are still stands", async () => {
    const { client } = world.chain;
    const chain = { client, at: world.at };
    const named = async (source: ContentSource) => {
      const { ok, checks } = await verifyReceipt({ receipt, source, session: world.session, chain });
      return { ok, line: (name: string) => checks.find((check) => check.name === name) };
    };
    const rowId = receipt.claim.list.rowIds[0]!;
    const { content } = world;
    const { index } = await loadServedModel(content, await getModel(client, world.at, modelId));
    const { contributionId, row } = recordOf(index, rowId);
    const { contentId, contributor } = await getContribution(client, world.at, contributionId);
    const without: ContentSource = {
      async get(hash) {
        if (hash === contentId) throw aiError("CONTENT_NOT_FOUND", { message: `no content ${hash}` });
        return content.get(hash);
      },
    };
    const early = await named(without);
    expect([early.ok, early.line("training rows")?.detail]).toEqual([
      false,
      expect.stringContaining("CONTENT_NOT_FOUND"),
    ]);

    const author = [2, 3, 4].find((n) => world.address(n) === contributor.toLowerCase())!;
    await send(client, world.account(author), retireOrder(world.at, contributionId));
    const place = `row ${row} of contribution ${contributionId} by ${contributor.toLowerCase()}`;
    const out = "its datanet took it out: snapshots from 2 on pass over it";
    const kept = await named(content);
    expect(kept.line(`row ${rowId}`)).toMatchObject({
      ok: true,
      detail: expect.stringMatching(new RegExp(`^${place}, example 0x[0-9a-f]{64}; ${out}$`)),
    });
    const gone = await named(without);
    const open = ["spans", "weights", "verbatim"].map((name) => gone.line(name)?.ok);
    expect([gone.ok, ...open]).toEqual([true, undefined, undefined, undefined]);
    expect(gone.line("query sketch")).toMatchObject({ ok: true, detail: expect.stringContaining("cover") });
    expect(gone.line("scores")).toMatchObject({ ok: true });
    const forged = structuredClone(receipt);
    forged.claim.list.scores[0]! += 1n;
    const { checks } = await verifyReceipt({
      ...{ receipt: forged, source: without, session: world.session, chain },
    });
    expect(checks.find(({ name }) => name === "scores")?.ok).toBe(false);
    expect(gone.line(`row ${rowId}`)?.detail).toBe(`${place}, its text is gone; ${out}`);
    expect(gone.line("training rows")?.detail).toContain(
      `the texts of contributions ${contributionId} were taken out`,
    );

    // Rows keep their places: who has the texts goes on, who has not says so before the work.
    const claimed = await world.host().ask(await world.ask(modelId, HOST));
    expect(claimed.claim.list.rowIds).toEqual(receipt.claim.list.rowIds);
    const text = content.all.get(contentId)!;
    content.all.delete(contentId);
    const asked = await world.ask(modelId, HOST);
    await expect(world.host().ask(asked)).rejects.toThrow(code("TEXT_GONE"));
    const { at, session } = world;
    const rerun = rerunRequest({ client, at, content, session }, asked.requestId, asked);
    await expect(rerun).rejects.toThrow(code("TEXT_GONE"));
    content.all.set(contentId, text);
    expect((await world.host().ask(asked)).claim.list).toEqual(claimed.claim.list);
  });
});
