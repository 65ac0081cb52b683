import {
  type AbiFunction,
  encodeAbiParameters,
  encodeFunctionData,
  keccak256,
  parseAbiItem,
  parseEther,
  toFunctionSelector,
} from "viem";
import { z } from "zod";
import { concatBytes, hexToBytes } from "../base/bytes.ts";
import { agentAccountAbi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { agentError } from "./errors.ts";

/** Longest session file, in characters, and calls that it allows. */
const MOST_TEXT = 1 << 18;
const MOST_CALLS = 256;
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "expected 20 bytes of hex with 0x")
  .transform((value) => value.toLowerCase() as Address);
const amount = z.string().regex(/^\d{1,12}(\.\d{1,18})?$/, "must be a decimal number such as 0.5");

const schema = z.strictObject({
  /** How long the key may act. */
  hours: z.number().int().positive().max(8_760),
  /** What it may spend: of OPEN, or of a token by its address, in whole units of 10^18. */
  limits: z
    .array(z.strictObject({ token: z.union([z.literal("open"), address]), perCall: amount, perDay: amount }))
    .max(8),
  /** What it may call; `fixed` are arguments by name, `self` is the agent's account. */
  calls: z
    .array(
      z.strictObject({
        target: address,
        function: z.string().max(1_000),
        maxValue: amount.default("0"),
        fixed: z.record(z.string(), z.union([z.string(), z.number().int()])).default({}),
      }),
    )
    .min(1)
    .max(MOST_CALLS),
});

/** What a session's owner writes: what a key may do. */
export type SessionFile = z.output<typeof schema>;

/** A call that a session may make, as the contract has it. */
export interface Rule {
  target: Address;
  selector: Hex;
  maxValue: bigint;
  fixedWords: number;
  words: readonly Hash[];
}

/** One rule with the function that it is about. */
export interface AllowedCall {
  item: AbiFunction;
  rule: Rule;
}

/** @throws CodedError `SESSION_INVALID`. */
export function parseSession(source: string): SessionFile {
  if (source.length > MOST_TEXT) throw invalid(`it has more than ${MOST_TEXT} characters`);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw invalid("it is not JSON", cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`${issue?.path.join(".") || "it"}: ${issue?.message}`, parsed.error);
}

/** The rules of a session of the agent with `account`. @throws CodedError `SESSION_INVALID`. */
export function rulesOf({ calls }: SessionFile, account: Address): AllowedCall[] {
  return calls.map(({ target, function: text, maxValue, fixed }) => {
    const item = functionOf(text);
    const places = Object.entries(fixed).map(([name, value]) => {
      const index = item.inputs.findIndex((input) => input.name === name);
      if (index < 0) throw invalid(`${text} has no argument ${JSON.stringify(name)}`);
      return [index, wordOf(item.inputs[index]!.type, value, account)] as const;
    });
    places.sort(([a], [b]) => a - b);
    const rule = {
      target,
      selector: toFunctionSelector(item),
      maxValue: parseEther(maxValue),
      fixedWords: places.reduce((bits, [index]) => bits + 2 ** index, 0),
      words: places.map(([, word]) => word),
    };
    return { item, rule };
  });
}

/** A function whose arguments are one word each, so that the n-th word is the n-th argument. */
function functionOf(text: string): AbiFunction {
  let item: unknown;
  try {
    item = parseAbiItem(text as string);
  } catch (cause) {
    throw invalid(
      `${JSON.stringify(text)} is no function such as "function buy(address to, uint256 least)"`,
      cause,
    );
  }
  const found = item as AbiFunction;
  const isFlat =
    found.type === "function" &&
    found.inputs.length <= 32 &&
    found.inputs.every(({ type }) => /^(u?int\d*|address|bool|bytes\d+)$/.test(type));
  if (isFlat) return found;
  throw invalid(`${JSON.stringify(text)} has arguments that are longer than a word`);
}

function wordOf(type: string, value: string | number, account: Address): Hash {
  const given = value === "self" ? account : value;
  try {
    const typed = /^u?int/.test(type) ? BigInt(given) : type === "bool" ? given === "true" : given;
    return encodeAbiParameters([{ type }], [typed]) as Hash;
  } catch (cause) {
    throw invalid(`${JSON.stringify(value)} is no ${type}`, cause);
  }
}

const [{ inputs: RULE }] = agentAccountAbi.filter(
  (one): one is Extract<(typeof agentAccountAbi)[number], { name: "leafOf" }> =>
    one.type === "function" && one.name === "leafOf",
) as [Extract<(typeof agentAccountAbi)[number], { name: "leafOf" }>];

/** A rule's leaf: hashed twice, as the contract does. */
export function leafOf(rule: Rule): Hash {
  return keccak256(keccak256(encodeAbiParameters(RULE, [rule])));
}

const pairOf = (a: Hash, b: Hash): Hash =>
  keccak256(concatBytes(...(BigInt(a) < BigInt(b) ? [a, b] : [b, a]).map(hexToBytes)));

/** Root and paths of OpenZeppelin's tree with sorted pairs; an odd node goes up alone. */
export function treeOf(leaves: readonly Hash[]): { root: Hash; proofs: readonly (readonly Hash[])[] } {
  const proofs: Hash[][] = leaves.map(() => []);
  let level = leaves.map((hash, i) => ({ hash, below: [i] }));
  while (level.length > 1) {
    const next: typeof level = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i]!, level[i + 1]];
      if (right === undefined) {
        next.push(left);
        continue;
      }
      for (const leaf of left.below) proofs[leaf]!.push(right.hash);
      for (const leaf of right.below) proofs[leaf]!.push(left.hash);
      next.push({ hash: pairOf(left.hash, right.hash), below: [...left.below, ...right.below] });
    }
    level = next;
  }
  return { root: level[0]!.hash, proofs };
}

/**
 * A call within a session, with its rule and path.
 * @param call `target`: of that contract only.
 * @throws CodedError `CALL_OUTSIDE_SESSION`.
 */
export function callIn(
  allowed: readonly AllowedCall[],
  { name, args, target }: { name: string; args: readonly string[]; target?: Address },
  account: Address,
): { rule: Rule; proof: readonly Hash[]; data: Hex } {
  const { proofs } = treeOf(allowed.map(({ rule }) => leafOf(rule)));
  for (const [index, { item, rule }] of allowed.entries()) {
    if (item.name !== name || item.inputs.length !== args.length) continue;
    if (target !== undefined && rule.target !== target) continue;
    const words = item.inputs.map(({ type }, i) => wordOf(type, args[i]!, account));
    const fixed = words.filter((_, i) => Math.floor(rule.fixedWords / 2 ** i) % 2 === 1);
    if (fixed.some((word, i) => word !== rule.words[i])) continue;
    const values = item.inputs.map(({ type }, i) => argumentOf(type, args[i]!, account));
    const data = encodeFunctionData({ abi: [item], functionName: name, args: values });
    return { rule, proof: proofs[index]!, data };
  }
  throw agentError("CALL_OUTSIDE_SESSION", {
    message: `the session allows no call ${name}(${args.join(", ")})`,
    fix: `it allows ${allowed.map(({ item }) => item.name).join(", ")}, with their fixed arguments`,
  });
}

function argumentOf(type: string, text: string, account: Address): unknown {
  if (text === "self") return account;
  if (/^u?int/.test(type)) return BigInt(text);
  return type === "bool" ? text === "true" : text;
}

function invalid(why: string, cause?: unknown) {
  return agentError("SESSION_INVALID", {
    message: `that is no session: ${why}`,
    fix: "see the example in contracts/agents.md",
    cause,
  });
}
