import { z } from "zod";
import { type AgentDemo, prepareAgent, runAgentOnce } from "../../devnet/agent-demo.ts";
import type { JobContext } from "../../devnet/main-job.ts";
import { swapPoolAbi } from "../../node/chain/generated/abi.ts";
import type { Ground } from "./ground.ts";

const KEY = "trader";
const shown = z.looseObject({
  account: z.string(),
  deeds: z.array(z.looseObject({ id: z.coerce.string() })),
});

/** An agent of olga that asks a model of advice. */
export interface Trader {
  demo: AgentDemo;
  job: JobContext;
}

/** What the agent did so far. */
export interface Traded {
  deeds: number;
  /** Units of the pool's token that its account has. */
  tokens: bigint;
}

/** Advice becomes a model, and the model an agent's. */
export async function prepareTrader(ground: Ground): Promise<Trader> {
  const { cli, layout, journal, client, at, agents, calendar, say, signal } = ground;
  const quiet = (line: string) => say(`  ${line}`);
  const job = { cli, layout, journal, rpcUrl: client.rpcUrl, base: undefined, say: quiet, signal };
  const place = { pool: agents.pool!, market: at.market };
  const demo = await calendar.at(4, () => prepareAgent(job, place));
  return { demo, job };
}

/** Its owner lets the key act for another week. */
export async function renew({ cli }: Ground, { demo }: Trader): Promise<void> {
  await cli.json(["agent", "session", demo.agent, KEY, demo.sessionFile], "olga");
}

/** Rounds of `openledger agent run`. @throws when none of them traded. */
export async function trade(ground: Ground, { demo, job }: Trader, rounds: number): Promise<Traded> {
  const before = await tradedBy(ground, demo.agent);
  for (let round = 0; round < rounds; round++) await runAgentOnce(job, demo);
  const after = await tradedBy(ground, demo.agent);
  if (after.deeds === before.deeds) throw new Error(`agent ${demo.agent} did nothing in ${rounds} rounds`);
  return after;
}

async function tradedBy({ cli, client, agents }: Ground, agent: string): Promise<Traded> {
  const { account, deeds } = shown.parse(await cli.json(["agent", "show", agent]));
  const tokens = await client.public.readContract({
    ...{ address: agents.pool!, abi: swapPoolAbi, functionName: "balanceOf" },
    args: [account as `0x${string}`],
  });
  return { deeds: deeds.length, tokens };
}
