import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type Agents, agentQuery, type WholeAgent } from "../../chain/agents.ts";
import { parseNumber } from "../../site/numbers.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Card, Facts, Page, Section } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { KeptText } from "../kept-text.tsx";
import { DeedSteps } from "./deed-steps.tsx";
import { Deeds } from "./deeds.tsx";
import { AgentMoney } from "./money.tsx";
import { AgentBadge, AgentsGate } from "./parts.tsx";
import { NewPolicy } from "./policy.tsx";
import { Sessions } from "./sessions.tsx";

/** One agent: whose it is, what it goes by, what its keys may do and did. */
export function AgentPage() {
  const { agent: text } = useParams({ from: "/protocol/agents/$agent" });
  const id = parseNumber(text);
  if (id === undefined)
    return (
      <Page title="Agent">
        <Empty title="An agent has a number.">They are listed on the page Agents.</Empty>
      </Page>
    );
  return <AgentsGate>{(agents) => <KnownAgent key={text} agents={agents} id={id} />}</AgentsGate>;
}

function KnownAgent({ agents, id }: { agents: Agents; id: bigint }) {
  const query = useQuery(agentQuery(agents, id));
  return (
    <Page
      title={`Agent ${id}`}
      actions={query.data && <AgentBadge agents={agents} agent={query.data.agent} />}
    >
      <Loaded query={query} what="the agent" lines={12}>
        {(whole) => (
          <>
            <div className="grid gap-6 lg:grid-cols-2">
              <Section title="The agent">
                <Card>
                  <AgentFacts whole={whole} />
                </Card>
              </Section>
              <AgentMoney agents={agents} whole={whole} />
            </div>
            <Section title="Policy" note="Says which deed follows from which answer.">
              <Card>
                <KeptText hash={whole.agent.policy} what="the policy" />
                <NewPolicy agents={agents} whole={whole} />
              </Card>
            </Section>
            <Sessions agents={agents} whole={whole} />
            <Deeds agents={agents} id={id} />
            <DeedSteps agents={agents} id={id} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function AgentFacts({ whole: { agent, models, now } }: { whole: WholeAgent }) {
  const { owner, account, balance, stake, leaving, leavesAt, policy } = agent;
  return (
    <Facts
      facts={[
        ["Owner", <Hex key="owner" hex={owner} what="owner" />],
        ["Account", <Hex key="account" hex={account} what="account" />],
        ["Holds", <Amount key="balance" wei={balance} />],
        ["Stake", <Amount key="stake" wei={stake} />],
        [
          "Leaves",
          leaving === 0n ? undefined : (
            <span key="leaving">
              <Amount wei={leaving} />, free {leavesAt >= now ? <Time seconds={Number(leavesAt)} /> : "now"}
            </span>
          ),
        ],
        [
          "Models",
          <span key="models" className="inline-flex flex-wrap gap-x-3">
            {models.map((model) => (
              <Link
                key={model.toString()}
                to="/models/$model"
                params={{ model: model.toString() }}
                className="text-accent hover:underline"
              >
                model {model.toString()}
              </Link>
            ))}
          </span>,
        ],
        ["Policy's hash", <Hex key="policy" hex={policy} what="hash" />],
      ]}
    />
  );
}
