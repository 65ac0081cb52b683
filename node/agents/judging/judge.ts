import { decodeFunctionData, encodeFunctionData, parseAbi } from "viem";
import type { Address } from "../../chain/types/primitives.ts";
import type { DeedCall } from "../deeds.ts";
import { adviceOf, isWithin, leastOf, type SwapPolicy } from "../policy.ts";

const POOL = parseAbi([
  "function buy(address to, uint256 least) payable returns (uint256)",
  "function sell(address to, uint256 amount, uint256 least) returns (uint256)",
]);

/** Blocks for which a price counts: a deed is mined this long after the block that it was quoted at, at most. */
export const QUOTE_BLOCKS = 150n;

/** What a deed is compared with. */
export interface DeedMatterOfFact {
  account: Address;
  /** Requests that it names. */
  because: readonly bigint[];
  /** An earlier deed of the agent names one of them too. */
  isRepeated: boolean;
  call: DeedCall;
  blockNumber: bigint;
}

/** The answer that it names, opened by its rationale. */
export interface HeardAnswer {
  model: bigint;
  /** The opened question; undefined where what the rationale says is not what the request's hash is of. */
  question: string | undefined;
  /** Undefined where the rationale's tokens are not those that the host claimed. */
  text: string | undefined;
  /** Block of the quote. */
  quotedAt: bigint;
}

/** Whether a deed followed, and why. */
export interface Finding {
  followed: boolean;
  why: string;
}

/** What a deed did on the pool. */
interface Swap {
  kind: "buy" | "sell";
  to: Address;
  amount: bigint;
  least: bigint;
}

const strayed = (why: string): Finding => ({ followed: false, why });

/**
 * Whether a deed follows from its answer under the rules of its policy. Integers and texts alone decide, so every verifier finds the same.
 * @param quoted gives what an amount would have brought at the block of the quote; undefined where there is no price.
 */
export async function judgeSwap(
  policy: SwapPolicy,
  deed: DeedMatterOfFact,
  answer: HeardAnswer,
  quoted: (swap: { kind: "buy" | "sell"; amount: bigint }, block: bigint) => Promise<bigint | undefined>,
): Promise<Finding> {
  if (deed.because.length !== 1) return strayed("it names more than one answer");
  if (deed.isRepeated) return strayed("an earlier deed used the same answer");
  if (answer.model !== policy.model) return strayed("the answer is another model's");
  if (answer.question !== policy.question) return strayed("the question is not the policy's");
  if (answer.text === undefined) return strayed("the answer is not the one that was claimed");
  const advice = adviceOf(answer.text);
  if (advice === undefined || advice.kind === "hold") return strayed("the answer says neither buy nor sell");
  if (!isWithin(policy, advice)) return strayed("the answer says more than the policy allows");
  const swap = deed.call.target === policy.pool ? swapOf(deed.call) : undefined;
  if (swap === undefined) return strayed("it is no swap on the policy's pool");
  if (swap.kind !== advice.kind || swap.amount !== advice.amount) return strayed("it does something else");
  if (swap.to !== deed.account) return strayed("what it brought went to somebody else");
  const age = deed.blockNumber - answer.quotedAt;
  if (age < 0n || age > QUOTE_BLOCKS) return strayed("its price is too old");
  const price = await quoted(swap, answer.quotedAt);
  if (price === undefined) return strayed("the policy's pool gives no price");
  if (swap.least < leastOf(policy, price)) return strayed("it takes too low a price");
  return { followed: true, why: "it is what the answer says" };
}

/** The call as a swap; undefined where it is none, or has bytes beyond. */
export function swapOf({ value, data }: Pick<DeedCall, "value" | "data">): Swap | undefined {
  try {
    const call = decodeFunctionData({ abi: POOL, data });
    if (encodeFunctionData({ abi: POOL, ...call }) !== data) return undefined;
    const to = call.args[0].toLowerCase() as Address;
    if (call.functionName === "buy") return { kind: "buy", to, amount: value, least: call.args[1] };
    if (value !== 0n) return undefined;
    return { kind: "sell", to, amount: call.args[1], least: call.args[2] };
  } catch {
    return undefined;
  }
}
