import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFunctionData, parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonRpc } from "../../devnet/json-rpc.ts";
import { execute, getAgent } from "../../node/agents/agents.ts";
import { swapPoolAbi } from "../../node/chain/generated/abi.ts";
import { type Ground, openGround } from "../governance/ground.ts";

const LONG = 280_000;

interface Shown {
  account: string;
  balance: string;
  stake: string;
  leaving: string;
  deeds: unknown[];
}

let ground: Ground;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agents-"));
  ground = await openGround();
}, LONG);
afterAll(async () => {
  await ground?.stop();
  await rm(folder, { recursive: true, force: true });
});

const agentBy = (key: string, ...args: string[]) =>
  ground.cli.json(["agent", ...args], key) as Promise<Shown>;

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** What bruno's key may do for paula's agent. */
async function sessionFile(): Promise<string> {
  const target = ground.agents.pool!;
  const session = {
    hours: 1,
    limits: [
      { token: "open", perCall: "1", perDay: "2" },
      { token: target, perCall: "10", perDay: "20" },
    ],
    calls: [
      { target, function: "function buy(address to, uint256 least)", maxValue: "1", fixed: { to: "self" } },
    ],
  };
  return file("session.json", JSON.stringify(session));
}

describe("agents on a devnet", { timeout: LONG }, () => {
  it("are registered with a stake and an account that their owner fills", async () => {
    const { signal } = new AbortController();
    expect(await jsonRpc(ground.l2.rpcUrl, "openledger_agents", [], signal)).toEqual(ground.agents);
    const policy = await file("policy.md", "When the answer says buy, buy");
    await expect(agentBy("paula", "register", policy, "--model", "1", "--stake", "9")).rejects.toThrow(
      /AgentStakeBelowLeast/,
    );
    const made = await agentBy("paula", "register", policy, "--model", "1");
    expect(made).toMatchObject({ stake: parseEther("10").toString(), balance: "0", deeds: [] });
    const funded = await agentBy("paula", "fund", "1", "20");
    expect(funded.balance).toBe(parseEther("20").toString());
  });

  it("act by no key without a session, outside it, or without answers", async () => {
    const session = await sessionFile();
    const call = ["act", "1", session, "buy", "self", "0", "--value", "1"];
    await expect(agentBy("bruno", ...call)).rejects.toThrow(/SessionOver/);
    await expect(agentBy("bruno", "session", "1", "bruno", session)).rejects.toThrow(/NotOwner/);
    await agentBy("paula", "session", "1", "bruno", session);
    await expect(agentBy("bruno", ...call)).rejects.toThrow(/BecauseCount/);
    await expect(agentBy("bruno", ...call, "--because", "1")).rejects.toThrow(/RequestUnknown|no request 1/);
    const thief = ground.dev("bruno").address;
    await expect(agentBy("bruno", "act", "1", session, "buy", thief, "0")).rejects.toThrow(
      /CALL_OUTSIDE_SESSION/,
    );
    await agentBy("bruno", "revoke", "1", "bruno");
    await expect(agentBy("bruno", ...call)).rejects.toThrow(/SessionOver/);
  });

  it("do what their owner says, and retire", async () => {
    const { l2, agents, dev } = ground;
    const agent = await getAgent(l2, agents, 1n);
    const data = encodeFunctionData({ abi: swapPoolAbi, functionName: "buy", args: [agent.account, 0n] });
    const call = { target: agents.pool!, value: parseEther("10"), data };
    await execute(l2, dev("paula"), agent, call);
    const read = { address: agents.pool!, abi: swapPoolAbi } as const;
    const got = await l2.public.readContract({ ...read, functionName: "balanceOf", args: [agent.account] });
    // 10 OPEN less 0.3 % into 1,000 OPEN and 1,000,000 tokens.
    expect(got).toBe((9_970n * 10n ** 18n * 10n ** 24n) / (10n ** 24n + 9_970n * 10n ** 18n));
    await agentBy("paula", "take", "1", "10");
    expect(await agentBy("paula", "retire", "1")).toMatchObject({
      ...{ balance: "0", stake: "0" },
      leaving: parseEther("10").toString(),
    });
    await expect(agentBy("bruno", "withdraw", "1")).rejects.toThrow(/AgentLeavesAt/);
  });
});
