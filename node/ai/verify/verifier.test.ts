import { rm } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex, encodeAbiParameters, keccak256, numberToHex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SKIPPED } from "../../../precompiles/influence-verifier/rule.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { encodeManifest } from "../attribution/manifest.ts";
import { encodeRecord, type IndexRecord } from "../attribution/record.ts";
import { recordTree } from "../attribution/record-tree.ts";
import { readIndex, recordOf } from "../attribution/sketch-index.ts";
import { caseOf, disputeClaim, giveEvidence } from "../client/audits.ts";
import { rewardBalance } from "../client/balances.ts";
import { send } from "../client/chain.ts";
import { type Claim, postClaim } from "../client/claims.ts";
import {
  commitmentOf,
  commitResult,
  decideDispute,
  drawPanel,
  getDispute,
  revealResult,
  voteOf,
  windowsOf,
} from "../client/disputes.ts";
import { getRequest, refutationOf } from "../client/market.ts";
import { type DisputedRecord, disputeRecord, disputeSpans, recordCaseOf } from "../client/model-disputes.ts";
import { getModel } from "../client/models.ts";
import { recordOrder } from "../client/seeds.ts";
import { setEngine, stakeAsVerifier, verifierMembers } from "../client/verifiers.ts";
import { contentIdOf, keccakOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import { trueClaim } from "../serve/claim-with-cover.ts";
import type { Host } from "../serve/host.ts";
import { loadServedModel, runInference, type ServedModel } from "../serve/inference.ts";
import { SPANS_ROW } from "../spans/commitment.ts";
import { committedRows, modelSpans } from "../spans/model-spans.ts";
import { HOST, LIAR, MarketWorld, OPEN, PAYER, PROMPT, STAKER, WATCHER } from "../testing/market-world.ts";
import { TINY_METHOD } from "../testing/tiny-model.ts";
import { ENGINE } from "./engine.ts";
import { encodeEvidence } from "./evidence.ts";
import { rerunRecord } from "./rerun-record.ts";
import { rerunRequest } from "./rerun-request.ts";
import { Verifier } from "./verifier.ts";

/** Seconds of the chain's clock between two looks of all who take part; windows have 20. */
const STEP_S = 6;

/** Whose record is disputed. */
const ROW = 3;

describe("verifiers", { timeout: 900_000 }, () => {
  let world: MarketWorld;
  let modelId: bigint;
  let model: ServedModel;
  let snapshots: Awaited<ReturnType<MarketWorld["snapshot"]>>[];
  let host: Host;
  /** How often a request was run again. */
  let runs = 0;

  /** Two of the accounts; a new one of the same folder is what a restart makes. */
  const SEATS = [STAKER, PAYER];
  const keyOf = (n: number) => bytesToHex(world.account(n).getHdKey().privateKey!);
  const verifier = (n: number, keep = OPEN, evidence = (hash: Hash) => world.content.get(hash)) => {
    const { at, content, logger, session } = world;
    const { client, l1Headers } = world.chain;
    return new Verifier({
      ...{ client, at, l1Headers, logger, keep },
      account: world.account(n),
      privateKey: keyOf(n),
      folder: join(world.folder, `verifier-${n}`),
      evidence,
      // Another room's fault is not this one's.
      others: () => Promise.reject(new Error("no word of them")),
      rerun: (task) => {
        runs++;
        const context = { client, at, content, session };
        return "rowId" in task
          ? rerunRecord(context, task.modelId, task.rowId)
          : rerunRequest(context, task.requestId, task.request);
      },
    });
  };

  beforeAll(async () => {
    world = await MarketWorld.open();
    snapshots = [await world.snapshot()];
    const built = await world.build(snapshots);
    modelId = await world.register(world.order(built));
    await world.passWindow();
    await world.hosts(modelId);
    const { client } = world.chain;
    model = await loadServedModel(world.content, await getModel(client, world.at, modelId));
    for (const n of SEATS) {
      const account = world.account(n);
      await stakeAsVerifier(client, world.at, account, 100n * OPEN);
      await setEngine(client, world.at, account, { engine: ENGINE, key: account.publicKey });
    }
    host = world.host();
    await host.open();
    await world.chain.pass(2);
  });
  afterAll(async () => {
    await world?.close();
    if (world) await rm(world.folder, { recursive: true, force: true });
  });

  const statusOf = async (requestId: bigint) =>
    (await getRequest(world.chain.client, world.at, requestId)).status;
  /** Verifiers, and the host, at work for a while of the chain's time. */
  const pass = async (seconds: number, verifiers: readonly Verifier[]) => {
    for (let passed = 0; passed < seconds; passed += STEP_S) {
      await world.chain.pass(STEP_S);
      await host.answerDemands();
      for (const one of verifiers) {
        await one.round();
        await one.idle();
      }
    }
  };
  /** A claim of the liar for a new request of the payer, disputed by the payer. */
  const lie = async (change: (claim: Claim) => Claim) => {
    const { client } = world.chain;
    const question = await world.ask(modelId, LIAR);
    const request = await getRequest(client, world.at, question.requestId);
    const inference = await runInference(world.session, model, PROMPT, request.maxTokensOut);
    const { content, at } = world;
    const { registered, manifest } = model;
    const honest = await trueClaim(inference, request, model.index, () =>
      committedRows(client, at, content, registered, manifest),
    );
    const claim = change(honest.claim);
    const query = honest.query;
    await postClaim(client, world.at, world.account(LIAR), { claim, query, bond: request.claimBond });
    await disputeClaim(client, world.at, world.account(PAYER), claim);
    return { ...question, claim };
  };
  /** The liar tells the panel what was asked. */
  const showEvidence = async (
    question: { requestId: bigint; prompt: string; salt: `0x${string}` },
    claim: Claim,
  ) => {
    const { client } = world.chain;
    const panel = SEATS.map((n) => ({ verifier: world.address(n), key: world.account(n).publicKey }));
    const { requestId } = question;
    const hash = await world.content.put(encodeEvidence({ requestId, round: 0 }, question, panel));
    await giveEvidence(client, world.at, world.account(LIAR), claim, hash);
  };

  test("uphold a true claim, also one killed between its commitment and its reveal; each request is run once", async () => {
    const { client } = world.chain;
    const { request, claim } = await host.ask(await world.ask(modelId, HOST));
    const { requestId } = request;
    await disputeClaim(client, world.at, world.account(PAYER), claim);
    const { disputeId } = await caseOf(client, world.at, requestId);
    let team = SEATS.map((n) => verifier(n));
    runs = 0;
    // Until both have committed.
    await pass(32, team);
    expect(runs).toBe(2);
    for (const n of SEATS) {
      expect((await voteOf(client, world.at, disputeId, 0, world.address(n))).commitment).not.toMatch(
        /^0x0+$/,
      );
    }
    // Nothing of the dead ones is left but their folders.
    team = SEATS.map((n) => verifier(n));
    await pass(84, team);
    expect(runs).toBe(2);
    expect(await getDispute(client, world.at, disputeId)).toMatchObject({ status: "decided", round: 0 });
    expect((await caseOf(client, world.at, requestId)).isUpheld).toBe(true);
    expect(await host.settleDue()).toEqual([requestId]);
    expect(team.map(({ open }) => open)).toEqual([0, 0]);
    // The payer disputed a true claim: its fee is the panel's, each share rounded down.
    const paid = await Promise.all(SEATS.map((n) => rewardBalance(client, world.at, world.address(n))));
    const sum = paid.reduce((all, part) => all + part);
    expect(OPEN - sum).toBeGreaterThanOrEqual(0n);
    expect(OPEN - sum).toBeLessThan(2n);
  });

  test("refute false tokens, a false sketch and a false count by what comes out again", async () => {
    const { client } = world.chain;
    const team = SEATS.map((n) => verifier(n));
    const lies: ((claim: Claim) => Claim)[] = [
      (claim) => ({ ...claim, outputHash: keccakOf(new Uint8Array(8)) }),
      (claim) => ({ ...claim, tokensOut: claim.tokensOut - 1 }),
      (claim) => ({ ...claim, earnedBps: claim.earnedBps - 1 }),
    ];
    for (const change of lies) {
      const { claim, ...question } = await lie(change);
      const { requestId } = question;
      await pass(12, team);
      await showEvidence(question, claim);
      await pass(120, team);
      expect(await statusOf(requestId)).toBe("refuted");
      const refuted = (await refutationOf(client, world.at, requestId))!;
      expect(refuted).toMatchObject({ reason: "verdict", challenger: world.address(PAYER) });
    }
  });

  test("take evidence that opens nothing for a refusal", async () => {
    const { claim, ...question } = await lie((honest) => honest);
    const team = SEATS.map((n) => verifier(n));
    await pass(12, team);
    await showEvidence({ ...question, prompt: "something else" }, claim);
    await pass(120, team);
    expect(await statusOf(question.requestId)).toBe("refuted");
  });

  test("hold what a node gives under another hash against that node: a true claim stands", async () => {
    const { claim, ...question } = await lie((honest) => honest);
    let lies = SEATS.length;
    const changed = aiError("CONTENT_HASH_MISMATCH", { message: "it has another hash" });
    const team = SEATS.map((n) =>
      verifier(n, OPEN, (hash) => (lies-- > 0 ? Promise.reject(changed) : world.content.get(hash))),
    );
    await pass(12, team);
    await showEvidence(question, claim);
    await pass(120, team);
    const { client } = world.chain;
    expect((await caseOf(client, world.at, question.requestId)).isUpheld).toBe(true);
  });

  /** A registration of the same rows by another adapter, whose record of a row says something else. */
  const registerWith = async (seed: number, change: (record: IndexRecord) => IndexRecord) => {
    const method = { ...TINY_METHOD, lora: { ...TINY_METHOD.lora, seed } };
    const other = await world.build(snapshots, method);
    const bytes = other.index.bytes.slice();
    bytes.set(encodeRecord(change(recordOf(other.index, ROW))), ROW * other.index.record(0).length);
    const { root } = await recordTree(bytes, other.index.record(0).length);
    const index = await readIndex(bytes, { ...other.index.commitment, root });
    const manifest = { ...other.manifest, index: [contentIdOf(bytes)] };
    await world.content.put(bytes);
    await world.content.put(encodeManifest(manifest));
    const hashes = { ...other.hashes, manifestHash: contentIdOf(encodeManifest(manifest)) };
    const order = world.order({ ...other, index, manifest, hashes });
    return { modelId: await world.register(order), index };
  };

  test("compute a disputed record again: a false sketch and a false skip mark fail the registration, a true record stands", async () => {
    const { client } = world.chain;
    const team = SEATS.map((n) => verifier(n));
    const changes: [DisputedRecord["kind"], (record: IndexRecord) => IndexRecord, string][] = [
      ["sketch", (record) => ({ ...record, values: record.values.map((value) => -value) }), "failed"],
      [
        "skip",
        (record) => ({ ...record, first: SKIPPED, values: new Int8Array(record.values.length) }),
        "failed",
      ],
      ["sketch", (record) => record, "registered"],
    ];
    for (const [i, [kind, change, end]] of changes.entries()) {
      const { modelId: pending, index } = await registerWith(50 + i, change);
      await disputeRecord(client, world.at, world.account(WATCHER), pending, index, { rowId: ROW, kind });
      await pass(120, team);
      expect([kind, (await getModel(client, world.at, pending)).status]).toEqual([kind, end]);
      const { status } = await recordCaseOf(client, world.at, { modelId: pending, rowId: ROW });
      expect(status).toBe("ended");
    }
    expect(team.map(({ open }) => open)).toEqual([0, 0]);
  });

  test("compute disputed spans again: false ones fail the registration, true ones stand", async () => {
    const { client } = world.chain;
    const team = SEATS.map((n) => verifier(n));
    const other = await world.build(snapshots, {
      ...TINY_METHOD,
      lora: { ...TINY_METHOD.lora, seed: 60 },
    });
    const { hash } = await modelSpans(other.set, other.base.tokenizer);
    const { adapterHash, methodHash } = other.hashes;
    const cases: [Hash, Hash, string][] = [
      [adapterHash, methodHash, "failed"],
      [methodHash, hash, "registered"],
    ];
    for (const [adapter, spans, end] of cases) {
      const index = { ...other.index, commitment: { ...other.index.commitment, spans } };
      const hashes = { ...other.hashes, adapterHash: adapter };
      const pending = await world.register(world.order({ ...other, index, hashes }));
      await disputeSpans(client, world.at, world.account(WATCHER), pending);
      await pass(120, team);
      expect((await getModel(client, world.at, pending)).status).toBe(end);
      const about = { modelId: pending, rowId: SPANS_ROW };
      expect([end, (await recordCaseOf(client, world.at, about)).status]).toEqual([end, "ended"]);
    }
    expect(team.map(({ open }) => open)).toEqual([0, 0]);
  });

  /** A hash of an L1 block by which `liar` gets two thirds of a first panel, and `other` a seat. */
  const seedFor = async (disputeId: bigint, liar: Address, other: Address): Promise<Hash> => {
    const members = await verifierMembers(world.chain.client, world.at);
    const total = members.reduce((sum, { stake }) => sum + stake, 0n);
    const types = ["bytes32", "uint256", "uint256", "uint256"].map((type) => ({ type }));
    for (let i = 0n; ; i++) {
      const seed = keccak256(numberToHex(i, { size: 32 }));
      const drawn = Array.from({ length: 7 }, (_, seat) => {
        let point =
          BigInt(keccak256(encodeAbiParameters(types, [seed, disputeId, 7n, BigInt(seat)]))) % total;
        return members.find(({ stake }) => {
          point -= stake;
          return point < 0n;
        })!.address;
      });
      const seats = (of: Address) => drawn.filter((address) => address === of).length;
      if (seats(liar) >= 5 && seats(other) >= 1) return seed;
    }
  };

  test("appeal a small panel's verdict against what they computed, as far as their money reaches", async () => {
    const { client } = world.chain;
    const { at } = world;
    const liar = world.account(WATCHER);
    await stakeAsVerifier(client, at, liar, 150n * OPEN);
    const { request, claim } = await host.ask(await world.ask(modelId, HOST));
    await disputeClaim(client, at, world.account(PAYER), claim);
    const { disputeId } = await caseOf(client, at, request.requestId);
    const dispute = () => getDispute(client, at, disputeId);
    const now = async () => (await client.public.getBlock()).timestamp;
    const seed = await seedFor(disputeId, world.address(WATCHER), world.address(STAKER));
    await world.chain.pretendOrigin((await dispute()).seedBlock, seed);
    await send(client, liar, recordOrder(at));
    await drawPanel(client, at, liar, disputeId);
    const lied = { value: keccakOf(new Uint8Array(1)), digest: keccakOf(new Uint8Array(2)) };
    const salt = keccakOf(new Uint8Array(3));
    await commitResult(
      client,
      at,
      liar,
      disputeId,
      commitmentOf(disputeId, world.address(WATCHER), lied, salt),
    );
    const team = SEATS.map((n) => verifier(n));
    const { commit, reveal } = windowsOf(await dispute());
    while ((await now()) <= commit) await pass(STEP_S, team);
    await pass(1, team);
    await revealResult(client, at, liar, disputeId, lied, salt);
    while ((await now()) <= reveal) await world.chain.pass(STEP_S);
    await decideDispute(client, at, liar, disputeId);
    expect(await dispute()).toMatchObject({ status: "decided", round: 0, value: lied.value });
    const look = async (one: Verifier) => {
      await one.round();
      await one.idle();
    };
    await look(verifier(STAKER, 10n ** 30n));
    expect(await dispute()).toMatchObject({ status: "decided", round: 0 });
    await look(verifier(STAKER));
    expect(await dispute()).toMatchObject({ status: "opened", round: 1, pot: 2n * OPEN });
    await pass(
      400,
      SEATS.map((n) => verifier(n)),
    );
    expect(await caseOf(client, at, request.requestId)).toMatchObject({ isUpheld: true });
  });
});
