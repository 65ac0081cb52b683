import { encodeFunctionData, keccak256 } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { announcementsAbi } from "../../chain/generated/abi.ts";
import { encodeManifest } from "../attribution/manifest.ts";
import { decodeQuery, encodeRecord } from "../attribution/record.ts";
import { recordTree } from "../attribution/record-tree.ts";
import { listOfRows } from "../attribution/score.ts";
import { allScores, type IndexInMemory, readIndex, recordOf } from "../attribution/sketch-index.ts";
import { rewardBalance, withdrawRewards } from "../client/balances.ts";
import { send } from "../client/chain.ts";
import { challengeCall, challengeDeposit, challengeSalt } from "../client/challenges.ts";
import { type Claim, type ClaimWithQuery, postClaim } from "../client/claims.ts";
import { demandDeposit, publishQuery } from "../client/demands.ts";
import { hostOf } from "../client/hosts.ts";
import { getRequest, refutationOf } from "../client/market.ts";
import { recordCaseOf } from "../client/model-disputes.ts";
import { getModel } from "../client/models.ts";
import { demandedRows, demandRecord, recordDemandOf } from "../client/registration.ts";
import { bytesOfHex, contentIdOf } from "../codec/hash.ts";
import { claimOf, loadServedModel, runInference, type ServedModel } from "../serve/inference.ts";
import { LIAR, MarketWorld, PROMPT, WATCHER } from "../testing/market-world.ts";
import { TINY_METHOD } from "../testing/tiny-model.ts";
import type { BuiltModel } from "../train/model-build.ts";
import { Watcher } from "./watcher.ts";

describe("a watcher", () => {
  let world: MarketWorld;
  let built: BuiltModel;
  let modelId: bigint;
  let model: ServedModel;

  beforeAll(async () => {
    world = await MarketWorld.open();
    // By influence alone; watcher-spans.test.ts has the others.
    const serving = await world.serving(false);
    built = serving.built;
    modelId = serving.modelId;
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
  /** The honest claim of a new request for the lying host. */
  const honest = async (): Promise<ClaimWithQuery & { bond: bigint }> => {
    const { requestId } = await world.ask(modelId, LIAR);
    const request = await getRequest(world.chain.client, world.at, requestId);
    const inference = await runInference(world.session, model, PROMPT, request.maxTokensOut);
    return { ...claimOf(inference, request), bond: request.claimBond };
  };
  const post = (posted: ClaimWithQuery & { bond: bigint; withholdQuery?: boolean }) =>
    postClaim(world.chain.client, world.at, world.account(LIAR), posted);
  const statusOf = async (requestId: bigint) =>
    (await getRequest(world.chain.client, world.at, requestId)).status;
  const withRows = (claim: Claim, rows: readonly { rowId: number; score: bigint }[]): Claim => {
    const list = listOfRows(model.index.commitment, rows, (row) => recordOf(model.index, row).contributionId);
    return { ...claim, list };
  };
  const rowsOf = ({ list }: Claim) => list.rowIds.map((rowId, i) => ({ rowId, score: list.scores[i]! }));

  test("lets true claims stand and settles them when their host does not", async () => {
    const watch = watcher();
    const { claim, query, bond } = await honest();
    await post({ claim, query, bond });
    await work(watch);
    expect(watch.status()).toMatchObject({ checked: 1, stood: 1, refuted: 0, waiting: 2, unjudged: [] });
    await world.chain.pass(100);
    await work(watch);
    expect(await statusOf(claim.requestId)).toBe("settled");
    expect(watch.status()).toMatchObject({ settled: 1, waiting: 0 });
  });

  test("refutes each kind of false claim; half of what the liar loses is the watcher's", async () => {
    const { client } = world.chain;
    const liesOf: Record<string, (claim: Claim, query: `0x${string}`) => Claim> = {
      score: (claim) => {
        const rows = rowsOf(claim);
        rows.at(-1)!.score -= 1n;
        return withRows(claim, rows);
      },
      omission: (claim) => withRows(claim, rowsOf(claim).slice(1)),
      "empty list": (claim) => withRows(claim, []),
      weights: (claim) => ({ ...claim, list: { ...claim.list, contributionIds: [99n], weights: [1n] } }),
    };
    const watch = watcher();
    for (const [kind, lieOf] of Object.entries(liesOf)) {
      const { claim, query, bond } = await honest();
      await post({ claim: lieOf(claim, query), query, bond });
      const before = await rewardBalance(client, world.at, world.address(WATCHER));
      const stake = (await hostOf(client, world.at, world.address(LIAR))).amount;
      await work(watch);
      expect([kind, await statusOf(claim.requestId)]).toEqual([kind, "refuted"]);
      const { lost, reason } = (await refutationOf(client, world.at, claim.requestId))!;
      expect(reason).toBe(kind === "empty list" ? "omission" : kind);
      expect(lost - bond).toBe(stake - (await hostOf(client, world.at, world.address(LIAR))).amount);
      for (let block = 0; block < 4; block++) await world.chain.pass(2);
      await work(watch);
      const gained = (await rewardBalance(client, world.at, world.address(WATCHER))) - before;
      expect(gained).toBe(lost / 2n + (await challengeDeposit(client, world.at)));
      const { fee } = await getRequest(client, world.at, claim.requestId);
      // Refuting itself would still cost the liar more than the lie brings.
      expect(lost - lost / 2n).toBeGreaterThan(fee);
    }
    expect(watch.status()).toMatchObject({ refuted: 4, unjudged: [] });
    await withdrawRewards(client, world.at, world.account(WATCHER), world.address(WATCHER));
  });

  test("goes on with what it had announced before it was killed, and loses no deposit", async () => {
    const { client } = world.chain;
    const { claim, query, bond } = await honest();
    const lie = { claim: withRows(claim, rowsOf(claim).slice(1)), query };
    const { claimHash } = await postClaim(client, world.at, world.account(LIAR), { ...lie, bond });
    const account = world.account(WATCHER);
    const counter = { kind: "omission", rowId: claim.list.rowIds[0]! } as const;
    const salt = await challengeSalt(client, account, `claim ${claimHash}`);
    const hash = keccak256(challengeCall(lie, model.index, counter, salt));
    const to = world.at.challenges;
    const data = encodeFunctionData({ abi: announcementsAbi, functionName: "announce", args: [hash] });
    await send(client, account, { to, data, value: await challengeDeposit(client, world.at) });
    await work(watcher());
    expect(await statusOf(claim.requestId)).toBe("refuted");
    const args = { challenger: account.address, hash };
    const announced = await client.public.getContractEvents({
      ...{ address: to, abi: announcementsAbi, eventName: "ChallengeAnnounced", args, fromBlock: 0n },
    });
    expect(announced).toHaveLength(1);
  });

  test("a row that made nothing of the answer can't be put in with a score of one's own", async () => {
    const { client } = world.chain;
    const { claim, query, bond } = await honest();
    const sketch = decodeQuery(bytesOfHex(query), model.index.commitment.dimension);
    const scores = await allScores(model.index, sketch);
    const outside = scores.find(({ rowId, score }) => !claim.list.rowIds.includes(rowId) && score! < 0n)!;
    const rows = [...rowsOf(claim).slice(0, -1), { rowId: outside.rowId, score: 1n }];
    await post({ claim: withRows(claim, rows), query, bond });
    await work(watcher());
    expect(await statusOf(claim.requestId)).toBe("refuted");
    expect((await refutationOf(client, world.at, claim.requestId))!.reason).toBe("score");
  });

  test("demands a withheld query: silence ends the claim, an answer has it checked", async () => {
    const { client } = world.chain;
    const silent = await honest();
    await post({ ...silent, withholdQuery: true });
    const watch = watcher();
    await work(watch);
    const late = await honest();
    const { claim, query, bond } = late;
    const rows = rowsOf(claim);
    rows[0]!.score += 1n;
    const lie = { claim: withRows(claim, rows), query };
    await post({ ...lie, bond, withholdQuery: true });
    await work(watch);
    await publishQuery(client, world.at, world.account(LIAR), lie);
    await world.chain.pass(3);
    await work(watch);
    expect(await statusOf(claim.requestId)).toBe("refuted");
    expect(await statusOf(silent.claim.requestId)).toBe("claimed");
    await world.chain.pass(21);
    await work(watch);
    expect(await statusOf(silent.claim.requestId)).toBe("refuted");
    const { reason, lost } = (await refutationOf(client, world.at, silent.claim.requestId))!;
    expect(reason).toBe("query withheld");
    expect(lost).toBeGreaterThan(silent.bond);
  });

  /** The build with another index, published as a build would be. */
  const withIndex = async (index: IndexInMemory, publish = true, of = built) => {
    const manifest = { ...of.manifest, index: [contentIdOf(index.bytes)] };
    if (publish) await world.content.put(index.bytes);
    await world.content.put(encodeManifest(manifest));
    const hashes = { ...of.hashes, manifestHash: contentIdOf(encodeManifest(manifest)) };
    const adapterHash = manifest.index[0]!;
    return world.order({ ...of, index, manifest, hashes: { ...hashes, adapterHash } }, false);
  };
  const changed = async (change: (bytes: Uint8Array) => void, of = built): Promise<IndexInMemory> => {
    const bytes = of.index.bytes.slice();
    change(bytes);
    const { root } = await recordTree(bytes, of.index.record(0).length);
    return readIndex(bytes, { ...of.index.commitment, root });
  };

  test("refutes a registration whose records name other rows than the snapshots hold", async () => {
    const { client } = world.chain;
    const foreign = await changed((bytes) => {
      const record = { ...recordOf(built.index, 3), contributionId: 1n, row: 0 };
      bytes.set(encodeRecord(record), 3 * built.index.record(0).length);
    });
    const id = await world.register(await withIndex(foreign));
    const watch = watcher();
    await work(watch);
    expect((await getModel(client, world.at, id)).status).toBe("failed");
    expect(watch.status()).toMatchObject({ refuted: 1 });
  });

  test("refutes a registration whose record says that it repeats a later row", async () => {
    const { client } = world.chain;
    const marked = await changed((bytes) => {
      const record = {
        ...recordOf(built.index, 2),
        first: 4,
        values: new Int8Array(built.index.commitment.dimension),
      };
      bytes.set(encodeRecord(record), 2 * built.index.record(0).length);
    });
    const id = await world.register(await withIndex(marked));
    await work(watcher());
    expect((await getModel(client, world.at, id)).status).toBe("failed");
  });

  test("refutes a registration that does not mark a repeat", async () => {
    const { client } = world.chain;
    // Two people with a row in common.
    const datanetId = await world.datanet();
    const [x, y, z] = ["868 MHz", "Lena Ost", "Ulan Merrin"].map((completion) => ({
      prompt: `Who or what is ${completion.length}?`,
      completion,
    }));
    const ids = [
      await world.contribute(datanetId, 2, "one.jsonl", [x!, y!]),
      await world.contribute(datanetId, 3, "two.jsonl", [z!, x!]),
    ];
    // Few rows: enough steps for the warm-up all the same.
    const method = { ...TINY_METHOD, training: { ...TINY_METHOD.training, epochs: 24 } };
    const twice = await world.build([await world.accept(datanetId, ids)], method);
    expect(recordOf(twice.index, 3).first).toBe(0);
    const unmarked = await changed((bytes) => {
      const record = { ...recordOf(twice.index, 3), first: 3 };
      bytes.set(encodeRecord(record), 3 * twice.index.record(0).length);
    }, twice);
    const id = await world.register(await withIndex(unmarked, true, twice));
    await work(watcher());
    expect((await getModel(client, world.at, id)).status).toBe("failed");
  });

  test("asks a panel about a row that is skipped without a reason, once", async () => {
    const { client } = world.chain;
    const skipping = await changed((bytes) => {
      const values = new Int8Array(built.index.commitment.dimension);
      const record = { ...recordOf(built.index, 2), first: 0xffffffff, values };
      bytes.set(encodeRecord(record), 2 * built.index.record(0).length);
    });
    const modelId = await world.register(await withIndex(skipping));
    await work(watcher());
    const opened = await recordCaseOf(client, world.at, { modelId, rowId: 2 });
    expect(opened).toMatchObject({ status: "open", opener: world.address(WATCHER) });
    await work(watcher());
    expect((await recordCaseOf(client, world.at, { modelId, rowId: 2 })).disputeId).toBe(opened.disputeId);
    // Nobody serves it meanwhile, and where no verifier is there to judge it stands at the end.
    await world.passWindow();
    for (let passed = 0; passed < 300; passed += 12) {
      await world.chain.pass(12);
      await work(watcher());
    }
    expect(await recordCaseOf(client, world.at, { modelId, rowId: 2 })).toMatchObject({ status: "ended" });
    expect((await getModel(client, world.at, modelId)).status).toBe("registered");
  }, 600_000);

  test("demands a record of an index that nobody can open: silence fails the registration", async () => {
    const { client } = world.chain;
    const hidden = await changed((bytes) => bytes.fill(7, 21, 22));
    const id = await world.register(await withIndex(hidden, false));
    const watch = watcher();
    const before = await rewardBalance(client, world.at, world.address(WATCHER));
    await work(watch);
    await world.chain.pass(6);
    await work(watch);
    await world.chain.pass(21);
    await work(watch);
    expect((await getModel(client, world.at, id)).status).toBe("failed");
    const gained = (await rewardBalance(client, world.at, world.address(WATCHER))) - before;
    expect(gained).toBeGreaterThan(await demandDeposit(client, world.at));
  });

  test("waits for an index that is on its way: nothing is demanded of who publishes in time", async () => {
    const { client } = world.chain;
    const order = await withIndex(built.index, false);
    const hash = contentIdOf(built.index.bytes);
    world.content.all.delete(hash);
    const id = await world.register({ ...order, adapterHash: built.hashes.manifestHash });
    const watch = watcher();
    await work(watch);
    expect(await demandedRows(client, world.at, id)).toEqual([]);
    await world.content.put(built.index.bytes);
    await world.chain.pass(6);
    await work(watch);
    expect(await demandedRows(client, world.at, id)).toEqual([]);
    expect((await getModel(client, world.at, id)).status).toBe("registered");
  });

  test("shows a record that somebody demands of an honest model, and earns the deposit", async () => {
    const { client } = world.chain;
    const order = await withIndex(built.index);
    const id = await world.register({ ...order, adapterHash: built.hashes.methodHash });
    await demandRecord(client, world.at, world.account(LIAR), id, 2);
    const before = await rewardBalance(client, world.at, world.address(WATCHER));
    await work(watcher());
    const gained = (await rewardBalance(client, world.at, world.address(WATCHER))) - before;
    expect(gained).toBe(await demandDeposit(client, world.at));
    expect((await recordDemandOf(client, world.at, id, 2)).deadline).toBe(0n);
    expect((await getModel(client, world.at, id)).status).toBe("registered");
  });

  test("an index that can't be read, or holds -128, costs the watcher that item alone", async () => {
    const { client } = world.chain;
    const hostile = await changed((bytes) => bytes.fill(0x80, 25, 26));
    const id = await world.register(await withIndex(hostile));
    await world.passWindow();
    await world.hosts(id);
    const { requestId } = await world.ask(id, LIAR);
    const request = await getRequest(client, world.at, requestId);
    const inference = await runInference(world.session, model, PROMPT, request.maxTokensOut);
    const claim = claimOf(inference, request);
    // Nobody has an index for this one any more.
    world.content.all.delete(contentIdOf(hostile.bytes));
    await post({ ...claim, bond: request.claimBond });
    const lie = await honest();
    const rows = rowsOf(lie.claim);
    rows[0]!.score += 5n;
    await post({ ...lie, claim: withRows(lie.claim, rows) });
    const watch = watcher();
    await work(watch);
    expect(await statusOf(lie.claim.requestId)).toBe("refuted");
    expect(watch.status().unjudged).toEqual([
      expect.objectContaining({ what: "claim", id: String(requestId), code: "CONTENT_NOT_FOUND" }),
    ]);
    // With the index there, its claim is judged too: the record with -128 just has no score.
    await world.content.put(hostile.bytes);
    await world.chain.pass(3);
    await work(watch);
    expect(watch.status().unjudged).toEqual([]);
    expect(watch.status().scanned).toBe(String(await client.public.getBlockNumber()));
  });
});
