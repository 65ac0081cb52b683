import { useQuery } from "@tanstack/react-query";
import type { ComponentProps, ReactNode } from "react";
import type { TransactionOrder } from "../../../ai/client/chain.ts";
import type { Governed } from "../../../governance/governed.ts";
import type { ProposalState } from "../../../governance/proposals.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { act, governanceQuery } from "../../chain/governance.ts";
import { Badge, type Tone } from "../../ui/layout.tsx";
import { Loaded } from "../../ui/states.tsx";
import { SendButton } from "../send-button.tsx";

/** Shows what needs governance once it is known. */
export function GovernanceGate({ children }: { children: (governed: Governed) => ReactNode }) {
  const query = useQuery(governanceQuery(useProtocol()));
  return (
    <Loaded query={query} what="governance" lines={8}>
      {children}
    </Loaded>
  );
}

const TONES: Readonly<Record<ProposalState, Tone>> = {
  pending: "plain",
  active: "accent",
  canceled: "plain",
  defeated: "bad",
  succeeded: "good",
  queued: "warn",
  expired: "plain",
  executed: "good",
};
const WORDS: Readonly<Record<ProposalState, string>> = {
  pending: "the vote has not begun",
  active: "the vote is on",
  canceled: "cancelled",
  defeated: "defeated",
  succeeded: "passed, not queued yet",
  queued: "passed, waits in the timelock",
  expired: "expired",
  executed: "executed",
};

export function ProposalBadge({ state }: { state: ProposalState }) {
  return <Badge tone={TONES[state]}>{WORDS[state]}</Badge>;
}

/** The first line of a proposal's description, cut to a title's length. */
export function titleOf(description: string): string {
  const [line = ""] = description.trim().split("\n", 1);
  return line.length <= 120 ? line || "(without words)" : `${line.slice(0, 119)}…`;
}

/** Sends one transaction of the connected account; what it refuses stands below the button. */
export function ActButton({
  governed,
  chain = "L2",
  order,
  ...rest
}: Omit<ComponentProps<typeof SendButton>, "send"> & {
  governed: Governed;
  chain?: "L1" | "L2";
  order: () => TransactionOrder | Promise<TransactionOrder>;
}) {
  return <SendButton {...rest} send={(signer) => act(governed, signer, chain, order)} />;
}
