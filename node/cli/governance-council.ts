import type { Command } from "commander";
import { encodeFunctionData } from "viem";
import { send } from "../ai/client/chain.ts";
import { l1TimelockAbi, pauseGuardianAbi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { advanceOrder, findProposal, type Proposal } from "../governance/proposals.ts";
import { wayOf } from "../governance/way.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { connectGovernance, type Governance } from "./governance-context.ts";
import { wayForPrograms, wayLines } from "./governance-text.ts";
import { requireKey } from "./keys.ts";

/** Adds what the council can do: cancel, pause and lift. */
export function addCouncilCommands(governance: Command): void {
  governance
    .command("cancel <proposal>")
    .description(
      "stop a proposal: its proposer before the vote, the council also while it waits, here or on L1",
    )
    .action(cancel);
  governance
    .command("pause")
    .description("the council stops withdrawals on L1 for a time")
    .action((_options: unknown, command: Command) => guard(command, "pause"));
  governance
    .command("lift")
    .description("let withdrawals run again once the council's pause is over; anybody may")
    .action((_options: unknown, command: Command) => guard(command, "lift"));
}

async function cancel(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const governance = await connectGovernance(context);
  const { client, at } = governance;
  const proposal = await findProposal(client, at, text);
  const { l1Operation, standing } = await wayOf(governance, proposal);
  const { hash } =
    standing.state === "executed"
      ? await send(await governance.l1(), account, cancelOnL1(governance, proposal, l1Operation))
      : await send(client, account, advanceOrder(at, "cancel", proposal));
  const way = await wayOf(governance, proposal);
  print(context, { ...wayForPrograms(proposal, way), transaction: hash }, [
    `canceled in ${hash}`,
    ...wayLines(proposal, way),
  ]);
}

/** The call to the timelock on L1. @throws CodedError PROPOSAL_EARLY when nothing waits there. */
function cancelOnL1(
  { contracts }: Governance,
  { number }: Proposal,
  operation: Hash | undefined,
): { to: Address; data: Hex } {
  if (operation === undefined) {
    throw cliError("PROPOSAL_EARLY", {
      message: `proposal ${number} was executed, and nothing of it waits in the timelock on L1`,
      fix: "see `openledger governance show`",
    });
  }
  const data = encodeFunctionData({ abi: l1TimelockAbi, functionName: "cancel", args: [operation] });
  return { to: contracts.timelock, data };
}

async function guard(command: Command, functionName: "pause" | "lift"): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const governance = await connectGovernance(context);
  const { pauseGuardian } = governance.at;
  if (pauseGuardian === undefined) {
    throw cliError("GOVERNANCE_ABSENT", {
      message: "the guardian of withdrawals is not on L1 yet",
      fix: "hand over first: openledger governance hand-over",
    });
  }
  const l1 = await governance.l1();
  const read = { address: pauseGuardian, abi: pauseGuardianAbi } as const;
  const data = encodeFunctionData({ abi: pauseGuardianAbi, functionName });
  const { hash } = await send(l1, account, { to: pauseGuardian, data });
  const pausedUntil = await l1.public.readContract({ ...read, functionName: "pausedUntil" });
  print(context, { transaction: hash, pausedUntil }, [
    functionName === "pause"
      ? `withdrawals are stopped until ${new Date(Number(pausedUntil) * 1000).toISOString()}, in ${hash}`
      : `withdrawals run again, in ${hash}`,
  ]);
}
