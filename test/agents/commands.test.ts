import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, keccak256, numberToHex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliRunner } from "../../devnet/cli-runner.ts";
import { serveWorld } from "../../node/agents/testing/agent-node.ts";
import { AgentWorld, KEY_HOLDER, policyText } from "../../node/agents/testing/agent-world.ts";
import { caseOfDeed } from "../../node/agents/verdicts.ts";
import { caseOf, disputeClaim, endSilentCase } from "../../node/ai/client/audits.ts";
import { send } from "../../node/ai/client/chain.ts";
import { postedClaims, settleClaims } from "../../node/ai/client/claims.ts";
import { drawPanel, getDispute } from "../../node/ai/client/disputes.ts";
import { getRequest } from "../../node/ai/client/market.ts";
import { recordOrder } from "../../node/ai/client/seeds.ts";
import { stakeAsVerifier } from "../../node/ai/client/verifiers.ts";
import { HOST, OPEN, OWNER, PAYER, STAKER } from "../../node/ai/testing/market-world.ts";
import { sleep } from "../../node/base/clock.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { Program } from "../e2e/program.ts";

const LONG = 600_000;
const CONTRIBUTORS = [2, 3, 4];

let world: AgentWorld;
let served: Awaited<ReturnType<typeof serveWorld>>;
let folder: string;
let cli: CliRunner;

beforeAll(async () => {
  world = await AgentWorld.open();
  served = await serveWorld(world);
  folder = await mkdtemp(join(tmpdir(), "agent-commands-"));
  const { signal } = new AbortController();
  cli = new CliRunner({ dataDir: folder, rpcUrl: served.url, l1RpcUrl: served.url, signal });
  for (const [name, n] of Object.entries({ owner: OWNER, bot: KEY_HOLDER, payer: PAYER, stranger: STAKER }))
    await cli.json(["account", "import", name, keyOf(n)]);
}, LONG);
afterAll(async () => {
  served?.stop();
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

const keyOf = (n: number) => bytesToHex(world.market.account(n).getHdKey().privateKey!);
const agentBy = (key: string, ...args: string[]) =>
  cli.json(["agent", ...args], key) as Promise<Record<string, unknown>>;

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const sessionFile = () => file("session.json", JSON.stringify(world.session()));
/** Runs the agent until it ends; gives the last line of its log. */
async function run(...args: string[]): Promise<unknown> {
  const command = ["agent", "run", "1", await sessionFile(), "--every", "0", "--json", ...args];
  const { status, stdout, stderr } = await cli.run(command, "bot");
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
}
const lastDeed = async () => {
  const { deeds } = (await agentBy("owner", "show", "1")) as { deeds: { id: string; because: string[] }[] };
  return deeds.at(-1)!;
};

async function claimOf(requestId: bigint) {
  const { client, market } = world;
  const to = await client.public.getBlockNumber();
  return (await postedClaims(client, market.at, { from: 0n, to, requestId })).at(-1)!.claim;
}

/** L1 gets to the block whose hash draws. */
async function drawnBy(l1Block: bigint): Promise<void> {
  const { client, market } = world;
  await market.chain.pretendOrigin(l1Block, keccak256(numberToHex(l1Block)));
  await send(client, market.account(PAYER), recordOrder(market.at));
}

/** What the contributors and the pools of their snapshots have, in wei. */
async function payees(): Promise<bigint> {
  const { client, market } = world;
  let sum = await client.public.getBalance({ address: market.at.pools });
  for (const n of CONTRIBUTORS) sum += await client.public.getBalance({ address: market.address(n) });
  return sum;
}

describe("the commands of agents", { timeout: LONG }, () => {
  it("let an owner change the policy and call anything, and nobody else", async () => {
    const policy = await file("policy.md", policyText(world.agents.pool, world.modelId));
    await expect(agentBy("stranger", "set-policy", "1", policy, "--model", "1")).rejects.toThrow(
      /NotAgentOwner/,
    );
    await expect(agentBy("owner", "set-policy", "9", policy, "--model", "1")).rejects.toThrow(
      /AGENT_UNKNOWN/,
    );
    expect(await agentBy("owner", "set-policy", "1", policy, "--model", "1")).toMatchObject({ agent: "1" });
    const { pool } = world.agents;
    const buy = "function buy(address to, uint256 least) payable returns (uint256)";
    const call = ["execute", "1", pool, buy, "self", "0", "--value", "1"];
    await expect(agentBy("stranger", ...call)).rejects.toThrow(/NotOwner/);
    await expect(agentBy("owner", "execute", "1", pool, buy, "self")).rejects.toThrow(/FUNCTION_INVALID/);
    await expect(agentBy("owner", "execute", "1", pool, "buy!", "self")).rejects.toThrow(/FUNCTION_INVALID/);
    await agentBy("owner", ...call);
    expect(await world.tokens((await world.agent()).account)).toBeGreaterThan(0n);
    await agentBy("owner", "execute", "1", world.market.address(OWNER), "--value", "1");
  });

  it("run one: it acts for its answers, and stops by itself", async () => {
    await agentBy("owner", "session", "1", "bot", await sessionFile());
    expect(await run("--rounds", "1")).toMatchObject({ stopped: null });
    const deed = await lastDeed();
    expect(deed.because).toHaveLength(1);
    await agentBy("owner", "revoke", "1", "bot");
    expect(await run()).toMatchObject({ stopped: "session over" });
    await agentBy("owner", "session", "1", "bot", await sessionFile());
  });

  it("run one on after kill -9, whose deed is done once", async () => {
    const session = await sessionFile();
    const before = BigInt((await lastDeed()).id);
    const program = join(packageRoot(), "dist", "node", "main.js");
    const args = ["agent", "run", "1", session, "--rounds", "1", "--rpc", served.url, "--data-dir", folder];
    const runFile = join(folder, `agent-1-${world.market.address(KEY_HOLDER)}`, "run.json");
    for (const stage of ["asking", "asked", "acting"]) {
      const child = spawn(process.execPath, [program, ...args, "--key", "bot"], { stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      for (let ms = 0; ms < 60_000; ms += 5) {
        const text = await readFile(runFile, "utf8").catch(() => "");
        if (text.includes(`"${stage}"`)) break;
        await sleep(5);
      }
      child.kill("SIGKILL");
      await ended;
    }
    expect(await run("--rounds", "1")).toMatchObject({ stopped: null });
    const { deeds } = (await agentBy("owner", "show", "1")) as { deeds: { because: string[] }[] };
    const all = deeds.flatMap(({ because }) => because);
    expect(new Set(all).size).toBe(all.length);
    expect(BigInt((await lastDeed()).id)).toBeGreaterThan(before);
  });

  it("let two programs not run with one folder", async () => {
    served.setAway(false);
    const session = await sessionFile();
    world.says = "hold";
    const program = join(packageRoot(), "dist", "node", "main.js");
    const args = ["agent", "run", "1", session, "--every", "5", "--rpc", served.url, "--data-dir", folder];
    const other = new Program(process.execPath, [program, ...args, "--key", "bot"]);
    await other.says("the agent runs");
    await expect(run("--rounds", "1")).rejects.toThrow(/RUN_LOCKED/);
    await other.signal("SIGINT");
    world.says = "buy 5";
  });

  it("sign a call that anybody brings, once and in time", async () => {
    const session = await sessionFile();
    await run("--rounds", "1");
    const { because } = await lastDeed();
    const out = join(folder, "signed.json");
    const call = ["buy", "self", "0", "--value", "1", "--because", ...because, "--out", out];
    await agentBy("bot", "sign", "1", session, ...call);
    await agentBy("stranger", "act-for", out);
    await expect(agentBy("stranger", "act-for", out)).rejects.toThrow(/SignatureOther/);
    await agentBy("bot", "sign", "1", session, ...call, "--seconds", "1");
    await world.market.chain.pass(60);
    await expect(agentBy("stranger", "act-for", out)).rejects.toThrow(/ActTooOld/);
    await expect(agentBy("stranger", "act-for", await file("no.json", "{}"))).rejects.toThrow(
      /SIGNED_ACT_INVALID/,
    );
  });

  it("pay what a deed earned to the rows behind it, and taint what a refutation hits", async () => {
    const { client, market } = world;
    await expect(agentBy("owner", "reward", "99", "1")).rejects.toThrow(/DEED_UNKNOWN/);
    await run("--rounds", "1");
    const deed = await lastDeed();
    await expect(agentBy("stranger", "reward", deed.id, "1")).rejects.toThrow(/NotSettled/);
    await expect(agentBy("stranger", "taint", deed.id)).rejects.toThrow(/DEED_STANDS/);
    const settled = await claimOf(BigInt(deed.because[0]!));
    await market.passWindow();
    await drawnBy((await getRequest(client, market.at, settled.requestId)).seedBlock);
    await settleClaims(client, market.at, market.account(HOST), [settled]);
    const before = await payees();
    const paid = await agentBy("stranger", "reward", deed.id, "1");
    expect(paid).toMatchObject({ deed: { id: deed.id } });
    expect((await payees()) - before).toBe(OPEN);
    await run("--rounds", "1");
    const second = await lastDeed();
    const claim = await claimOf(BigInt(second.because[0]!));
    await stakeAsVerifier(client, market.at, market.account(STAKER), 100n * OPEN);
    await market.chain.pass(2);
    await disputeClaim(client, market.at, market.account(PAYER), claim);
    const { disputeId } = await caseOf(client, market.at, claim.requestId);
    const dispute = await getDispute(client, market.at, disputeId);
    await drawnBy(dispute.seedBlock);
    await drawPanel(client, market.at, market.account(PAYER), disputeId);
    await market.chain.pass(dispute.window + 2);
    await endSilentCase(client, market.at, market.account(PAYER), claim);
    expect(await agentBy("stranger", "taint", second.id)).toMatchObject({ deed: { isTainted: true } });
    await expect(agentBy("stranger", "taint", second.id)).rejects.toThrow(/DeedIsTainted/);
    await expect(agentBy("stranger", "reward", second.id, "1")).rejects.toThrow(/DeedIsTainted/);
  });

  it("accuse a deed, which a panel judges", async () => {
    const { id } = await lastDeed();
    await expect(agentBy("payer", "judge", id)).rejects.toThrow(/CaseStatus/);
    expect(await agentBy("payer", "case", id)).toMatchObject({ case: null });
    const accused = await agentBy("payer", "accuse", id, "The answer said sell.");
    expect(accused).toMatchObject({ case: { status: "accused" }, dispute: { status: "opened" } });
    await expect(agentBy("payer", "accuse", id, "Again.")).rejects.toThrow(/CaseStatus/);
    await expect(agentBy("payer", "appeal", id)).rejects.toThrow(/DisputeStatus/);
    await expect(agentBy("payer", "judge", id)).rejects.toThrow(/VerdictMissing/);
    const vote = ["verifier", "vote-deed", id];
    await expect(cli.json(vote, "stranger")).rejects.toThrow(/VOTE_MISSING/);
    expect(await cli.json([...vote, "--strayed"], "stranger")).toMatchObject({ deed: id, followed: false });
    await expect(cli.json([...vote, "--strayed"], "stranger")).rejects.toThrow(/VOTE_KEPT/);
    expect((await caseOfDeed(world.client, world.agents, BigInt(id))).status).toBe("accused");
  });
});
