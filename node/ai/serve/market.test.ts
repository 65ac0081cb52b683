import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hash } from "../../chain/types/primitives.ts";
import { deliveredAnswer, demandDelivery } from "../client/demands.ts";
import { cancelRequest, getRequest } from "../client/market.ts";
import { getModel, stakeOnModel } from "../client/models.ts";
import { bytesOfHex, contentIdOf } from "../codec/hash.ts";
import { unseal } from "../codec/sealed.ts";
import { Mirror } from "../content/mirror.ts";
import { folderSource } from "../content/source.ts";
import { exportEvidence } from "../receipt/evidence.ts";
import { encodeReceipt, parseReceipt, type Receipt, receiptToJson } from "../receipt/receipt.ts";
import { verifyReceipt } from "../receipt/verify.ts";
import { HOST, LIAR, MarketWorld, OPEN, PAYER, PROMPT, STAKER } from "../testing/market-world.ts";
import { memoryContent } from "../testing/memory-content.ts";
import type { BuiltModel } from "../train/model-build.ts";
import { DEFAULT_HOST_LIMITS, type Host, type Question } from "./host.ts";
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
      ...["prompt", "answer", "query sketch", "scores", "weights", "training rows"],
      ...receipt.claim.list.rowIds.map((rowId) => `row ${rowId}`),
      ...["fine-tuning", "index", "split"],
    ]);
    const grounds = new Set(online.checks.map((check) => check.grounds));
    expect([...grounds]).toEqual(["on chain", "proved on chain", "recomputed"]);
    const evidence = join(world.folder, "evidence");
    await exportEvidence(receipt, content, evidence);
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
    expect(await failing(payee)).toEqual(["contributors on chain", "split"]);
    const payout = (copy: Receipt) => {
      copy.settlement!.payout.host += 1n;
    };
    expect(await failing(payout)).toContain("settlement on chain");
    const unit = (copy: Receipt) => {
      copy.model.index.e0 += 1;
    };
    expect(await failing(unit)).toContain("model on chain");
  });

  test("a host that dies around its claim goes on with it, and settles what is due together", async () => {
    const { client } = world.chain;
    const path = (requestId: bigint) => join(world.folder, `${requestId}.json`);
    const restarted = async () => {
      const again = world.host({ proved: false });
      await again.open();
      return again;
    };
    // Died before posting: what it had kept is what it posts.
    const unposted = await world.ask(modelId, HOST);
    const claimed = await (await restarted()).ask(unposted);
    // Died after posting, before it knew where.
    const draft = receiptToJson({ ...claimed, claimTransaction: NOT_POSTED });
    await writeFile(path(unposted.requestId), JSON.stringify({ published: false, receipt: draft }));
    const posted = await world.ask(modelId, HOST);
    const last = await restarted();
    expect((await last.ask(unposted)).claimTransaction).toBe(claimed.claimTransaction);
    await last.ask(posted);
    await world.passWindow();
    const [one, two] = [unposted.requestId, posted.requestId];
    expect((await last.settleDue()).sort()).toEqual([one, two]);
    const transactions = [one, two].map(async (id) => {
      return (await last.receipt(id))!.receipt.settlement!.transactionHash;
    });
    expect(new Set(await Promise.all(transactions)).size).toBe(1);
    expect((await getRequest(client, world.at, one)).status).toBe("settled");
  });

  test("a demand for the answer or the query is met in time, and the claim settles", async () => {
    const { client } = world.chain;
    const { at } = world;
    const asked = await world.ask(modelId, HOST);
    const optimistic = world.host({ proved: false });
    const { claim, answer } = await optimistic.ask(asked);
    const key = generatePrivateKey();
    const { publicKey } = privateKeyToAccount(key);
    await demandDelivery(client, at, world.account(PAYER), claim, publicKey);
    await optimistic.answerDemands();
    const sealed = (await deliveredAnswer(client, at, asked.requestId))!;
    expect(new TextDecoder().decode(unseal(bytesOfHex(sealed), key))).toBe(answer);
    expect(() => unseal(bytesOfHex(sealed), generatePrivateKey())).toThrow(code("SEAL_INVALID"));
    // Another host's demands are none of its business.
    await world.host().answerDemands();
    // The demand moved the window's end behind its own.
    await world.passWindow();
    await world.passWindow();
    expect(await optimistic.settleDue()).toEqual([asked.requestId]);
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
    await world.chain.pass(700);
    await cancelRequest(client, world.at, world.account(PAYER), late.requestId);
    await expect(host.ask(late)).rejects.toThrow(code("REQUEST_CLOSED"));
  });
});
