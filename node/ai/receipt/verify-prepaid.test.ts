import { bytesToHex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomBytes } from "../../base/clock.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { demandLeaf, endSilentLeaf } from "../client/epoch-demands.ts";
import { type ClosedEpoch, epochsIn, fillPurse } from "../client/epochs.ts";
import { getModel } from "../client/models.ts";
import type { ContentSource } from "../content/source.ts";
import { type PrepaidAnswer, type PrepaidPlace, prepaidId } from "../epoch/prepaid.ts";
import { signVoucher } from "../epoch/voucher.ts";
import { aiError } from "../errors.ts";
import type { Host } from "../serve/host.ts";
import { DEFAULT_HOST_LIMITS } from "../serve/host-limits.ts";
import { HOST, MarketWorld, OPEN, OWNER, PAYER, PROMPT, STAKER } from "../testing/market-world.ts";
import type { Check } from "./checks.ts";
import {
  makePrepaidReceipt,
  type PrepaidReceipt,
  parsePrepaidReceipt,
  prepaidReceiptToJson,
  proofAt,
} from "./prepaid-receipt.ts";
import { verifyPrepaid } from "./verify-prepaid.ts";

/** What the shown checks came to, by name. */
const by = (checks: readonly Check[], grounds: Check["grounds"]) =>
  Object.fromEntries(checks.filter((one) => one.grounds === grounds).map(({ name, ok }) => [name, ok]));

describe("a receipt of a prepaid answer", { timeout: 600_000 }, () => {
  let world: MarketWorld;
  let modelId: bigint;
  let host: Host;
  let answers: PrepaidAnswer[];
  let closed: ClosedEpoch;

  const chain = () => ({ client: world.chain.client, at: world.at });
  const ask = async (payer: number): Promise<PrepaidAnswer> => {
    const { client } = world.chain;
    const { taken } = await host.prepaid.stateOf(world.address(payer));
    const { timestamp } = await client.public.getBlock();
    const said = {
      host: world.address(HOST),
      cumulative: taken + OPEN / 100n,
      validUntil: timestamp + 86_400n,
    };
    const signature = await signVoucher(world.account(payer), client.chain.id, world.at.epochs, said);
    return host.prepaid.ask({
      ...{ modelId, prompt: PROMPT, salt: bytesToHex(randomBytes(32)) as Hash, maxTokensOut: 4 },
      ...{ payer: world.address(payer), voucher: { ...said, signature } },
    });
  };
  const placeOf = async ({ payer, claim }: PrepaidAnswer): Promise<PrepaidPlace | null> =>
    (await host.prepaid.kept(prepaidId(payer, claim.requestHash)))!.place;
  /** As `receipt show` puts it together. */
  const receiptOf = async (answer: PrepaidAnswer, content: ContentSource = world.content) => {
    const place = await placeOf(answer);
    const proof = place && (await proofAt(chain(), content, place));
    const made = makePrepaidReceipt(
      answer,
      await getModel(world.chain.client, world.at, modelId),
      place,
      proof,
    );
    return parsePrepaidReceipt(JSON.parse(JSON.stringify(prepaidReceiptToJson(made))));
  };
  const verify = (receipt: PrepaidReceipt, source: ContentSource = world.content, offline = false) =>
    verifyPrepaid({ receipt, source, session: world.session, chain: offline ? undefined : chain() });
  /** All that there is, but for the leaves of epochs. */
  const withheld = (): ContentSource => ({
    get: async (hash) => {
      if (hash !== closed.closing.contents) return world.content.get(hash);
      throw aiError("CONTENT_NOT_FOUND", { message: "withheld" });
    },
  });

  beforeAll(async () => {
    world = await MarketWorld.open();
    ({ modelId } = await world.serving());
    const { client } = world.chain;
    for (const n of [PAYER, STAKER])
      await fillPurse(client, world.at, world.account(n), {
        ...{ payer: world.address(n), host: world.address(HOST), amount: OPEN },
      });
    host = world.host({ limits: { ...DEFAULT_HOST_LIMITS, epochSeconds: 60 } });
    await host.open();
    answers = [await ask(PAYER), await ask(STAKER), await ask(PAYER)];
  }, 600_000);
  afterAll(() => world?.close());

  test("before its epoch is closed is the host's word alone, and all else is recomputed", async () => {
    const receipt = await receiptOf(answers[0]!);
    expect([receipt.place, receipt.proof]).toEqual([null, null]);
    const { ok, checks } = await verify(receipt);
    expect(checks.filter((one) => one.ok === false)).toEqual([]);
    expect(ok).toBe(true);
    expect(by(checks, "waits")).toEqual({ epoch: undefined, split: undefined });
    expect(by(checks, "recomputed")).toMatchObject({
      ...{ "host's signature": true, documents: true, prompt: true, answer: true },
      ...{ "query sketch": true, scores: true, weights: true, verbatim: true },
    });
  });

  test("stands under its epoch's root, with what it cost and whom it pays", async () => {
    await world.chain.pass(61);
    await host.prepaid.round();
    const to = await world.chain.client.public.getBlockNumber();
    closed = (await epochsIn(world.chain.client, world.at, { from: 0n, to }))[0]!;
    // The host writes down where its answers stand when it looks at the epoch next.
    await host.prepaid.round();
    for (const answer of answers) {
      const { ok, checks } = await verify(await receiptOf(answer));
      expect(checks.filter((one) => one.ok === false)).toEqual([]);
      expect(ok).toBe(true);
      expect(by(checks, "proved on chain")).toEqual({ "claim in its epoch": true, payouts: true });
      expect(by(checks, "waits")).toEqual({ "challenge window": undefined });
      expect(checks.find(({ name }) => name === "split")?.ok).toBe(true);
      expect(checks.find(({ name }) => name === "payment")?.ok).toBe(true);
    }
    // One that was made before finds its place by the leaves.
    const early = await verify({ ...(await receiptOf(answers[0]!)), place: null, proof: null });
    expect(early.ok).toBe(true);
    expect(by(early.checks, "proved on chain")).toEqual({ "claim in its epoch": true, payouts: true });
    // Without a chain the parts are divided again all the same.
    const alone = await verify(await receiptOf(answers[1]!), world.content, true);
    expect(alone.ok).toBe(true);
    expect(alone.checks.find(({ name }) => name === "split")?.ok).toBe(true);
  });

  test("that was changed fails where it was changed", async () => {
    const receipt = await receiptOf(answers[2]!);
    const { answer, place, proof } = receipt;
    const other = await receiptOf(answers[1]!);
    const { list } = answer.claim;
    const claimed = (change: Partial<typeof list>) => ({
      answer: { ...answer, claim: { ...answer.claim, list: { ...list, ...change } } },
    });
    const [first, ...rest] = proof!.payouts!;
    const changes: [string, Partial<PrepaidReceipt>][] = [
      ["scores", claimed({ scores: [list.scores[0]! + 1n, ...list.scores.slice(1)] })],
      ["weights", claimed({ weights: [list.weights[0]! + 1n, ...list.weights.slice(1)] })],
      ["answer", { answer: { ...answer, answer: `${answer.answer}!` } }],
      ["prompt", { answer: { ...answer, prompt: "What else?" } }],
      ["verbatim", { answer: { ...answer, verbatim: { ...answer.verbatim!, free: 10_000 } } }],
      ["host's signature", { answer: { ...answer, payer: other.answer.payer } }],
      ["host's signature", { answer: { ...answer, host: other.answer.payer } }],
      ["claim in its epoch", { place: other.place }],
      ["claim in its epoch", { place: { ...place!, position: 2 ** 31 } }],
      ["claim in its epoch", { proof: { ...proof!, net: proof!.net + 1n } }],
      ["claim in its epoch", { proof: { ...proof!, net: -1n } }],
      ["claim in its epoch", { proof: { ...proof!, path: proof!.path.slice(1) } }],
      [
        "claim in its epoch",
        { proof: { ...proof!, path: proof!.path.map((node) => ({ ...node, sum: node.sum + 1n })) } },
      ],
      ["payouts", { proof: { ...proof!, payouts: [{ ...first!, amount: first!.amount + 1n }, ...rest] } }],
      ["payouts", { proof: { ...proof!, payouts: [{ ...first!, position: first!.position + 1 }, ...rest] } }],
      ["split", { proof: { ...proof!, payouts: rest } }],
      ["split", { proof: { ...proof!, payouts: [first!, first!, ...rest] } }],
      ["epoch", { place: { ...place!, epochId: place!.epochId + 1n } }],
      ["epoch", { place: { ...place!, epochId: 10n ** 77n * 9n } }],
      ["chain and contract", { answer: { ...answer, epochs: answer.host } }],
      ["model on chain", { model: { ...receipt.model, adapterHash: receipt.model.baseHash } }],
    ];
    for (const [name, change] of changes) {
      const { ok, checks } = await verify({ ...receipt, ...change });
      expect([name, ok]).toEqual([name, false]);
      expect(checks.filter((one) => one.ok === false).map((one) => one.name)).toContain(name);
    }
    const json = prepaidReceiptToJson(receipt);
    const bad = [{}, null, "x", { ...json, more: 1 }, { ...json, place: { epochId: 1, position: -1 } }];
    for (const one of bad)
      expect(() => parsePrepaidReceipt(one)).toThrow(expect.objectContaining({ code: "RECEIPT_INVALID" }));
    const long = {
      ...json.proof!,
      path: Array.from({ length: 17 }, () => ({ hash: hashOfNothing, sum: "0" })),
    };
    expect(() => parsePrepaidReceipt({ ...json, proof: long })).toThrow(
      expect.objectContaining({ code: "RECEIPT_INVALID" }),
    );
  });

  test("whose leaves nobody has waits, until its host had to show them", async () => {
    const { client } = world.chain;
    const receipt = await receiptOf(answers[0]!, withheld());
    expect([receipt.place?.epochId, receipt.proof]).toEqual([closed.epochId, null]);
    const before = await verify(receipt, withheld());
    expect(before.ok).toBe(true);
    expect(by(before.checks, "waits")).toHaveProperty("claim in its epoch");
    await demandLeaf(client, world.at, world.account(OWNER), closed.epochId, false, receipt.place!.position);
    await host.prepaid.round();
    const after = await verify(receipt, withheld());
    expect(after.ok).toBe(true);
    expect(by(after.checks, "proved on chain")).toEqual({ "claim in its epoch": true });
    expect(by(after.checks, "waits")).toHaveProperty("payouts");
    // Whoever has the file needs no demand.
    expect(by((await verify(receipt)).checks, "proved on chain")).toHaveProperty("payouts", true);
  });

  test("fails once its epoch was refuted", async () => {
    const { client } = world.chain;
    const receipt = await receiptOf(answers[0]!);
    const position = closed.closing.payoutCount - 1;
    await demandLeaf(client, world.at, world.account(OWNER), closed.epochId, true, position);
    await world.passWindow();
    await endSilentLeaf(client, world.at, world.account(OWNER), closed.epochId, true, position);
    const { ok, checks } = await verify(receipt);
    expect(ok).toBe(false);
    expect(checks.filter((one) => one.ok === false).map(({ name }) => name)).toEqual(["challenge window"]);
  });
});

const hashOfNothing = `0x${"00".repeat(32)}`;
