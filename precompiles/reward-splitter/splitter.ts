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
/** EIP-2929. */
const COLD_ACCOUNT_GAS = 2_600n;
const WARM_ACCOUNT_GAS = 100n;
/** As a CALL that creates an account with its value. */
const NEW_ACCOUNT_GAS = 25_000n;
/** LOG3 with one word. */
const LOG_GAS = 375n * 4n + 8n * 32n;

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

/** What a recipient is before a payment. */
export interface Recipient {
  /** EIP-161: no nonce, no balance, no code, or not there at all. */
  isEmpty: boolean;
  /** Not touched before in the transaction (EIP-2929). */
  isCold: boolean;
}

/** Gas of a call from its input's length alone, before any work; payments cost {@link creditsGas} besides. */
export function rewardSplitterGas(inputLength: number): bigint {
  return BASE_GAS + GAS_PER_PART * BigInt(Math.ceil(inputLength / 32));
}

/** The least that payments cost, whoever they go to: charge it before accounts are looked at. */
export function leastCreditsGas(credits: readonly Credit[]): bigint {
  return BigInt(credits.length) * (WARM_ACCOUNT_GAS + LOG_GAS);
}

/**
 * Gas of payments, in their order: access to each recipient, cold the first time; a new account where one is created; a log.
 * @param recipients what each recipient is before the first payment
 */
export function creditsGas(credits: readonly Credit[], recipients: ReadonlyMap<Address, Recipient>): bigint {
  const paid = new Set<Address>();
  let gas = leastCreditsGas(credits);
  for (const { to } of credits) {
    if (paid.has(to)) continue;
    paid.add(to);
    const recipient = recipients.get(to);
    if (recipient === undefined) throw new Error(`nobody looked at recipient ${to}`);
    if (recipient.isCold) gas += COLD_ACCOUNT_GAS - WARM_ACCOUNT_GAS;
    if (recipient.isEmpty) gas += NEW_ACCOUNT_GAS;
  }
  return gas;
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
