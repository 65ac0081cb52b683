import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { lock } from "proper-lockfile";
import { z } from "zod";
import { getAgent } from "../agents/agents.ts";
import { MAX_TEXT_BYTES } from "../agents/judging/evidence.ts";
import { AgentRunner } from "../agents/runner/runner.ts";
import { parseSession } from "../agents/session.ts";
import { rpcSink, rpcSource } from "../ai/client/content.ts";
import { cachedSource } from "../ai/content/source.ts";
import { uploadsOf } from "../ai/content/upload-order.ts";
import { createLogger } from "../base/logger.ts";
import { connectAgents } from "./agent-context.ts";
import { contextOf } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { nodeHost, parseId } from "./protocol.ts";
import { readText } from "./text-file.ts";

/** Generating, attributing and claiming on a busy machine. */
const ANSWER_MS = 120_000;
/** A program that was killed leaves its lock for so many seconds. */
const LOCK_S = 10;
/** All that is read of a host's receipt: its claim on chain says whether these are the answer. */
const receiptSchema = z.looseObject({ outputIds: z.array(z.number().int().nonnegative()).max(32_768) });

interface RunOptions {
  host?: string;
  every: string;
  rounds?: string;
  folder?: string;
}

/** `openledger agent run`: an agent at work. */
export function addRunCommand(agent: Command): void {
  agent
    .command("run <agent> <session-file>")
    .description(
      "ask the policy's question, do what the answer says within policy and session, again and again; --key is the session's",
    )
    .option("--host <name|address>", "who is asked (default: the node's own host)")
    .option("--every <seconds>", "pause between two rounds", "60")
    .option("--rounds <n>", "end after so many (default: go on until a limit, the session's end or Ctrl-C)")
    .option(
      "--folder <folder>",
      "of what it has to know after a crash (default: agent-<id>-<key> in the data folder)",
    )
    .action(run);
}

async function run(text: string, file: string, options: RunOptions, command: Command): Promise<void> {
  const context = contextOf(command);
  const key = requireKey(context);
  const agentId = parseId(text, "agent");
  const session = parseSession(readText(file));
  const everyMs = 1_000 * Number(parseId(options.every, "number of seconds"));
  const rounds =
    options.rounds === undefined ? undefined : Number(parseId(options.rounds, "number of rounds"));
  const { client, protocol, at } = await connectAgents(context);
  await getAgent(client, at, agentId);
  const host = options.host === undefined ? await nodeHost(client) : resolveAddress(context, options.host);
  const name = `agent-${agentId}-${key.address.toLowerCase()}`;
  const folder = options.folder ?? join(context.dataDir, name);
  const release = await takeFolder(folder);
  const logger = createLogger({ level: "info", format: context.json ? "json" : "text" });
  const ending = new AbortController();
  const stop = () => ending.abort(cliError("STOPPED", { message: "stopped by a signal" }));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const runner = new AgentRunner({
    ...{ client, protocol, at, agentId, key, session, host, folder, logger },
    content: { ...cachedSource(rpcSource(client)), ...rpcSink(client, uploadsOf(client.chain, key)) },
    texts: rpcSource(client, MAX_TEXT_BYTES),
    ask: async ({ requestId, prompt, salt }) => {
      const params = [{ requestId: `${requestId}`, prompt, salt }];
      return receiptSchema.parse(await client.rpc<unknown>("openledger_ask", params, ANSWER_MS));
    },
  });
  logger.info({ agentId, key: key.address, host, url: client.rpcUrl }, "the agent runs");
  try {
    const end = await runner.run(ending.signal, { everyMs, ...(rounds !== undefined && { rounds }) });
    const facts = { agentId, stopped: end?.why ?? null };
    logger.info(facts, end === undefined ? "the agent was stopped" : `the agent stopped: ${end.message}`);
  } finally {
    await release();
  }
}

/** One program at a time works in a folder. @throws CodedError RUN_LOCKED. */
async function takeFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  try {
    const retries = { retries: LOCK_S + 2, factor: 1, minTimeout: 1_000, maxTimeout: 1_000 };
    return await lock(folder, { stale: LOCK_S * 1_000, retries });
  } catch (cause) {
    throw cliError("RUN_LOCKED", {
      message: `another program runs an agent in ${folder}`,
      fix: "end that one first, or give another --folder and another session key",
      cause,
    });
  }
}
