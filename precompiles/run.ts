import { hexToBytes, toEventSelector } from "viem";
import type { Address } from "../node/chain/types/primitives.ts";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS, SPAN_VERIFIER_ADDRESS } from "./addresses.ts";
import { influenceVerifier, influenceVerifierGas } from "./influence-verifier/verifier.ts";
import { delegateCallRefused, PrecompileRevert, valueRefused } from "./revert.ts";
import {
  type Credit,
  creditsGas,
  leastCreditsGas,
  type Recipient,
  rewardSplitter,
  rewardSplitterGas,
} from "./reward-splitter/splitter.ts";
import { spanVerifier, spanVerifierGas } from "./span-verifier/verifier.ts";

/** The call that reached a precompile, whatever EVM it came through. */
export interface PrecompileCall {
  caller: Address;
  /** The account whose balance and storage the call works on. */
  self: Address;
  /** Where the code was taken from; differs from `self` in DELEGATECALL and CALLCODE. */
  codeAddress: Address;
  /** Wei that moved with the call. */
  value: bigint;
  isStatic: boolean;
  /** 1: called by the transaction itself. */
  depth: number;
}

/** Topics and data as bytes; the address is the precompile's. */
export interface PrecompileLog {
  topics: readonly Uint8Array[];
  data: Uint8Array;
}

/** What the EVM does for a precompile that was called. */
export type PrecompileAnswer =
  | {
      kind: "returned";
      /** Without the payments' gas: see {@link gasWithPayments}. */
      gasUsed: bigint;
      output: Uint8Array;
      /** Payments out of the precompile's own balance, in this order; a revert above undoes them. */
      credits: readonly Credit[];
      logs: readonly PrecompileLog[];
    }
  | { kind: "reverted"; gasUsed: bigint; output: Uint8Array }
  /** Out of gas: all of it is gone. */
  | { kind: "halted" };

export type Returned = Extract<PrecompileAnswer, { kind: "returned" }>;

interface Decision {
  output: Uint8Array;
  credits: readonly Credit[];
}

interface Precompile {
  /** From sizes alone, before any work; payments come on top. */
  gas(input: Uint8Array): bigint;
  decide(input: Uint8Array, call: PrecompileCall): Decision;
}

const PAID_TOPIC = hexToBytes(toEventSelector("Paid(address,address,uint256)"));

const PRECOMPILES: ReadonlyMap<Address, Precompile> = new Map([
  [
    INFLUENCE_VERIFIER_ADDRESS,
    {
      gas: (input) => influenceVerifierGas(input.length),
      decide: (input, { value }) => {
        if (value !== 0n) throw valueRefused();
        return { output: influenceVerifier(input), credits: [] };
      },
    },
  ],
  [
    SPAN_VERIFIER_ADDRESS,
    {
      gas: (input) => spanVerifierGas(input.length),
      decide: (input, { value }) => {
        if (value !== 0n) throw valueRefused();
        return { output: spanVerifier(input), credits: [] };
      },
    },
  ],
  [
    REWARD_SPLITTER_ADDRESS,
    {
      gas: (input) => rewardSplitterGas(input.length),
      decide: (input, { value, isStatic }) => rewardSplitter(input, value, isStatic),
    },
  ],
]);

/**
 * Runs the `attribution` fork's precompile at `call.codeAddress`: one of `OWN_PRECOMPILES`. Pure: whoever runs the
 * EVM charges the gas, that of payments included (their recipients are then warm), moves the credits and emits the logs.
 */
export function runPrecompile(call: PrecompileCall, input: Uint8Array, gasLimit: bigint): PrecompileAnswer {
  const precompile = PRECOMPILES.get(call.codeAddress);
  if (precompile === undefined) throw new Error(`no precompile at ${call.codeAddress}`);
  const gasUsed = precompile.gas(input);
  if (gasUsed > gasLimit) return { kind: "halted" };
  try {
    if (call.self !== call.codeAddress) throw delegateCallRefused();
    const { output, credits } = precompile.decide(input, call);
    const logs = credits.map((credit) => paidLog(call.caller, credit));
    return { kind: "returned", gasUsed, output, credits, logs };
  } catch (error) {
    if (!(error instanceof PrecompileRevert)) throw error;
    return { kind: "reverted", gasUsed, output: error.data };
  }
}

/** The least that an answer with its payments uses: to be covered before its recipients are looked at. */
export function leastGas({ gasUsed, credits }: Returned): bigint {
  return gasUsed + leastCreditsGas(credits);
}

/** All gas of an answer with its payments, from what its recipients are before the first of them. */
export function gasWithPayments(
  { gasUsed, credits }: Returned,
  recipients: ReadonlyMap<Address, Recipient>,
): bigint {
  return gasUsed + creditsGas(credits, recipients);
}

/** `Paid(address indexed payer, address indexed to, uint256 amount)`. */
function paidLog(payer: Address, { to, amount }: Credit): PrecompileLog {
  return {
    topics: [PAID_TOPIC, paddedWord(payer), paddedWord(to)],
    data: hexToBytes(`0x${amount.toString(16).padStart(64, "0")}`),
  };
}

function paddedWord(value: Address): Uint8Array {
  return hexToBytes(`0x${value.slice(2).padStart(64, "0")}`);
}
