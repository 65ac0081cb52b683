import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Agent } from "../../../agents/agents.ts";
import { type Agents, agentListQuery } from "../../chain/agents.ts";
import { buttonClass } from "../../ui/button.tsx";
import { Amount, Hex } from "../../ui/exact.tsx";
import { Page } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { AgentBadge, AgentsGate } from "./parts.tsx";

/** All agents. */
export function AgentsPage() {
  return (
    <Page
      title="Agents"
      lead="Accounts that act by keys within limits, each time for answers that they name. What a deed earned flows back to those whose data made the answers."
      actions={
        <Link to="/agents/register" className={buttonClass("main")}>
          Register an agent
        </Link>
      }
    >
      <AgentsGate>{(agents) => <List agents={agents} />}</AgentsGate>
    </Page>
  );
}

function List({ agents }: { agents: Agents }) {
  const query = useQuery(agentListQuery(agents));
  return (
    <Loaded query={query} what="the agents" lines={6}>
      {(list) =>
        list.length === 0 ? (
          <Empty title="No agents yet.">
            <Link to="/agents/register" className="text-accent hover:underline">
              Register the first one
            </Link>
          </Empty>
        ) : (
          <ul className="grid gap-4 md:grid-cols-2">
            {list.map((agent) => (
              <li key={agent.id.toString()}>
                <AgentCard agents={agents} agent={agent} />
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

function AgentCard({ agents, agent }: { agents: Agents; agent: Agent }) {
  const { id, owner, account, stake, balance } = agent;
  return (
    <article className="h-full rounded-lg border border-line bg-surface p-4 hover:border-accent/60">
      <div className="flex flex-wrap items-start justify-between gap-2">
        <h2 className="text-lg font-medium">
          <Link to="/agents/$agent" params={{ agent: id.toString() }} className="hover:underline">
            Agent {id.toString()}
          </Link>
        </h2>
        <AgentBadge agents={agents} agent={agent} />
      </div>
      <dl className="mt-3 grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1 text-sm">
        <dt className="text-soft">Owner</dt>
        <dd>
          <Hex hex={owner} what="owner" />
        </dd>
        <dt className="text-soft">Account</dt>
        <dd>
          <Hex hex={account} what="account" />
        </dd>
        <dt className="text-soft">Holds</dt>
        <dd>
          <Amount wei={balance} />
        </dd>
        <dt className="text-soft">Stake</dt>
        <dd>
          <Amount wei={stake} />
        </dd>
      </dl>
    </article>
  );
}
