import { encodeFunctionData, keccak256, stringToHex, zeroHash } from "viem";
import type { ChainClient } from "../ai/client/chain.ts";
import { governanceRelayAbi, l2CrossDomainMessengerAbi, upgradeTimelockAbi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { L2_CROSS_DOMAIN_MESSENGER } from "../deploy/addresses.ts";
import type { Book, Executor } from "./book.ts";
import type { WrittenCall } from "./call-text.ts";
import { governanceError } from "./errors.ts";

/** What a proposal is on chain. */
export interface Actions {
  targets: Address[];
  values: bigint[];
  calldatas: Hex[];
}

/** Calls that one proposal may hold. */
const MOST_CALLS = 32;
/** Gas of the message on L1: for the relay itself, and for each call that it schedules. */
const RELAY_GAS = 300_000;
const CALL_GAS = 150_000;

/**
 * The proposal that brings every call to the timelock that owns its target: at once on L2, through the timelock of upgrades for code,
 * through one message for L1.
 * @param description makes a change of code another operation than an earlier equal one.
 * @throws CodedError `CALL_INVALID` for none or too many, or for L1 before the hand-over.
 */
export async function actionsOf(
  client: ChainClient,
  book: Book,
  calls: readonly WrittenCall[],
  description: string,
): Promise<Actions> {
  if (calls.length === 0 || calls.length > MOST_CALLS) {
    throw governanceError("CALL_INVALID", {
      message: `a proposal holds 1 to ${MOST_CALLS} calls, not ${calls.length}`,
      fix: "write the calls after the title",
    });
  }
  const of = (executor: Executor) => calls.filter(({ entry }) => entry.executor === executor);
  const actions: Actions = { targets: [], values: [], calldatas: [] };
  const add = (target: Address, data: Hex) => {
    actions.targets.push(target);
    actions.values.push(0n);
    actions.calldatas.push(data);
  };
  for (const { entry, data } of of("timelock")) add(entry.address, data);
  const upgrades = of("upgrades");
  if (upgrades.length > 0) add(book.at.upgrades, await scheduleUpgrades(client, book, upgrades, description));
  const onL1 = of("l1");
  if (onL1.length > 0) add(L2_CROSS_DOMAIN_MESSENGER, messageTo(book, onL1));
  return actions;
}

/** Salt of an operation in the timelock of upgrades. */
export function saltOf(description: string): Hash {
  return keccak256(stringToHex(description));
}

async function scheduleUpgrades(
  client: ChainClient,
  { at }: Book,
  calls: readonly WrittenCall[],
  description: string,
): Promise<Hex> {
  const delay = await client.public.readContract({
    ...{ address: at.upgrades, abi: upgradeTimelockAbi },
    functionName: "getMinDelay",
  });
  return encodeFunctionData({
    abi: upgradeTimelockAbi,
    functionName: "scheduleBatch",
    args: [
      calls.map(({ entry }) => entry.address),
      calls.map(() => 0n),
      calls.map(({ data }) => data),
      ...([zeroHash, saltOf(description), delay] as const),
    ],
  });
}

function messageTo({ at }: Book, calls: readonly WrittenCall[]): Hex {
  if (at.relay === undefined) {
    throw governanceError("CALL_INVALID", {
      message: "governance has no relay to L1 yet",
      fix: "hand over first: openledger governance hand-over",
    });
  }
  const schedule = encodeFunctionData({
    abi: governanceRelayAbi,
    functionName: "schedule",
    args: [calls.map(({ entry }) => entry.address), calls.map(({ data }) => data)],
  });
  return encodeFunctionData({
    abi: l2CrossDomainMessengerAbi,
    functionName: "sendMessage",
    args: [at.relay, schedule, RELAY_GAS + CALL_GAS * calls.length],
  });
}
