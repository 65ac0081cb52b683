import { formatEther } from "viem";
import { callText, type DecodedCall } from "../governance/decode.ts";
import type { Proposal } from "../governance/proposals.ts";
import type { Effect } from "../governance/simulate.ts";
import type { NextStep, Way } from "../governance/way.ts";
import { oneLine } from "./context.ts";

const FROM = { timelock: "", upgrades: ", from the timelock of upgrades", l1: ", on L1" } as const;

/** A proposal's calls in words; those that are passed on stand below the one that does it. */
export function callLines(calls: readonly DecodedCall[], indent = "  "): string[] {
  return calls.flatMap((call) =>
    call.inner.length === 0
      ? [`${indent}${oneLine(callText(call))}${FROM[call.executor]}`]
      : callLines(call.inner, indent),
  );
}

/** What the calls would change. */
export function effectLines(effects: readonly Effect[]): string[] {
  return effects.flatMap(({ call, failure, changes }) => [
    `  ${oneLine(callText(call))}`,
    ...(failure === undefined ? [] : [`    would FAIL now: ${oneLine(failure)}`]),
    ...(failure === undefined && changes.length === 0 ? ["    changes nothing that its contract tells"] : []),
    ...changes.map(
      ({ what, before, after }) => `    ${oneLine(what)}: ${oneLine(before)} -> ${oneLine(after)}`,
    ),
  ]);
}

/** Effects without the ABIs. */
export function effectsForPrograms(effects: readonly Effect[]) {
  return effects.map(({ call, failure, changes }) => ({
    call: callText(call),
    from: call.executor,
    target: call.target,
    data: call.data,
    failure,
    changes,
  }));
}

const votes = (wei: bigint) => `${formatEther(wei)}`;

/** Where a proposal stands. */
export function wayLines(
  { number, description }: Proposal,
  { standing, next, canceled, isOver }: Way,
): string[] {
  const { quorum } = standing;
  return [
    `proposal ${number}: ${oneLine(description)}`,
    `  ${standing.state}${standing.state === "executed" ? (isOver ? ", all of it ran" : ", parts wait") : ""}`,
    `  for ${votes(standing.for)}, against ${votes(standing.against)}, abstain ${votes(standing.abstain)}${
      quorum === undefined ? "" : `; quorum ${votes(quorum)}`
    }`,
    ...canceled.map((what) => `  canceled: ${what}`),
    ...next.map((step) => `  next, ${nextText(number, step)}`),
  ];
}

function nextText(number: number, { what, command, seconds }: NextStep): string {
  const after = seconds > 0n ? `in about ${seconds} s` : "now";
  const arguments_ = command === "vote" ? `${number} for|against|abstain` : String(number);
  return `${after}: ${what} (openledger governance ${command} ${arguments_})`;
}

/** A way for programs. */
export function wayForPrograms({ number, id, proposer, description, transaction }: Proposal, way: Way) {
  return {
    ...{ number, id, proposer, description, transaction, ...way.standing },
    isOver: way.isOver,
    canceled: way.canceled,
    next: way.next.map(({ what, command, seconds }) => ({ what, command, seconds })),
  };
}
