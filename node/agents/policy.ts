import { parseEther } from "viem";
import { z } from "zod";
import { addressField } from "../chain/config/config-schema.ts";
import type { Address } from "../chain/types/primitives.ts";
import { agentError } from "./errors.ts";

/** Longest policy, in bytes, that is read for its rules. */
export const MAX_POLICY_BYTES = 1 << 16;
const MOST_QUESTION = 2_000;
const MOST_SLIPPAGE = 5_000;
const BPS = 10_000n;
const amount = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,18})?$/, "must be a decimal number such as 0.5")
  .transform((text) => parseEther(text));

const schema = z.strictObject({
  version: z.literal(1),
  kind: z.literal("swap"),
  pool: addressField,
  model: z.number().int().positive().max(Number.MAX_SAFE_INTEGER).transform(BigInt),
  question: z.string().min(1).max(MOST_QUESTION),
  mostBuy: amount,
  mostSell: amount,
  slippageBps: z.number().int().min(0).max(MOST_SLIPPAGE),
});

/** Rules of an agent that swaps on one pool as its model's answers say. Amounts in wei. */
export interface SwapPolicy {
  pool: Address;
  model: bigint;
  /** Asked as it stands here. */
  question: string;
  /** OPEN that one deed may spend. */
  mostBuy: bigint;
  /** Tokens that one deed may sell. */
  mostSell: bigint;
  /** How far below the quote a deed may go, in 1/10000. */
  slippageBps: number;
}

/** What a program acts on, out of an answer. Wei of OPEN to buy for, or of tokens to sell. */
export type Advice = { kind: "hold" } | { kind: "buy" | "sell"; amount: bigint };

const BLOCK = /^```openledger-policy[ \t]*\r?\n([\s\S]*?)\r?\n```[ \t]*$/gm;

/**
 * The rules in a policy: its one block that begins with three backticks and `openledger-policy`. The text around it is for people.
 * @returns undefined where it has no such block.
 * @throws CodedError `POLICY_INVALID` where there are several, or one that is none.
 */
export function rulesOfPolicy(text: string): SwapPolicy | undefined {
  if (text.length > MAX_POLICY_BYTES) throw invalid(`it has more than ${MAX_POLICY_BYTES} characters`);
  const blocks = [...text.matchAll(BLOCK)].map((match) => match[1]!);
  if (blocks.length === 0) return undefined;
  if (blocks.length > 1) throw invalid(`it has ${blocks.length} blocks of rules`);
  let value: unknown;
  try {
    value = JSON.parse(blocks[0]!);
  } catch (cause) {
    throw invalid("its rules are not JSON", cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join(".") || "its rules"}: ${issue?.message}`, parsed.error);
  }
  const { pool, model, question, mostBuy, mostSell, slippageBps } = parsed.data;
  return { pool, model, question, mostBuy, mostSell, slippageBps };
}

/** The whole answer is one of these three, in lower case, with one full stop at most after it. */
const FORM = /^(?:(hold)|(buy|sell) ((?:0|[1-9]\d{0,8})(?:\.\d{1,18})?))\.?$/;

/**
 * What an answer says, if it says it in the one form that counts: `buy 5`, `sell 0.5` or `hold`. An answer is a stranger's text:
 * whatever else stands in it, before or behind, makes it no advice.
 */
export function adviceOf(answer: string): Advice | undefined {
  const match = FORM.exec(answer);
  if (match === null) return undefined;
  const [, hold, kind, number] = match;
  if (hold !== undefined) return { kind: "hold" };
  const wei = parseEther(number!);
  return wei === 0n ? undefined : { kind: kind as "buy" | "sell", amount: wei };
}

/** The least that a swap may bring, by what was quoted. */
export function leastOf({ slippageBps }: Pick<SwapPolicy, "slippageBps">, quoted: bigint): bigint {
  return quoted - (quoted * BigInt(slippageBps)) / BPS;
}

/** Whether a policy lets one deed move that much. */
export function isWithin(
  { mostBuy, mostSell }: Pick<SwapPolicy, "mostBuy" | "mostSell">,
  advice: Exclude<Advice, { kind: "hold" }>,
): boolean {
  return advice.amount <= (advice.kind === "buy" ? mostBuy : mostSell);
}

function invalid(why: string, cause?: unknown) {
  return agentError("POLICY_INVALID", {
    message: `the policy has no valid rules: ${why}`,
    fix: "see the example in contracts/agents.md",
    cause,
  });
}
