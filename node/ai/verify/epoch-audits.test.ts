import { join } from "node:path";
import { bytesToHex } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomBytes } from "../../base/clock.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { caseOf, giveEvidence } from "../client/audits.ts";
import { send } from "../client/chain.ts";
import { claimTuple } from "../client/claims.ts";
import { getDispute } from "../client/disputes.ts";
import { closeEpoch, epochBond, epochRefutationOf, fillPurse, getEpoch, openLeaf } from "../client/epochs.ts";
import { getModel } from "../client/models.ts";
import { purseOf } from "../client/purses.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import { setEngine, stakeAsVerifier } from "../client/verifiers.ts";
import { composeEpoch, feeOf } from "../epoch/epoch.ts";
import { closingOf, shownLeaf } from "../epoch/shown.ts";
import { signVoucher } from "../epoch/voucher.ts";
import { trueClaim } from "../serve/claim-with-cover.ts";
import { loadServedModel, runInference } from "../serve/inference.ts";
import { committedRows } from "../spans/model-spans.ts";
import { LIAR, MarketWorld, OPEN, PAYER, PROMPT, STAKER, WATCHER } from "../testing/market-world.ts";
import { epochBoard } from "./board.ts";
import { ENGINE } from "./engine.ts";
import { EpochDocket } from "./epoch-docket.ts";
import { encodeEvidence } from "./evidence.ts";
import { rerunRequest } from "./rerun-request.ts";
import { SeedRecorder } from "./seed-recorder.ts";
import { Verifier } from "./verifier.ts";

const TOKENS_OUT = 4;
const STEP_S = 6;

let world: MarketWorld;
let modelId: bigint;
beforeAll(async () => {
  world = await MarketWorld.open();
  ({ modelId } = await world.serving());
  const { client } = world.chain;
  const account = world.account(WATCHER);
  await stakeAsVerifier(client, world.at, account, 100n * OPEN);
  await setEngine(client, world.at, account, { engine: ENGINE, key: account.publicKey });
});
afterAll(() => world?.close());

/** An inference that the lying host asked for in the payer's name, and what it was asked. */
async function inference(outputHash?: Hash) {
  const { client } = world.chain;
  const registered = await getModel(client, world.at, modelId);
  const model = await loadServedModel(world.content, registered);
  const answered = await runInference(world.session, model, PROMPT, TOKENS_OUT);
  const salt = bytesToHex(randomBytes(32));
  const requestHash = hashOfRequest({
    ...{ salt, promptIds: answered.promptIds, adapterHash: registered.adapterHash, sampling: GREEDY },
    ...{ maxTokensIn: answered.promptIds.length, maxTokensOut: TOKENS_OUT },
  });
  const rows = () => committedRows(client, world.at, world.content, registered, model.manifest);
  const { claim } = await trueClaim(answered, { requestId: 0n, modelId, requestHash }, model.index, rows);
  const request = { prompt: PROMPT, salt, maxTokensOut: TOKENS_OUT };
  return { registered, request, claim: outputHash ? { ...claim, outputHash } : claim };
}

/** Closes an epoch of one inference as the lying host. */
async function close(told: Awaited<ReturnType<typeof inference>>, number: bigint) {
  const { client } = world.chain;
  const { registered, claim } = told;
  const [payer, host] = [world.account(PAYER), world.address(LIAR)];
  await fillPurse(client, world.at, payer, { payer: payer.address, host, amount: OPEN });
  const { rateIn, rateOut, split } = registered;
  const terms = { modelId, rateIn, rateOut, platformBps: 1_000, contributorsBps: split.contributors };
  const epoch = composeEpoch(host, number, terms, [{ payer: payer.address, claim }]);
  const closing = closingOf(epoch, terms, `0x${"11".repeat(32)}`);
  const fee = feeOf(terms, epoch.ranges[0]!.net);
  const { spent } = await purseOf(client, world.at, payer.address, host);
  const { timestamp, number: block } = await client.public.getBlock();
  const signed = { host, cumulative: spent + fee, validUntil: timestamp + 600n };
  const signature = await signVoucher(payer, client.chain.id, world.at.epochs, signed);
  const vouchers = [{ cumulative: signed.cumulative, validUntil: signed.validUntil, signature }];
  const bond = await epochBond(client, world.at, fee, closing);
  await closeEpoch(client, world.at, world.account(LIAR), { closing, ranges: epoch.ranges, vouchers, bond });
  return { epoch, block };
}

/** Verifier, whoever brings the audit forward, and a host that gives its panel evidence, until the epoch is decided. */
async function judged(
  { epoch, block }: Awaited<ReturnType<typeof close>>,
  request: Awaited<ReturnType<typeof inference>>["request"],
): Promise<string> {
  const { at, content, logger, session } = world;
  const { client, l1Headers } = world.chain;
  const account = world.account(WATCHER);
  const verifier = new Verifier({
    ...{ client, at, account, logger, l1Headers, keep: OPEN, folder: join(world.folder, "verifier") },
    privateKey: bytesToHex(account.getHdKey().privateKey!),
    evidence: (hash) => content.get(hash),
    rerun: (task) => {
      if ("rowId" in task) throw new Error("no record is disputed here");
      return rerunRequest({ client, at, content, session }, task.requestId, task.request, task.asked);
    },
  });
  const helper = world.account(STAKER);
  const seeds = new SeedRecorder({
    ...{ client, at, logger, headers: l1Headers },
    send: (order) => send(client, helper, order),
  });
  const docket = new EpochDocket({ client, at, account: helper, seeds, logger });
  const board = epochBoard(client, at);
  const { claim } = epoch.inferences[0]!;
  for (let passed = 0; passed < 400; passed += STEP_S) {
    const { timestamp: now } = await client.public.getBlock();
    const state = await getEpoch(client, at, epoch.epochId);
    if (state.status !== "closed") return state.status;
    const standing = await docket.advance(epoch, state, block, now);
    if (standing.kind === "clear") return "upheld";
    const { disputeId, cause, evidenceRounds } = await caseOf(client, board.at, claim.requestId);
    const dispute = cause === "none" ? undefined : await getDispute(client, at, disputeId);
    if (dispute?.status === "drawn" && evidenceRounds <= dispute.round) {
      const place = { requestId: claim.requestId, round: dispute.round };
      const keys = [{ verifier: world.address(WATCHER), key: account.publicKey }];
      const hash = await content.put(encodeEvidence(place, request, keys));
      await giveEvidence(client, board.at, world.account(LIAR), claim, hash);
    }
    await verifier.round();
    await verifier.idle();
    await world.chain.pass(STEP_S);
  }
  return "undecided";
}

test("a true inference of an epoch is upheld by its panel, a false one ends the epoch", {
  timeout: 300_000,
}, async () => {
  const { client } = world.chain;
  const honest = await inference();
  const first = await close(honest, 1n);
  expect(await judged(first, honest.request)).toBe("upheld");

  const lying = await inference(`0x${"77".repeat(32)}`);
  const second = await close(lying, 2n);
  expect(await judged(second, lying.request)).toBe("refuted");
  const refutation = await epochRefutationOf(client, world.at, second.epoch.epochId);
  expect(refutation).toMatchObject({ reason: "verdict" });
});

test("evidence that names another limit than the request's hash is none", { timeout: 300_000 }, async () => {
  const told = await inference();
  const closed = await close(told, 3n);
  const other = { ...told.request, maxTokensOut: TOKENS_OUT + 1 };
  expect(await judged(closed, other)).toBe("refuted");
});

test("a claim can be read by a panel once its inference is opened, whoever did it", async () => {
  const { client } = world.chain;
  const told = await inference();
  const { epoch } = await close(told, 4n);
  const { claim } = epoch.inferences[0]!;
  const board = epochBoard(client, world.at);
  await expect(board.claim(claim.requestId)).rejects.toMatchObject({ code: "CLAIM_MISSING" });
  await openLeaf(client, world.at, world.account(STAKER), epoch.epochId, shownLeaf(epoch, 0));
  expect(claimTuple(await board.claim(claim.requestId))).toEqual(claimTuple(claim));
});
