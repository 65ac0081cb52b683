import { spawn } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../node/base/paths.ts";
import { devAccounts } from "./accounts.ts";
import { devnetError } from "./errors.ts";
import { type FilledDatanet, fillDatanet, type JobContext } from "./main-job.ts";

/** Whose key the session is; the key store makes it. */
const KEY = "trader";
const QUESTION = "Should the pool agent buy, sell or hold?";
const ADVICE: FilledDatanet = {
  name: "pool-advice",
  licence: "CC0-1.0",
  contributors: [{ name: "edda", files: ["pool-advice/edda/advice.jsonl"] }],
};
/** OPEN of the account, and of its key for gas. */
const FUNDS = "50";
const GAS = "5";
const EVERY_S = "60";
/** OPEN for a thousand tokens: a question costs less than one. */
const RATES = ["--rate-in", "1", "--rate-out", "10"];

const id = z.union([z.string(), z.number()]).transform(String);
const transaction = z.looseObject({ transaction: z.string() });

/** An agent that is ready to run. */
export interface AgentDemo {
  agent: string;
  sessionFile: string;
}

/** Advice becomes a model, and a model an agent's: with nothing but the command line; each finished step is kept in the journal. */
export async function prepareAgent(
  job: JobContext,
  { pool, market }: { pool: string; market: string },
): Promise<AgentDemo> {
  const { cli, journal, layout, say } = job;
  const snapshot = await fillDatanet(job, ADVICE);
  const build = join(layout.work, "advice-build.json");
  if (!journal.has("train advice")) say(`fine-tuning on ${snapshot}, for an agent`);
  await journal.step("train advice", z.looseObject({}), () =>
    cli.json(["model", "train", "pool-advice", "--out", build, "--snapshot", snapshot], "olga"),
  );
  const { model } = await journal.step("register advice", z.object({ model: id }), () =>
    cli.json(["model", "register", build, ...RATES, "--wait"], "olga"),
  );
  await journal.step("host advice", transaction, () => cli.json(["host", "take", model], "host"));
  await journal.step("agent key", z.looseObject({ address: z.string() }), async () => {
    const made = await cli.json(["account", "new", KEY]);
    await cli.json(["account", "transfer", KEY, GAS], "paula");
    return made;
  });
  const policyFile = join(layout.work, "agent-policy.md");
  writeFileSync(policyFile, policyOf(pool, model));
  const { id: agent } = await journal.step("agent", z.looseObject({ id }), async () => {
    const made = await cli.json(["agent", "register", policyFile, "--model", model], "olga");
    await cli.json(["agent", "fund", String((made as { id: string }).id), FUNDS], "olga");
    return made;
  });
  const sessionFile = join(layout.work, "agent-session.json");
  writeFileSync(sessionFile, sessionOf(pool, model, market));
  await journal.step("agent session", z.looseObject({ id }), () =>
    cli.json(["agent", "session", agent, KEY, sessionFile], "olga"),
  );
  say(`agent ${agent} of olga asks model ${model} and trades on the pool`);
  return { agent, sessionFile };
}

/** One round of it, to its end. */
export async function runAgentOnce(
  { cli, say }: JobContext,
  { agent, sessionFile }: AgentDemo,
): Promise<void> {
  const { status, stdout, stderr } = await cli.run(
    ["agent", "run", agent, sessionFile, "--rounds", "1"],
    KEY,
  );
  if (status !== 0) throw devnetError("COMMAND_FAILED", { message: `the agent did not run: ${stderr}` });
  for (const line of stdout.trimEnd().split("\n")) say(line);
  const { deeds } = z
    .looseObject({ deeds: z.array(z.looseObject({ id, because: z.array(id) })) })
    .parse(await cli.json(["agent", "show", agent]));
  const last = deeds.at(-1);
  say(last ? `agent ${agent} did deed ${last.id} for request ${last.because.join(", ")}` : "it did nothing");
}

/** `openledger agent run` as a process of its own; it ends by itself at the session's limits. */
export function startAgent(
  { agent, sessionFile }: AgentDemo,
  { layout, rpcUrl, say }: Pick<JobContext, "layout" | "rpcUrl" | "say">,
): { stop(): Promise<void> } {
  const log = openSync(layout.log("agent"), "a");
  const program = join(packageRoot(), "dist", "node", "main.js");
  const args = [program, "agent", "run", agent, sessionFile, "--every", EVERY_S, "--key", KEY];
  const child = spawn(process.execPath, [...args, "--data-dir", layout.root, "--rpc", rpcUrl], {
    // Its own group: a Ctrl-C at the terminal reaches the supervisor alone, which stops the children in order.
    detached: true,
    stdio: ["ignore", log, log],
  });
  let isStopping = false;
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", (status) => {
      if (!isStopping) say(`the agent ended (status ${status}); ${layout.log("agent")} says why`);
      resolve();
    });
  });
  return {
    async stop() {
      isStopping = true;
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function policyOf(pool: string, model: string): string {
  const rules = {
    ...{ version: 1, kind: "swap", pool, model: Number(model), question: QUESTION },
    ...{ mostBuy: "2", mostSell: "2000", slippageBps: 200 },
  };
  return [
    "# The pool agent",
    "It does what its model says, by little at a time.",
    "```openledger-policy",
    JSON.stringify(rules, null, 2),
    "```\n",
  ].join("\n");
}

function sessionOf(pool: string, model: string, market: string): string {
  const limits = [
    { token: "open", perCall: "5", perDay: "20" },
    { token: pool, perCall: "2000", perDay: "10000" },
  ];
  const calls = [
    {
      target: market,
      function:
        "function request(uint256 modelId, address host, bytes32 requestHash, uint32 maxTokensIn, uint32 maxTokensOut) payable returns (uint256)",
      maxValue: "5",
      fixed: { modelId: Number(model), host: devAccounts().host.address },
    },
    {
      target: pool,
      function: "function buy(address to, uint256 least) payable returns (uint256)",
      maxValue: "2",
      fixed: { to: "self" },
    },
    {
      target: pool,
      function: "function sell(address to, uint256 amount, uint256 least) returns (uint256)",
      fixed: { to: "self" },
    },
  ];
  return `${JSON.stringify({ hours: 168, limits, calls }, null, 2)}\n`;
}
