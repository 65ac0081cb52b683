import { bytesToHex } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillPurse } from "../../ai/client/epochs.ts";
import { getModel } from "../../ai/client/models.ts";
import { prepaidId } from "../../ai/epoch/prepaid.ts";
import { signVoucher } from "../../ai/epoch/voucher.ts";
import { makePrepaidReceipt, type PrepaidReceipt, proofAt } from "../../ai/receipt/prepaid-receipt.ts";
import type { Host } from "../../ai/serve/host.ts";
import { DEFAULT_HOST_LIMITS } from "../../ai/serve/host-limits.ts";
import { HOST, MarketWorld, OPEN, PAYER, PROMPT } from "../../ai/testing/market-world.ts";
import { randomBytes } from "../../base/clock.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { verifyPrepaidHere } from "./verify-prepaid-here.ts";

let world: MarketWorld;
let host: Host;
let early: PrepaidReceipt;

beforeAll(async () => {
  world = await MarketWorld.open();
  const { modelId } = await world.serving();
  const { client } = world.chain;
  const payer = world.address(PAYER);
  await fillPurse(client, world.at, world.account(PAYER), { payer, host: world.address(HOST), amount: OPEN });
  host = world.host({ limits: { ...DEFAULT_HOST_LIMITS, epochSeconds: 60 } });
  await host.open();
  const { timestamp } = await client.public.getBlock();
  const said = { host: world.address(HOST), cumulative: OPEN / 100n, validUntil: timestamp + 86_400n };
  const signature = await signVoucher(world.account(PAYER), client.chain.id, world.at.epochs, said);
  const answer = await host.prepaid.ask({
    ...{ modelId, prompt: PROMPT, salt: bytesToHex(randomBytes(32)) as Hash, maxTokensOut: 12 },
    ...{ payer, voucher: { ...said, signature } },
  });
  early = makePrepaidReceipt(answer, await getModel(client, world.at, modelId), null, null);
}, 240_000);
afterAll(() => world?.close());

const checksOf = (receipt: PrepaidReceipt) =>
  verifyPrepaidHere({
    ...{ receipt, client: world.chain.client, at: world.at, source: world.content, l1: undefined },
    onCheck: () => undefined,
  });
const failed = async (receipt: PrepaidReceipt) =>
  (await checksOf(receipt)).filter(({ ok }) => ok === false).map(({ name }) => name);

test("a prepaid answer is verified without a model before it stands in an epoch, and with its proof after", async () => {
  const before = await checksOf(early);
  expect(before.filter(({ ok }) => ok === false)).toEqual([]);
  const passed = before.filter(({ ok }) => ok).map(({ name }) => name);
  expect(passed).toEqual(
    expect.arrayContaining([
      "host's signature",
      "state proof of the model",
      "spans and influence",
      "verbatim spans",
    ]),
  );
  await world.chain.pass(61);
  for (let round = 0; round < 2; round++) await host.prepaid.round();
  const { place } = (await host.prepaid.kept(prepaidId(early.answer.payer, early.answer.claim.requestHash)))!;
  const placed = { ...early, place };
  const proof = await proofAt({ client: world.chain.client, at: world.at }, world.content, place!);
  for (const receipt of [early, placed, { ...placed, proof }]) {
    const checks = await checksOf(receipt);
    expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
    for (const name of ["claim in its epoch", "state proof of epoch and model", "payouts", "split"])
      expect(checks.find((check) => check.name === name)?.ok, name).toBe(true);
  }
});

test("one that was changed is not", async () => {
  const answer = () => structuredClone(early.answer);
  const changed = answer();
  changed.claim.list.gains[0]! -= 1;
  expect(await failed({ ...early, answer: changed })).toEqual(
    expect.arrayContaining(["host's signature", "claim in its epoch", "scores, order and weights"]),
  );
  const spans = answer();
  spans.verbatim!.spans[0]!.information += 1;
  expect(await failed({ ...early, answer: spans })).toEqual(["spans and influence"]);
  const model = { ...early.model, index: { ...early.model.index, root: `0x${"11".repeat(32)}` as Hash } };
  expect(await failed({ ...early, model })).toEqual(
    expect.arrayContaining(["model on chain", "attribution index", "state proof of epoch and model"]),
  );
});
