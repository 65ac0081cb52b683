import { Command } from "commander";
import { formatEther, type PrivateKeyAccount } from "viem";
import {
  type Agent,
  act,
  agentCount,
  deedsOf,
  endAgent,
  execute,
  getAgent,
  openSession,
  registerAgent,
  revokeSession,
} from "../agents/agents.ts";
import { callIn, parseSession, rulesOf } from "../agents/session.ts";
import { send } from "../ai/client/chain.ts";
import { rpcSink } from "../ai/client/content.ts";
import { uploadsOf } from "../ai/content/upload-order.ts";
import { type Agents, connectAgents } from "./agent-context.ts";
import { addDeedCommands } from "./agent-deeds.ts";
import { addOwnerCommands } from "./agent-owner.ts";
import { addRunCommand } from "./agent-run.ts";
import { parseOpen } from "./amount.ts";
import { contextOf, print } from "./context.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { parseId } from "./protocol.ts";
import { readText } from "./text-file.ts";

/** Agents that a list shows, the newest ones. */
const MOST_LISTED = 50n;

/** `openledger agent ...`: accounts that act by session keys within limits, for what models answered. */
export function agentCommand(): Command {
  const agent = new Command("agent").description(
    "agents: accounts that act by keys with limits, each deed for answers that it names",
  );
  agent
    .command("register <policy-file>")
    .description("make an agent; the policy says in words which deed follows from which answer")
    .requiredOption("--model <id...>", "models that it asks")
    .option("--stake <open>", "lost by a verdict that a deed did not follow (default: the least)")
    .action(register);
  agent.command("show [agent]").description("the agents, or one with its deeds").action(show);
  agent
    .command("session <agent> <key> <session-file>")
    .description(
      "let a key act within what a file says: how long, what it may spend and call (contracts/agents.md)",
    )
    .action(session);
  agent
    .command("revoke <agent> <key>")
    .description("end a key's session; its owner and the key itself may")
    .action((id: string, who: string, _options: unknown, command: Command) =>
      withAgent(command, id, ({ client, context }, found, by) =>
        revokeSession(client, by, found, resolveAddress(context, who)),
      ),
    );
  agent
    .command("act <agent> <session-file> <function> [arguments...]")
    .description("call by a session key: --key is the session's; `self` stands for the agent's account")
    .option("--value <open>", "OPEN that goes with it", "0")
    .option("--because <request...>", "requests whose answers it follows from")
    .option("--why <text>", "published by its hash", "")
    .action(actAs);
  addMoneyCommands(agent);
  addOwnerCommands(agent);
  addDeedCommands(agent);
  addRunCommand(agent);
  return agent;
}

/** What moves an agent's OPEN and its stake. */
function addMoneyCommands(agent: Command): void {
  agent
    .command("fund <agent> <open>")
    .description("give an agent's account OPEN")
    .action((id: string, amount: string, _options: unknown, command: Command) =>
      withAgent(command, id, ({ client }, { account: to }, key) =>
        send(client, key, { to, data: "0x", value: parseOpen(amount) }),
      ),
    );
  agent
    .command("retire <agent>")
    .description("end an agent: it acts no more, and its stake leaves after the delay")
    .action((id: string, _options: unknown, command: Command) =>
      withAgent(command, id, ({ client, at }, found, by) => endAgent(client, at, by, "retire", found.id)),
    );
  agent
    .command("withdraw <agent>")
    .description("move a retired agent's stake to its owner's balance")
    .action((id: string, _options: unknown, command: Command) =>
      withAgent(command, id, ({ client, at }, found, by) => endAgent(client, at, by, "withdraw", found.id)),
    );
  agent
    .command("take <agent> <open>")
    .description("bring OPEN from the agent's account to its owner, who signs")
    .action((id: string, amount: string, _options: unknown, command: Command) =>
      withAgent(command, id, ({ client }, found, by) =>
        execute(client, by, found, { target: by.address, value: parseOpen(amount), data: "0x" }),
      ),
    );
}

type Act = (agents: Agents, agent: Agent, account: PrivateKeyAccount) => Promise<{ hash: string }>;

async function withAgent(command: Command, text: string, doIt: Act): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const agents = await connectAgents(context);
  const id = parseId(text, "agent");
  const { hash } = await doIt(agents, await getAgent(agents.client, agents.at, id), account);
  await tell(agents, id, [`done in ${hash}`]);
}

async function register(
  file: string,
  options: { model: string[]; stake?: string },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const text = readText(file);
  const models = options.model.map((id) => parseId(id, "model"));
  const stake = options.stake === undefined ? undefined : parseOpen(options.stake);
  const agents = await connectAgents(context);
  const { client } = agents;
  const policy = await rpcSink(client, uploadsOf(client.chain, account)).put(new TextEncoder().encode(text));
  const { id, hash } = await registerAgent(agents.client, agents.at, account, { policy, models, stake });
  await tell(agents, id, [`registered in ${hash}`]);
}

async function session(
  text: string,
  who: string,
  file: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const source = readText(file);
  await withAgent(command, text, ({ client, context }, found, owner) => {
    const parsed = parseSession(source);
    const rules = rulesOf(parsed, found.account).map(({ rule }) => rule);
    return openSession(client, owner, found, resolveAddress(context, who), parsed, rules);
  });
}

async function actAs(
  text: string,
  file: string,
  name: string,
  args: string[],
  options: { value: string; because?: string[]; why: string },
  command: Command,
): Promise<void> {
  const source = readText(file);
  await withAgent(command, text, ({ client }, found, key) => {
    const call = callIn(rulesOf(parseSession(source), found.account), { name, args }, found.account);
    const because = (options.because ?? []).map((id) => parseId(id, "request"));
    return act(client, key, found, {
      ...{ ...call, because, rationale: options.why },
      value: parseOpen(options.value),
    });
  });
}

async function show(text: string | undefined, _options: unknown, command: Command): Promise<void> {
  const agents = await connectAgents(contextOf(command));
  const { client, at, context } = agents;
  if (text !== undefined) return tell(agents, parseId(text, "agent"), []);
  const count = await agentCount(client, at);
  const found: Agent[] = [];
  for (let id = count > MOST_LISTED ? count - MOST_LISTED + 1n : 1n; id <= count; id++)
    found.push(await getAgent(client, at, id));
  print(
    context,
    { agents: found, contracts: at },
    found.length === 0
      ? ["no agents yet: make one with `openledger agent register`"]
      : found.map(({ id, account, balance }) => `${id}  ${account}  ${formatEther(balance)} OPEN`),
  );
}

async function tell({ client, at, context }: Agents, id: bigint, done: readonly string[]): Promise<void> {
  const agent = await getAgent(client, at, id);
  const deeds = await deedsOf(client, at, id);
  print(context, { ...agent, deeds, done }, [
    ...done,
    `agent ${id} of ${agent.owner}`,
    `  account ${agent.account}, with ${formatEther(agent.balance)} OPEN`,
    `  stake   ${formatEther(agent.stake)} OPEN${agent.leaving > 0n ? `, ${formatEther(agent.leaving)} leaving` : ""}`,
    `  policy  ${agent.policy}`,
    ...deeds.map(
      (deed) =>
        `  deed ${deed.id}: ${deed.selector} of ${deed.target} with ${formatEther(deed.value)} OPEN, for ${deed.because.map((request) => `request ${request}`).join(", ")}${deed.isTainted ? ", tainted" : ""}`,
    ),
  ]);
}
