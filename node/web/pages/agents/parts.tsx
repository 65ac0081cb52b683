import { useQuery } from "@tanstack/react-query";
import type { ComponentProps, ReactNode } from "react";
import type { Agent } from "../../../agents/agents.ts";
import { OPEN } from "../../../agents/orders.ts";
import type { TransactionOrder } from "../../../ai/client/chain.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { type Agents, agentsQuery } from "../../chain/agents.ts";
import { useProtocol } from "../../chain/connection.tsx";
import type { Signer } from "../../chain/signer.ts";
import { transact } from "../../chain/transact.ts";
import { Hex, Hint } from "../../ui/exact.tsx";
import { formatOpen } from "../../ui/format.ts";
import { Badge } from "../../ui/layout.tsx";
import { Loaded } from "../../ui/states.tsx";
import { SendButton } from "../send-button.tsx";

/** Shows what needs the contracts of agents once they are known. */
export function AgentsGate({ children }: { children: (agents: Agents) => ReactNode }) {
  const query = useQuery(agentsQuery(useProtocol()));
  return (
    <Loaded query={query} what="the agents" lines={8}>
      {children}
    </Loaded>
  );
}

/** Whether an agent may act. */
export function AgentBadge({ agents, agent }: { agents: Agents; agent: Pick<Agent, "stake"> }) {
  if (agent.stake >= agents.leastStake) return <Badge tone="good">may act</Badge>;
  if (agent.stake === 0n) return <Badge>retired</Badge>;
  return <Badge tone="warn">too small a stake to act</Badge>;
}

/** Sends one transaction of the connected account. */
export function OrderButton({
  agents,
  order,
  ...rest
}: Omit<ComponentProps<typeof SendButton>, "send"> & {
  agents: Agents;
  order: (signer: Signer) => TransactionOrder | Promise<TransactionOrder>;
}) {
  const { client } = agents;
  return <SendButton {...rest} send={async (signer) => transact(client, signer, await order(signer))} />;
}

/** An amount of OPEN, or of a token in units of 10^18. */
export function TokenAmount({ amount, token }: { amount: bigint; token: Address }) {
  return (
    <Hint text={`${amount} ${token === OPEN ? "wei" : "of its smallest part"}`}>
      <span className="whitespace-nowrap tabular-nums">{formatOpen(amount)}</span>
    </Hint>
  );
}

/** OPEN, or a token by its address. */
export function TokenName({ token }: { token: Address }) {
  return token === OPEN ? <>OPEN</> : <Hex hex={token} what="token" />;
}
