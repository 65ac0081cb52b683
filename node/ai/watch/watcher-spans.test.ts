import { keccak256 } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hash } from "../../chain/types/primitives.ts";
import { listByGain } from "../attribution/score.ts";
import { allScores, recordOf } from "../attribution/sketch-index.ts";
import { valueOfClaim } from "../client/audits.ts";
import { rewardBalance } from "../client/balances.ts";
import { postClaim } from "../client/claims.ts";
import { demandDeposit } from "../client/demands.ts";
import { getRequest, refutationOf } from "../client/market.ts";
import { recordCaseOf } from "../client/model-disputes.ts";
import { getModel } from "../client/models.ts";
import { demandSpans, recordDemandOf } from "../client/registration.ts";
import { bytesOfHex, concatBytes, hexOfBytes } from "../codec/hash.ts";
import { type ClaimedCover, claimedCover, claimedTerms, encodeCover } from "../fusion/cover-bytes.ts";
import { coverOf, gainOf } from "../fusion/rule.ts";
import { comparedTokens, completionsOf } from "../fusion/texts.ts";
import { parseReceipt, receiptToJson } from "../receipt/receipt.ts";
import { verifyReceipt } from "../receipt/verify.ts";
import { claimOf, loadServedModel, runInference, type ServedModel } from "../serve/inference.ts";
import { SPANS_ROW } from "../spans/commitment.ts";
import { committedRows, modelSpans } from "../spans/model-spans.ts";
import { HOST, LIAR, MarketWorld, PROMPT, WATCHER } from "../testing/market-world.ts";
import type { BuiltModel } from "../train/model-build.ts";
import type { OpenedRequest } from "../verify/evidence.ts";
import { rerunRequest } from "../verify/rerun-request.ts";
import { Watcher } from "./watcher.ts";

describe("a watcher of models with spans", () => {
  let world: MarketWorld;
  let built: BuiltModel;
  let modelId: bigint;
  let model: ServedModel;

  beforeAll(async () => {
    world = await MarketWorld.open();
    built = await world.build([await world.snapshot()]);
    const { hash } = await modelSpans(built.set, built.base.tokenizer);
    modelId = await world.register(withSpans(hash));
    await world.passWindow();
    await world.hosts(modelId);
    model = await loadServedModel(world.content, await getModel(world.chain.client, world.at, modelId));
  });
  afterAll(() => world?.close());

  const watcher = () => {
    const { at, content, logger } = world;
    const { client, l1Headers } = world.chain;
    return new Watcher({ client, at, account: world.account(WATCHER), content, l1Headers, logger });
  };
  /** Rounds until there is nothing to do at the chain's present second. */
  const work = async (watch: Watcher) => {
    for (let round = 0; round < 4; round++) {
      await watch.round();
      await watch.idle();
    }
  };
  const statusOf = async (requestId: bigint) =>
    (await getRequest(world.chain.client, world.at, requestId)).status;
  const withSpans = (spans: Hash) => {
    const commitment = { ...built.index.commitment, spans };
    return world.order({ ...built, index: { ...built.index, commitment } });
  };

  test("shows an honest model's spans when somebody demands them, and has no panel asked", async () => {
    const { client } = world.chain;
    const { hash } = await modelSpans(built.set, built.base.tokenizer);
    const order = withSpans(hash);
    const id = await world.register({ ...order, adapterHash: built.hashes.baseHash });
    await demandSpans(client, world.at, world.account(LIAR), id);
    const before = await rewardBalance(client, world.at, world.address(WATCHER));
    await work(watcher());
    const gained = (await rewardBalance(client, world.at, world.address(WATCHER))) - before;
    expect(gained).toBe(await demandDeposit(client, world.at));
    expect((await recordDemandOf(client, world.at, id, SPANS_ROW)).deadline).toBe(0n);
    expect((await recordCaseOf(client, world.at, { modelId: id, rowId: SPANS_ROW })).status).toBe("none");
  });

  test("asks a panel about spans that are not those of the rows, once, and does not show them", async () => {
    const { client } = world.chain;
    const order = withSpans(built.hashes.methodHash);
    const id = await world.register({ ...order, adapterHash: built.hashes.manifestHash });
    await demandSpans(client, world.at, world.account(LIAR), id);
    const watch = watcher();
    await work(watch);
    const about = { modelId: id, rowId: SPANS_ROW };
    const opened = await recordCaseOf(client, world.at, about);
    expect(opened).toMatchObject({ status: "open", opener: world.address(WATCHER) });
    expect((await recordDemandOf(client, world.at, id, SPANS_ROW)).deadline).not.toBe(0n);
    await work(watcher());
    expect((await recordCaseOf(client, world.at, about)).disputeId).toBe(opened.disputeId);
    expect(watch.status().unjudged).toEqual([]);
  });

  test("lets a true claim with spans stand, and refutes false bits, an omitted row and false scores", async () => {
    const { client } = world.chain;
    const { tokenizer } = built.base;
    const completions = await completionsOf(built.set.examples, tokenizer);
    const { index } = model;
    const headOf = (rowId: number) => recordOf(index, rowId);
    const questions = new Map<bigint, OpenedRequest>();
    const verified = async (requestId: bigint) => {
      const { at, content, session } = world;
      const context = { client, at, content, session };
      return (await rerunRequest(context, requestId, questions.get(requestId)!)).value;
    };
    const claimWith = async (
      change: (cover: ClaimedCover) => ClaimedCover,
      { drop = 0, more = 0n, text }: { drop?: number; more?: bigint; text?: string } = {},
    ) => {
      const { requestId, ...question } = await world.ask(modelId, LIAR);
      questions.set(requestId, question);
      const request = await getRequest(client, world.at, requestId);
      const inference = await runInference(world.session, model, PROMPT, request.maxTokensOut);
      const answer = await comparedTokens(text ?? inference.answer, tokenizer);
      const cover = coverOf(answer, completions);
      const { commitment } = index;
      const scores = (await allScores(index, inference.query)).map(({ rowId, score }) => ({
        rowId,
        score: score === undefined ? undefined : score + more,
      }));
      const right = listByGain(commitment, scores, headOf, (row, score) => gainOf(cover, row, score));
      const rowIds = right.rowIds.slice(drop);
      const claimed = change(claimedCover(answer, completions, cover, rowIds));
      const terms = claimedTerms(claimed);
      const kept = scores.filter(({ rowId }) => rowIds.includes(rowId));
      const list = listByGain(commitment, kept, headOf, (row, score) =>
        gainOf(terms, rowIds.indexOf(row), score),
      );
      const parts = list.rowIds.map((row) => claimed.parts[rowIds.indexOf(row)]!);
      const plain = claimOf(inference, request);
      const bytes = concatBytes(bytesOfHex(plain.query), encodeCover({ ...claimed, parts }));
      const claim = { ...plain.claim, list, queryHash: keccak256(bytes) };
      const posted = { claim, query: hexOfBytes(bytes), bond: request.claimBond };
      await postClaim(client, world.at, world.account(LIAR), posted);
      return claim;
    };
    const same = (cover: ClaimedCover) => cover;
    const watch = watcher();
    const honest = await claimWith(same);
    const { requestId, list } = honest;
    await work(watch);
    expect(await statusOf(requestId)).toBe("claimed");
    expect(list.rowIds.length).toBeGreaterThan(1);
    // Verifiers come to the same claim; one over the tokens of another answer they alone find false.
    expect(await verified(requestId)).toBe(valueOfClaim(honest));
    const other = await claimWith(same, { text: `${PROMPT} again` });
    await work(watch);
    expect(await statusOf(other.requestId)).toBe("claimed");
    expect(await verified(other.requestId)).not.toBe(valueOfClaim(other));
    const lies: [string, Parameters<typeof claimWith>][] = [
      ["information", [(cover) => ({ ...cover, bits: cover.bits.map((bits) => (bits % 15) + 1) })]],
      ["omitted holder", [same, { drop: 1 }]],
      ["score", [same, { more: 1n }]],
    ];
    for (const [reason, lie] of lies) {
      const claim = await claimWith(...lie);
      await work(watch);
      expect([reason, await statusOf(claim.requestId)]).toEqual([reason, "refuted"]);
      expect((await refutationOf(client, world.at, claim.requestId))!.reason).toBe(reason);
    }
    expect(watch.status().unjudged).toEqual([]);
  });

  test.each([false, true])(
    "agrees with the claim of a host, and so does who verifies its receipt (proved: %s)",
    async (proved) => {
      const { content, session, at } = world;
      const { client } = world.chain;
      const host = world.host({ proved });
      await host.open();
      const receipt = await host.ask(await world.ask(modelId, HOST));
      expect(receipt.claim.list).toEqual(receipt.verbatim!.list);
      // The largest sketch with the largest cover behind it.
      const withQuery = (bytes: number) =>
        receiptToJson({ ...receipt, query: hexOfBytes(new Uint8Array(bytes)) });
      expect(parseReceipt(withQuery(25_476)).query).toHaveLength(2 + 2 * 25_476);
      expect(() => parseReceipt(withQuery(25_477))).toThrow();
      const watch = watcher();
      await work(watch);
      expect(await statusOf(BigInt(receipt.request.requestId))).toBe("claimed");
      expect(watch.status().unjudged).toEqual([]);
      const { checks } = await verifyReceipt({ receipt, source: content, session, chain: { client, at } });
      expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
      expect(checks.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["spans", "query sketch", "scores", "verbatim"]),
      );
      // What is registered is compared with the rows, whatever the claim says.
      const index = { ...receipt.model.index, spans: built.hashes.methodHash };
      const other = { ...receipt, model: { ...receipt.model, index } };
      const found = await verifyReceipt({ receipt: other, source: content, session });
      expect(found.checks.find(({ name }) => name === "spans")).toMatchObject({
        ok: false,
        detail: expect.stringContaining("INDEX_MISMATCH"),
      });
      const list = receipt.claim.list;
      const gains = list.gains.map((gain) => (gain === 16 ? 15 : 16));
      const changed = { ...receipt, claim: { ...receipt.claim, list: { ...list, gains } } };
      const { ok } = await verifyReceipt({ receipt: changed, source: content, session });
      expect(ok).toBe(false);
    },
  );

  test("reads rows only where they give what the index commits", async () => {
    const { client } = world.chain;
    const registered = await getModel(client, world.at, modelId);
    const index = { ...registered.index, spans: built.hashes.methodHash };
    const reading = (model: Parameters<typeof committedRows>[3]) =>
      committedRows(client, world.at, world.content, model, built.manifest);
    expect((await reading(registered)).completions.rows).toHaveLength(built.set.examples.length);
    await expect(reading({ ...registered, index })).rejects.toMatchObject({ code: "INDEX_MISMATCH" });
  });
});
