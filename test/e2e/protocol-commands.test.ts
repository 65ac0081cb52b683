import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFunctionData, formatEther } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rewardBalance } from "../../node/ai/client/balances.ts";
import { send } from "../../node/ai/client/chain.ts";
import { postClaim } from "../../node/ai/client/claims.ts";
import type { ContentAnswer } from "../../node/ai/client/content.ts";
import { getContribution } from "../../node/ai/client/datanets.ts";
import { getDispute, voteOf, windowsOf } from "../../node/ai/client/disputes.ts";
import { lossOf, valueOfLoss } from "../../node/ai/client/losses.ts";
import { getRequest, refutationOf } from "../../node/ai/client/market.ts";
import type { ModelOrder } from "../../node/ai/client/models.ts";
import { hexOfBytes } from "../../node/ai/codec/hash.ts";
import {
  LIAR,
  MarketWorld,
  OPEN,
  OWNER,
  PAYER,
  REVIEWER,
  STAKER,
  WATCHER,
} from "../../node/ai/testing/market-world.ts";
import { TINY_METHOD } from "../../node/ai/testing/tiny-model.ts";
import { rerunRequest } from "../../node/ai/verify/rerun-request.ts";
import { sleep } from "../../node/base/clock.ts";
import { modelRoyaltiesAbi, snapshotPoolsAbi } from "../../node/chain/generated/abi.ts";
import type { Hash } from "../../node/chain/types/primitives.ts";
import { OPENLEDGER, openledger, Program, refusal, until } from "./program.ts";

/** What a node answers for the protocol, before an anvil that runs its contracts. */
async function nodeBefore(world: MarketWorld): Promise<Server> {
  const { rpcUrl } = world.chain.client;
  const contentPart = async ([hash, offset]: [Hash, number]): Promise<ContentAnswer> => {
    const { bytes, ...rest } = await world.content.part(hash, offset);
    return { data: hexOfBytes(bytes), ...rest };
  };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: never };
    const own = (result: unknown) => JSON.stringify({ jsonrpc: "2.0", id, result });
    response.setHeader("content-type", "application/json");
    if (method === "openledger_protocol") response.end(own(world.at));
    else if (method === "openledger_getContent") response.end(own(await contentPart(params)));
    else response.end(await (await fetch(rpcUrl, { method: "POST", body, headers: JSON_TYPE })).text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** JSON as `model train` writes it. */
const digits = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);

const JSON_TYPE = { "content-type": "application/json" };

describe("commands of the protocol", { timeout: 240_000 }, () => {
  const [ALICE, BORIS, CLARA] = [2, 3, 4];
  let world: MarketWorld;
  let node: Server;
  let folder: string;
  let ids: bigint[];
  let settled: bigint;
  let pending: bigint;
  /** Of a model that nobody has registered. */
  let thirdOrder: ModelOrder;

  const env = (key: number | undefined) => ({
    OPENLEDGER_RPC: `http://127.0.0.1:${(node.address() as AddressInfo).port}`,
    OPENLEDGER_DATA_DIR: folder,
    ...(key !== undefined && { OPENLEDGER_KEY: hexOfBytes(world.account(key).getHdKey().privateKey!) }),
  });
  const run = (key: number | undefined, ...args: string[]) => openledger(args, { env: env(key) });
  const says = async (key: number | undefined, ...args: string[]) => {
    const { status, stdout, stderr } = await run(key, ...args);
    expect([args, status, stderr]).toEqual([args, 0, expect.any(String)]);
    return stdout;
  };
  const refused = async (key: number | undefined, ...args: string[]) => refusal(await run(key, ...args)).code;
  /** The line that says what is wrong. */
  const why = async (key: number | undefined, ...args: string[]) => {
    const { status, stderr } = await run(key, ...args);
    expect([args, status]).toEqual([args, 1]);
    return stderr.split("\n")[0]!;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "protocol-commands-"));
    world = await MarketWorld.open();
    node = await nodeBefore(world);
    const datanetId = await world.datanet();
    const shared = { prompt: "What does Wren use?", completion: "868 MHz" };
    const own = (name: string) => ({ prompt: `Who made ${name}?`, completion: `${name} Ost` });
    ids = [
      await world.contribute(datanetId, ALICE!, "a.jsonl", [shared, ...["Vorel", "Sarn", "Ilk"].map(own)]),
      await world.contribute(datanetId, BORIS!, "b.jsonl", [own("Tamen"), shared, own("Brin")]),
      await world.contribute(datanetId, CLARA!, "c.jsonl", ["Ulan", "Orm", "Wex"].map(own)),
    ];
    const snapshots = [await world.accept(datanetId, ids)];
    const training = { ...TINY_METHOD.training, epochs: TINY_METHOD.training.epochs + 1 };
    settled = await world.register(world.order(await world.build(snapshots)));
    await world.passWindow();
    const other = await world.build(snapshots, { ...TINY_METHOD, training });
    pending = await world.register(world.order(other));
    const longer = { ...training, epochs: training.epochs + 1 };
    thirdOrder = world.order(await world.build(snapshots, { ...TINY_METHOD, training: longer }));
  }, 240_000);
  afterAll(async () => {
    node?.close();
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("rewards: rows that repeat others leave their pools, once", async () => {
    const first = await says(WATCHER, "rewards", "take-off", `${settled}`);
    expect(first).toMatch(
      new RegExp(`^row 1 of contribution ${ids[1]}, which repeats row 0 of the model, shares no more in`),
    );
    expect(await says(WATCHER, "rewards", "take-off", `${settled}`)).toBe(
      `model ${settled} marks no row that still shares in a pool\n`,
    );
    expect(await says(undefined, "rewards", "show", `${ids[1]}`)).toMatch(/^snapshot \d+:1 {2}0 OPEN/);
    expect(await says(WATCHER, "rewards", "draw", `${ids[1]}`)).toBe("nothing waits for this contribution\n");
  });

  test("verifiers: join, look, and say what is missing of a vote", async () => {
    for (const key of [STAKER, PAYER])
      expect(await says(key, "verifier", "join", "100")).toContain("100 OPEN staked in 0x");
    expect((await says(undefined, "verifier", "status")).toLowerCase()).toContain(world.address(STAKER));
    expect(await refused(STAKER, "verifier", "vote", `${ids[0]}`)).toBe("VOTE_MISSING");
    expect(await why(STAKER, "verifier", "leave", "1000")).toMatch(
      /a stake of 0 OPEN is below the least of 100 OPEN/,
    );
  });

  test("disputes of records: opened for a fee, shown, appealed only once decided", async () => {
    const record = (...args: string[]) => ["dispute", "record", ...args];
    expect(await says(undefined, ...record("show", `${pending}`, "0"))).toBe(
      `nobody disputed record 0 of model ${pending}\n`,
    );
    const open = (row: string, kind: string) =>
      refused(WATCHER, ...record("open", `${pending}`, row, "--kind", kind));
    expect(await open("0", "taste")).toBe("RECORD_KIND_UNKNOWN");
    expect(await open("99", "sketch")).toBe("RECORD_UNKNOWN");
    const opened = await says(WATCHER, ...record("open", `${pending}`, "0", "--kind", "sketch"));
    const dispute = /^dispute (\d+) over record 0/.exec(opened)?.[1];
    expect(dispute).toBeDefined();
    const shown = await says(undefined, ...record("show", `${pending}`, "0"));
    expect(shown).toContain(`record    0 of model ${pending}, contribution ${ids[0]}`);
    expect(shown).toContain(`dispute   ${dispute}, opened, round 0`);
    expect(shown).toContain(`opener    ${world.address(WATCHER)}`);
    const again = ["open", `${pending}`, "0", "--kind", "sketch"];
    expect(await why(WATCHER, ...record(...again))).toMatch(/record 0 of model 2 was disputed already/);
    expect(await why(WATCHER, ...record("appeal", `${pending}`, "0"))).toMatch(
      /^TRANSACTION_REVERTED: dispute \d+ is opened/,
    );
    expect(await why(WATCHER, ...record("open", `${settled}`, "0", "--kind", "sketch"))).toMatch(
      /model 1 is not pending/,
    );
  });

  test("attribution: evaluated by training again, the table is shown with its model from then on", async () => {
    const show = () => says(undefined, "model", "show", `${settled}`);
    expect(await show()).toContain("attribution was not evaluated here");
    const evaluate = ["attribution", "evaluate", `${settled}`, "--answers", "3", "--halves", "0"];
    expect(await says(undefined, ...evaluate)).toMatch(
      /^judged on 3 answers by training again without each of 3 contributors, and on 0 random halves/,
    );
    expect(await show()).toMatch(
      /paid by influence among the rows that hold their words\njudged on 3 answers/,
    );
    expect(await show()).toMatch(/fused: spans choose, influence decides +\d \[/);
    for (const count of ["many", "0", "10001"])
      expect(await refused(undefined, "attribution", "evaluate", `${settled}`, "--answers", count)).toBe(
        "NUMBER_INVALID",
      );
  });

  test("datanets: a contribution's income is given on by whom it is paid to, and pools pay the new payee", async () => {
    const [clara, staker] = [world.address(CLARA!), world.address(STAKER)];
    const income = () => says(undefined, "datanet", "income", `${ids[2]}`);
    expect((await income()).toLowerCase()).toBe(
      `contribution ${ids[2]} (accepted)\ncontributor  ${clara}\npaid         ${clara}\n`,
    );
    const give = (to: string) => ["datanet", "transfer-income", `${ids[2]}`, to];
    expect(await why(BORIS, ...give(staker))).toMatch(/is not the payee/);
    expect(await why(CLARA, ...give(`0x${"00".repeat(20)}`))).toMatch(/can't draw what it would be/);
    expect(await says(CLARA, ...give(staker))).toContain(`is paid for contribution ${ids[2]} from`);
    expect((await income()).toLowerCase()).toContain(`paid         ${staker}, to whom its income was`);
    const { client } = world.chain;
    const { datanetId } = await getContribution(client, world.at, ids[2]!);
    const args = [datanetId, 1, `0x${"00".repeat(32)}`] as const;
    const data = encodeFunctionData({ abi: snapshotPoolsAbi, functionName: "fund", args });
    await send(client, world.account(PAYER), { to: world.at.pools, data, value: OPEN });
    const had = await rewardBalance(client, world.at, staker);
    expect(await says(WATCHER, "rewards", "draw", `${ids[2]}`)).toMatch(/OPEN of snapshot \d+:1 in 0x/);
    const drawn = (await rewardBalance(client, world.at, staker)) - had;
    const read = { address: world.at.pools, abi: snapshotPoolsAbi, args: [datanetId, 1] as const } as const;
    const { rows } = await client.public.readContract({ ...read, functionName: "poolOf" });
    expect(drawn).toBe((3n * OPEN) / rows);
    expect(await says(STAKER, ...give(clara))).toContain("is paid for contribution");
  });

  test("datanets: the owner sets terms of access; a registration pays contributors and reviewers by them", async () => {
    const { datanetId: datanet } = await getContribution(world.chain.client, world.at, ids[0]!);
    expect(await says(undefined, "datanet", "access", `${datanet}`)).toMatch(
      /^licence {4}CC0-1.0\nprice {6}0 OPEN for a snapshot, 0 OPEN for each row\n/,
    );
    const terms = ["--per-snapshot", "2", "--per-row", "0.1", "--curation", "25", "--royalty", "5"];
    const set = ["datanet", "set-access", `${datanet}`, ...terms, "--licence", "LicenseRef-facts"];
    expect(await why(BORIS, ...set)).toMatch(/does not own this datanet/);
    expect(await says(OWNER, ...set)).toContain(`later access to datanet ${datanet} is on these terms`);
    expect(await says(undefined, "datanet", "access", `${datanet}`)).toMatch(
      /^licence {4}LicenseRef-facts\n.*\nreviewers {2}share 25 % of it.*\nroyalty {4}5 % [\s\S]*:1 {2}3 OPEN\n$/,
    );
    expect(await says(REVIEWER, "datanet", "curation", `${datanet}`)).toMatch(
      /has 3 counted votes in datanet \d+, 3 of them new\nnothing waits for it\n$/,
    );
    const file = join(folder, "third.json");
    const { rateIn: _in, rateOut: _out, split: _split, name, snapshots, index, ...hashes } = thirdOrder;
    writeFileSync(file, JSON.stringify({ name, hashes, snapshots, index }, digits));
    const register = (...more: string[]) => ["model", "register", file, ...more];
    expect(await refused(WATCHER, ...register())).toBe("ROYALTY_NOT_AGREED");
    expect(await refused(WATCHER, ...register("--most-royalty", "5"))).toBe("ACCESS_COSTS");
    const agreed = ["--most-royalty", "5", "--most-access", "3"];
    expect(await refused(WATCHER, ...register(...agreed, "--parent", "1"))).toBe("PARENT_INVALID");
    expect(await why(WATCHER, ...register(...agreed, "--parent", `${pending}:20`))).toMatch(
      /model 2 is still open to challenges/,
    );
    expect(await says(WATCHER, ...register(...agreed, "--parent", `${settled}:20`))).toMatch(
      /^model 3 registered in [\s\S]*\n25 % of what its owner gets is for its parents and its data/,
    );
    expect(await says(undefined, "model", "tree", "3")).toBe(
      `model 3  tiny\n  model ${settled}  tiny  20 %\nof its owner's part:\n  model ${settled}  20 %\n` +
        `  contributors of snapshot ${datanet}:1  5 %\nwaits: 0 OPEN of its answers, 0 OPEN of its descendants'\n`,
    );
    expect(await says(undefined, "model", "tree", `${settled}`)).toContain("made from it: model 3\n");
    expect(await says(REVIEWER, "datanet", "curation", `${datanet}`)).toMatch(
      /, 0 of them new\n0.75 OPEN in/,
    );
    expect(await why(WATCHER, "datanet", "buy", `${datanet}:1`, "--most", "3")).toMatch(/has access to snap/);
    expect(await refused(CLARA, "datanet", "buy", `${datanet}:1`)).toBe("PRICE_NOT_AGREED");
    expect(await says(CLARA, "datanet", "buy", `${datanet}:1`, "--most", "3")).toContain("for 3 OPEN in 0x");
  });

  test("models: royalties are distributed by anybody, and an owner demands a least part of children", async () => {
    expect(await why(BORIS, "model", "distribute", "3")).toMatch(/nothing waits for model 3/);
    const { client } = world.chain;
    const to = await client.public.readContract({
      ...{ address: world.at.royalties, abi: modelRoyaltiesAbi, args: [3n] as const },
      functionName: "purseOf",
    });
    await send(client, world.account(PAYER), { to, data: "0x", value: OPEN });
    expect(await says(BORIS, "model", "distribute", "3")).toMatch(
      /^of its answers: 0.25 OPEN to ancestors and data, 0.75 OPEN to its owner\nin 0x/,
    );
    expect(await says(BORIS, "model", "distribute", `${settled}`)).toMatch(
      /^of its descendants': 0.125 OPEN to its contributors' pools, 0.075 OPEN to its owner, 0 OPEN to its/,
    );
    expect(await why(BORIS, "model", "least-royalty", `${settled}`, "10")).toMatch(/does not own this model/);
    expect(await refused(OWNER, "model", "least-royalty", `${settled}`, "10.005")).toBe("PERCENT_INVALID");
    expect(await says(OWNER, "model", "least-royalty", `${settled}`, "10")).toContain(
      "10 % of their owner's",
    );
  });

  test("disputes by rows: a true claim agrees, a false one is shown on chain by anybody, who draws half of the loss", async () => {
    const { client } = world.chain;
    await world.hosts(settled);
    const { at, content, session } = world;
    const ask = async (isFalse: boolean) => {
      const { requestId, ...question } = await world.ask(settled, LIAR);
      const request = await getRequest(client, at, requestId);
      const { honest } = await rerunRequest({ client, at, content, session }, requestId, question);
      const { claim, query } = honest!;
      const list = isFalse ? { ...claim.list, contributionIds: [99n], weights: [1n] } : claim.list;
      const posted = { claim: { ...claim, list }, query, bond: request.claimBond };
      await postClaim(client, world.at, world.account(LIAR), posted);
      return `${requestId}`;
    };
    const right = await ask(false);
    expect(await says(undefined, "dispute", "rows", right)).toBe(
      `the claim of request ${right} agrees with every row of model ${settled}\n`,
    );
    expect(await refused(WATCHER, "dispute", "collect", right)).toBe("REWARD_ABSENT");
    const wrong = await ask(true);
    const looked = await run(undefined, "dispute", "rows", wrong);
    expect([looked.status, looked.stdout]).toEqual([
      1,
      expect.stringMatching(
        /is false: the weights do not follow from the listed rows\nshow it with --challenge/,
      ),
    ]);
    const shown = await run(BORIS, "dispute", "rows", wrong, "--challenge");
    expect([shown.status, shown.stdout]).toEqual([1, expect.stringMatching(/\nshown on chain in 0x/)]);
    expect((await getRequest(client, world.at, BigInt(wrong))).status).toBe("refuted");
    expect(await refused(BORIS, "dispute", "rows", wrong, "--challenge")).toBe("CLAIM_DECIDED");
    expect(await refused(BORIS, "dispute", "collect", wrong)).toBe("REWARD_EARLY");
    for (let block = 0; block < 4; block++) await world.chain.pass(2);
    expect(await refused(WATCHER, "dispute", "collect", wrong)).toBe("REWARD_ABSENT");
    const { lost } = (await refutationOf(client, world.at, BigInt(wrong)))!;
    expect(await says(BORIS, "dispute", "collect", wrong)).toContain(
      `${formatEther(lost / 2n)} OPEN of request`,
    );
  });

  test("datanets: a contributor takes its rows out, reviewers exclude others, whose stake is held for an appeal", async () => {
    expect(await why(BORIS, "datanet", "retire", `${ids[2]}`)).toMatch(/did not make this contribution/);
    expect(await says(CLARA, "datanet", "retire", `${ids[2]}`)).toContain("is taken out of snapshots");
    const { skippedFrom } = await getContribution(world.chain.client, world.at, ids[2]!);
    expect(skippedFrom).toBe(2);
    expect(await says(undefined, "datanet", "loss", `${ids[2]}`)).toContain("has lost no stake");

    await says(REVIEWER, "datanet", "exclude", `${ids[1]}`, "--reason", "copied");
    expect(await says(undefined, "datanet", "loss", `${ids[1]}`)).toMatch(
      new RegExp(`^1 OPEN of contribution ${ids[1]} \\(.+\\): held\\ncan be appealed until `),
    );
    expect(await why(BORIS, "datanet", "end-loss", `${ids[1]}`)).toMatch(/this can be done from 20\d\d-/);
    const balance = await world.chain.client.public.getBalance({ address: world.address(BORIS!) });
    const appealed = await says(BORIS, "datanet", "appeal", `${ids[1]}`, "--text", "it is mine");
    expect(appealed).toContain(`over the stake of contribution ${ids[1]} opened for`);
    expect(await world.chain.client.public.getBalance({ address: world.address(BORIS!) })).toBeLessThan(
      balance - OPEN / 1_000n,
    );
    expect(await says(undefined, "datanet", "loss", `${ids[1]}`)).toMatch(/dispute \d+/);
    expect(await why(BORIS, "datanet", "end-loss", `${ids[1]}`)).toMatch(
      /dispute \d+ has no final verdict yet/,
    );
  });

  test("verifiers run: they ask their operators about a lost stake, bring their votes in, and it returns", async () => {
    const { client } = world.chain;
    const id = `${ids[1]}`;
    const { disputeId, amount } = await lossOf(client, world.at, ids[1]!);
    const earned = await rewardBalance(client, world.at, world.address(BORIS!));
    const running = [STAKER, PAYER].map(
      (key) => new Program(process.execPath, [OPENLEDGER, "verifier", "run"], { env: env(key) }),
    );
    // Time goes on with blocks alone, so windows do not end because a command is slow.
    await client.rpc("anvil_setBlockTimestampInterval", [1]);
    /** Lets the chain's time go on until then, and verifiers look at it on the way. */
    const passUntil = (what: string, look: () => Promise<boolean>, pauseMs: number, seconds = 3) =>
      until(what, async () => {
        if (await look()) return true;
        await world.chain.pass(seconds);
        await sleep(pauseMs);
        return undefined;
      });
    const dispute = () => getDispute(client, world.at, disputeId);
    /** Whether every member of the panel has done its part. */
    const allHave = (part: "commitment" | "result") => async () => {
      const votes = [STAKER, PAYER].map((n) => voteOf(client, world.at, disputeId, 0, world.address(n)));
      const seated = (await Promise.all(votes)).filter(({ weight }) => weight > 0n);
      return seated.every((vote) => BigInt(vote[part]) !== 0n);
    };
    try {
      for (const one of running) await one.says("the verifier runs");
      // Each step is a block of L1, whose hash a verifier has to note in time.
      await passUntil("a panel", async () => (await dispute()).status === "drawn", 2_500);
      await until("a question", async () =>
        running.some(({ output }) => output.includes("asked about a lost stake")) ? true : undefined,
      );
      for (const key of [STAKER, PAYER])
        expect(await says(key, "verifier", "vote", id, "--returns")).toContain("is kept");
      expect(await refused(STAKER, "verifier", "vote", id, "--stands")).toBe("VOTE_KEPT");
      await passUntil("commitments", allHave("commitment"), 1_000, 1);
      const { commit } = windowsOf(await dispute());
      await world.chain.pass(Number(commit - (await client.public.getBlock()).timestamp) + 1);
      await passUntil("reveals", allHave("result"), 1_000, 1);
      const isEnded = async () => (await lossOf(client, world.at, ids[1]!)).status === "ended";
      await passUntil("the end", isEnded, 1_000);
    } finally {
      for (const one of running) await one.signal("SIGINT");
    }
    const verdict = valueOfLoss(ids[1]!, { reason: "excluded" }, false);
    expect(await dispute()).toMatchObject({ status: "decided", value: verdict });
    const returned = (await rewardBalance(client, world.at, world.address(BORIS!))) - earned;
    expect(returned).toBeGreaterThanOrEqual(amount);
  });
});
