import type { EVMInterface, ExecResult, PrecompileInput } from "@ethereumjs/evm";
import { EVMError } from "@ethereumjs/evm";
import { Account, createAddressFromString } from "@ethereumjs/util";
import { hexToBytes, toEventSelector } from "viem";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS } from "../../../../precompiles/addresses.ts";
import {
  influenceVerifier,
  influenceVerifierGas,
} from "../../../../precompiles/influence-verifier/verifier.ts";
import { delegateCallRefused, PrecompileRevert, valueRefused } from "../../../../precompiles/revert.ts";
import {
  type Credit,
  rewardSplitter,
  rewardSplitterGas,
} from "../../../../precompiles/reward-splitter/splitter.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { currentFrame, type Frame, installFrameCapture } from "./frame.ts";

/** The form of @ethereumjs/evm's `customPrecompiles` option. */
export interface CustomPrecompile {
  address: ReturnType<typeof createAddressFromString>;
  function: (input: PrecompileInput) => Promise<ExecResult> | ExecResult;
}

export { installFrameCapture };

const PAID_TOPIC = hexToBytes(toEventSelector("Paid(address,address,uint256)"));

interface Decision {
  output: Uint8Array;
  /** Credits to recipients, out of the precompile's own balance. */
  credits: readonly Credit[];
}

interface Precompile {
  address: Address;
  gas(input: Uint8Array): bigint;
  decide(input: Uint8Array, frame: Frame): Decision;
}

const PRECOMPILES: readonly Precompile[] = [
  {
    address: INFLUENCE_VERIFIER_ADDRESS,
    gas: (input) => influenceVerifierGas(input.length),
    decide: (input, frame) => {
      if (frame.value !== 0n) throw valueRefused();
      return { output: influenceVerifier(input), credits: [] };
    },
  },
  {
    address: REWARD_SPLITTER_ADDRESS,
    gas: rewardSplitterGas,
    decide: (input, frame) => rewardSplitter(input, frame.value, frame.isStatic),
  },
];

/**
 * The `attribution` fork's precompiles for `createEVM({ customPrecompiles })`. Every EVM that gets them needs
 * {@link installFrameCapture} too.
 * @param isActive whether the fork is on in a block of this timestamp (seconds); before, the addresses act as empty accounts
 */
export function attributionPrecompiles(isActive: (blockTimestamp: bigint) => boolean): CustomPrecompile[] {
  return PRECOMPILES.map((precompile) => ({
    address: createAddressFromString(precompile.address),
    function: (input) => {
      const frame = currentFrame(input._EVM);
      if (!isActive(frame.blockTimestamp)) return { returnValue: new Uint8Array(0), executionGasUsed: 0n };
      return runPrecompile(precompile, input, frame);
    },
  }));
}

async function runPrecompile(
  precompile: Precompile,
  input: PrecompileInput,
  frame: Frame,
): Promise<ExecResult> {
  const gas = precompile.gas(input.data);
  if (gas > input.gasLimit) return halt(input.gasLimit, EVMError.errorMessages.OUT_OF_GAS);
  let decision: Decision;
  try {
    if (frame.codeAddress !== precompile.address || frame.to !== precompile.address)
      throw delegateCallRefused();
    decision = precompile.decide(input.data, frame);
  } catch (error) {
    if (!(error instanceof PrecompileRevert)) throw error;
    return {
      returnValue: error.data,
      executionGasUsed: gas,
      exceptionError: new EVMError(EVMError.errorMessages.REVERT),
    };
  }
  await credit(input._EVM, precompile.address, decision.credits);
  return {
    returnValue: decision.output,
    executionGasUsed: gas,
    logs: decision.credits.map((paid) => paidLog(precompile.address, frame.caller, paid)),
  };
}

function halt(gasLimit: bigint, reason: EVMErrorMessage): ExecResult {
  return {
    returnValue: new Uint8Array(0),
    executionGasUsed: gasLimit,
    exceptionError: new EVMError(reason),
  };
}

type EVMErrorMessage = ConstructorParameters<typeof EVMError>[0];

/** Moves balances through the journal, so that a revert above undoes them. One read and one write each: a recipient may repeat. */
async function credit(evm: EVMInterface, from: Address, credits: readonly Credit[]): Promise<void> {
  for (const { to, amount } of credits) {
    await addBalance(evm, from, -amount);
    await addBalance(evm, to, amount);
  }
}

async function addBalance(evm: EVMInterface, of: Address, amount: bigint): Promise<void> {
  const address = createAddressFromString(of);
  const account = (await evm.stateManager.getAccount(address)) ?? new Account();
  account.balance += amount;
  await evm.journal.putAccount(address, account);
}

/** `Paid(address indexed payer, address indexed to, uint256 amount)`. */
function paidLog(
  address: Address,
  payer: Address,
  { to, amount }: Credit,
): [Uint8Array, Uint8Array[], Uint8Array] {
  return [
    hexToBytes(address),
    [PAID_TOPIC, paddedWord(payer), paddedWord(to)],
    hexToBytes(`0x${amount.toString(16).padStart(64, "0")}`),
  ];
}

function paddedWord(value: Address): Uint8Array {
  return hexToBytes(`0x${value.slice(2).padStart(64, "0")}`);
}
