import type { Address } from "../../node/chain/types/primitives.ts";
import {
  AbiInputError,
  type AbiType,
  type AbiValue,
  address,
  array,
  decodeAbi,
  encodeAbi,
  uint,
} from "../abi.ts";
import {
  badInput,
  revertWith,
  selectorOf,
  staticCallRefused,
  unknownSelector,
  valueRefused,
} from "../revert.ts";
import { split } from "./split.ts";

const BASE_GAS = 1_000n;
/** Division, remainder and a share of the sort. */
const GAS_PER_PART = 200n;
/** EIP-2929 cold access and the price of a new account (whether it is new is not known from sizes). */
const GAS_PER_ACCOUNT = 2_600n + 25_000n;
/** LOG3 with one word. */
const GAS_PER_LOG = 375n * 4n + 8n * 32n;

const SPLIT = selectorOf("split(uint256,uint256[])");
const PAY = selectorOf("pay(address[],uint256[])");
const SPLIT_INPUTS: readonly AbiType[] = [uint(256), array(uint(256))];
const PAY_INPUTS: readonly AbiType[] = [array(address), array(uint(256))];

const lengthMismatch = revertWith("LengthMismatch(uint256,uint256)");

/** One recipient's part of a payment, in wei; above 0. */
export interface Credit {
  to: Address;
  amount: bigint;
}

/** What a call does: answers, or moves the value sent to the recipients in this order. */
export interface SplitterOutcome {
  output: Uint8Array;
  credits: readonly Credit[];
}

/** Length of pay's canonical input without recipients, and what each adds. */
const PAY_FRAME_BYTES = 132;
const PAY_RECIPIENT_BYTES = 64;

/** Gas of a call, from its selector and its input's length alone: a canonical encoding's length says how many recipients it has. */
export function rewardSplitterGas(input: Uint8Array): bigint {
  const gas = BASE_GAS + GAS_PER_PART * BigInt(Math.ceil(input.length / 32));
  if (!isSelector(input, PAY)) return gas;
  const recipients = Math.floor(Math.max(0, input.length - PAY_FRAME_BYTES) / PAY_RECIPIENT_BYTES);
  return gas + (GAS_PER_ACCOUNT + GAS_PER_LOG) * BigInt(recipients);
}

/**
 * Decides a call: `value` is the wei sent with it, `isStatic` whether state may not change. Pure: the caller applies the credits.
 * @throws PrecompileRevert with the named error for every input that gets no answer
 */
export function rewardSplitter(input: Uint8Array, value: bigint, isStatic: boolean): SplitterOutcome {
  if (isSelector(input, SPLIT)) {
    if (value !== 0n) throw valueRefused();
    const [amount, weights] = decode(SPLIT_INPUTS, input);
    const parts = split(amount as bigint, weights as readonly bigint[]);
    return { output: encodeAbi([array(uint(256))], [parts]), credits: [] };
  }
  if (!isSelector(input, PAY)) throw unknownSelector(input);
  if (isStatic) throw staticCallRefused();
  const [to, weights] = decode(PAY_INPUTS, input) as [readonly Address[], readonly bigint[]];
  if (to.length !== weights.length) throw lengthMismatch(to.length, weights.length);
  const credits = split(value, weights)
    .map((amount, i) => ({ to: to[i]!, amount }))
    .filter(({ amount }) => amount > 0n);
  return { output: new Uint8Array(0), credits };
}

function isSelector(input: Uint8Array, selector: Uint8Array): boolean {
  return input.length >= 4 && selector.every((byte, i) => byte === input[i]);
}

function decode(types: readonly AbiType[], input: Uint8Array): AbiValue[] {
  try {
    return decodeAbi(types, input, 4);
  } catch (error) {
    if (error instanceof AbiInputError) throw badInput();
    throw error;
  }
}
