import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { encodeFunctionData, keccak256, parseAbiItem, stringToBytes } from "viem";
import { execute, getAgent } from "../agents/agents.ts";
import { policyOrder } from "../agents/orders.ts";
import { callIn, parseSession, rulesOf } from "../agents/session.ts";
import { actForOrder, parseSigned, signAct, signedToText } from "../agents/signed.ts";
import { send } from "../ai/client/chain.ts";
import { rpcSink } from "../ai/client/content.ts";
import { uploadsOf } from "../ai/content/upload-order.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import { connectAgents } from "./agent-context.ts";
import { parseOpen } from "./amount.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { parseId } from "./protocol.ts";
import { readText } from "./text-file.ts";

/** Seconds for which a signed call can be brought, unless told otherwise. */
const SIGNED_S = "600";
const MOST_SIGNED_S = 31_536_000n;

/** What an owner does with its agent, and what a key signs for others to bring. */
export function addOwnerCommands(agent: Command): void {
  agent
    .command("set-policy <agent> <policy-file>")
    .description("change policy and models for deeds to come; for its owner")
    .requiredOption("--model <id...>", "models that it asks from now on")
    .action(setPolicy);
  agent
    .command("execute <agent> <target> [function] [arguments...]")
    .description(
      'make any call from the agent\'s account; for its owner. The function as "function transfer(address to, uint256 amount)"',
    )
    .option("--value <open>", "OPEN that goes with it", "0")
    .action(executeAs);
  agent
    .command("sign <agent> <session-file> <function> [arguments...]")
    .description("sign a call by a session key (--key) for anybody to bring with `agent act-for`")
    .option("--value <open>", "OPEN that goes with it", "0")
    .option("--because <request...>", "requests whose answers it follows from")
    .option("--why <text>", "published by its hash", "")
    .option("--seconds <n>", "for how long it can be brought, by the chain's clock", SIGNED_S)
    .option("--out <file>", "write it there instead of printing it")
    .action(sign);
  agent
    .command("act-for <signed-file>")
    .description("bring a call that a session key has signed; the account of --key pays the gas alone")
    .action(actFor);
}

async function setPolicy(
  text: string,
  file: string,
  options: { model: string[] },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const id = parseId(text, "agent");
  const policyText = readText(file);
  const models = options.model.map((one) => parseId(one, "model"));
  const { client, at } = await connectAgents(context);
  await getAgent(client, at, id);
  const policy = await rpcSink(client, uploadsOf(client.chain, account)).put(
    new TextEncoder().encode(policyText),
  );
  const { hash } = await send(client, account, policyOrder(at, id, policy, models));
  print(context, { agent: id, policy, models, transaction: hash }, [
    `agent ${id} has the policy ${policy} from now on: ${hash}`,
  ]);
}

async function executeAs(
  text: string,
  to: string,
  signature: string | undefined,
  args: string[],
  options: { value: string },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const id = parseId(text, "agent");
  const target = resolveAddress(context, to);
  const value = parseOpen(options.value);
  const { client, at } = await connectAgents(context);
  const agent = await getAgent(client, at, id);
  const data = signature === undefined ? "0x" : dataOf(signature, args, agent.account);
  const { hash } = await execute(client, account, agent, { target, value, data });
  print(context, { agent: id, target, value, data, transaction: hash }, [
    `agent ${id}'s account called ${target} in ${hash}`,
  ]);
}

/** A call's data; `self` is the agent's account. @throws CodedError FUNCTION_INVALID. */
function dataOf(signature: string, args: readonly string[], account: Address): Hex {
  try {
    const item = parseAbiItem(signature as string);
    if (!isFunction(item) || item.inputs.length !== args.length) throw new Error("the arguments do not fit");
    const values = item.inputs.map(({ type }, i) => argumentOf(type, args[i]!, account));
    return encodeFunctionData({ abi: [item], functionName: item.name, args: values });
  } catch (cause) {
    throw cliError("FUNCTION_INVALID", {
      message: `${JSON.stringify(signature)} can't be called with ${args.length} arguments: ${JSON.stringify(args)}`,
      fix: 'write it as "function transfer(address to, uint256 amount)", and an argument for each',
      cause,
    });
  }
}

interface PlainFunction {
  type: "function";
  name: string;
  inputs: readonly { type: string }[];
  outputs: readonly { type: string }[];
  stateMutability: "payable" | "nonpayable" | "view" | "pure";
}

const isFunction = (item: unknown): item is PlainFunction =>
  typeof item === "object" && item !== null && "type" in item && item.type === "function";

function argumentOf(type: string, text: string, account: Address): unknown {
  if (text === "self") return account;
  if (/^u?int\d*$/.test(type)) return BigInt(text);
  if (type === "bool") return text === "true";
  return /[[(]/.test(type) ? JSON.parse(text) : text;
}

interface SignOptions {
  value: string;
  because?: string[];
  why: string;
  seconds: string;
  out?: string;
}

async function sign(
  text: string,
  file: string,
  name: string,
  args: string[],
  options: SignOptions,
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const key = requireKey(context);
  const id = parseId(text, "agent");
  const session = parseSession(readText(file));
  const seconds = parseId(options.seconds, "number of seconds");
  const because = (options.because ?? []).map((one) => parseId(one, "request"));
  const { client, at } = await connectAgents(context);
  const { account } = await getAgent(client, at, id);
  const { rule, proof, data } = callIn(rulesOf(session, account), { name, args }, account);
  const { timestamp } = await client.public.getBlock();
  const act = {
    ...{ rule, proof },
    call: { target: rule.target, value: parseOpen(options.value), data },
    because: because.toSorted((a, b) => (a < b ? -1 : 1)),
    rationale: keccak256(stringToBytes(options.why)),
  };
  const until = timestamp + (seconds < MOST_SIGNED_S ? seconds : MOST_SIGNED_S);
  const signed = await signAct(client, key, account, act, until);
  if (options.out === undefined) {
    print(context, signed, [signedToText(signed).trimEnd()]);
    return;
  }
  writeFileSync(options.out, signedToText(signed));
  print(context, { file: options.out, deadline: until }, [
    `signed into ${options.out}, good until ${until}: \`openledger agent act-for ${options.out}\``,
  ]);
}

async function actFor(file: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const sender = requireKey(context);
  const signed = parseSigned(readText(file));
  const { client } = await connectAgents(context);
  const { hash } = await send(client, sender, actForOrder(signed));
  print(context, { account: signed.account, key: signed.key, transaction: hash }, [
    `${signed.key} acted by ${signed.account} in ${hash}`,
  ]);
}
