import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { leavesOf } from "../../../governance/decode.ts";
import type { Governed } from "../../../governance/governed.ts";
import { advanceOrder } from "../../../governance/proposals.ts";
import type { NextStep } from "../../../governance/way.ts";
import {
  effectsQuery,
  type FoundProposal,
  proposalQuery,
  rulesQuery,
  votesQuery,
} from "../../chain/governance.ts";
import { useSigner } from "../../chain/signer.ts";
import { parseNumber } from "../../site/numbers.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { formatDuration } from "../../ui/format.ts";
import { Badge, Card, Cell, Facts, Page, Section, Table } from "../../ui/layout.tsx";
import { Empty, Loaded, Problem } from "../../ui/states.tsx";
import { CallCard, Effects } from "./effects.tsx";
import { ActButton, GovernanceGate, ProposalBadge, titleOf } from "./parts.tsx";
import { Tally } from "./tally.tsx";
import { VoteForm } from "./vote-form.tsx";

/** One proposal: what it does, where it stands, and its next step. */
export function ProposalPage() {
  const { proposal: text } = useParams({ from: "/protocol/governance/$proposal" });
  if (parseNumber(text) === undefined)
    return (
      <Page title="Proposal">
        <Empty title="A proposal has a number.">They are listed on the page Governance.</Empty>
      </Page>
    );
  return (
    <GovernanceGate>
      {(governed) => <KnownProposal key={text} governed={governed} number={text} />}
    </GovernanceGate>
  );
}

function KnownProposal({ governed, number }: { governed: Governed; number: string }) {
  const query = useQuery(proposalQuery(governed, number));
  const found = query.data;
  return (
    <Page
      title={found === undefined ? `Proposal ${number}` : titleOf(found.proposal.description)}
      lead={found && `Proposal ${number}`}
      actions={found && <ProposalBadge state={found.way.standing.state} />}
    >
      <Loaded query={query} what="the proposal" lines={9}>
        {(whole) => <WholeProposal governed={governed} found={whole} />}
      </Loaded>
    </Page>
  );
}

function WholeProposal({ governed, found }: { governed: Governed; found: FoundProposal }) {
  const { proposal, way, blind } = found;
  const { standing, canceled } = way;
  const isLong = proposal.description.trim() !== titleOf(proposal.description);
  return (
    <>
      {isLong ? (
        <Card>
          <p className="break-words whitespace-pre-wrap">{proposal.description}</p>
        </Card>
      ) : null}
      <div className="grid gap-6 lg:grid-cols-2">
        <Section title="Votes">
          <Card>
            <Tally standing={standing} />
            {standing.state === "active" ? <VoteForm governed={governed} found={found} /> : null}
          </Card>
        </Section>
        <Section title="What comes next">
          <Card>
            {blind === undefined ? null : <Problem error={blind} />}
            {canceled.map((what) => (
              <p key={what} className="text-sm">
                <Badge tone="bad">cancelled</Badge> {what}
              </p>
            ))}
            <ul className="space-y-4">
              {way.next.map((step) => (
                <li key={step.what}>
                  <Step governed={governed} step={step} />
                </li>
              ))}
            </ul>
            {way.isOver ? (
              <p className="text-sm text-soft">Nothing: {OVER[standing.state] ?? "it is over"}.</p>
            ) : null}
            <Cancel governed={governed} found={found} />
          </Card>
        </Section>
      </div>
      <WhatItDoes governed={governed} found={found} />
      <Section title="Times">
        <Card>
          <Times found={found} />
        </Card>
      </Section>
      <CastVotes governed={governed} found={found} />
    </>
  );
}

const OVER: Readonly<Record<string, string>> = {
  executed: "all of it ran",
  defeated: "the vote went against it, or the quorum was not reached",
  canceled: "it was cancelled",
  expired: "it was not executed in time",
};

function Step({ governed, step }: { governed: Governed; step: NextStep }) {
  const { what, chain, seconds, order } = step;
  return (
    <div>
      <p className="text-sm">
        <span className="first-letter:uppercase inline-block">{what}</span>
        {seconds > 0n ? (
          <span className="text-soft"> in about {formatDuration(Number(seconds))}</span>
        ) : order === undefined ? (
          <span className="text-soft"> soon</span>
        ) : (
          <span className="text-soft">, now: anybody may, on {chain}</span>
        )}
      </p>
      {order === undefined ? null : (
        <div className="mt-2">
          <ActButton
            governed={governed}
            kind="main"
            label={labelOf(step)}
            chain={chain}
            order={order}
            why={seconds > 0n ? "Its time has not come." : undefined}
          />
        </div>
      )}
    </div>
  );
}

function labelOf({ what, command, chain }: NextStep): string {
  if (chain === "L1") return what.startsWith("prove") ? "Prove on L1" : "Do it on L1";
  return command === "queue" ? "Queue" : "Execute";
}

/** For whoever may take it back: the proposer before the vote, the guardian until it ran. */
function Cancel({ governed, found: { proposal, way } }: { governed: Governed; found: FoundProposal }) {
  const signer = useSigner();
  const rules = useQuery(rulesQuery(governed));
  const { state } = way.standing;
  const isProposer = signer?.address === proposal.proposer && state === "pending";
  const isAhead = !way.isOver && state !== "executed";
  const isGuardian = signer !== undefined && signer.address === rules.data?.guardian && isAhead;
  if (!isProposer && !isGuardian) return null;
  return (
    <div className="mt-4 border-t border-line pt-4">
      <ActButton
        governed={governed}
        label="Cancel the proposal"
        order={() => advanceOrder(governed.at, "cancel", proposal)}
      />
    </div>
  );
}

function WhatItDoes({ governed, found: { proposal, way } }: { governed: Governed; found: FoundProposal }) {
  const isAhead = !way.isOver && way.standing.state !== "executed";
  if (isAhead) return <Ahead governed={governed} number={proposal.number} calls={way.calls} />;
  return (
    <Section title="What it does">
      <ul className="space-y-3">
        {leavesOf(way.calls).map((call, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: calls have a place and no name
          <li key={i}>
            <CallCard call={call} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Ahead({
  governed,
  number,
  calls,
}: {
  governed: Governed;
  number: number;
  calls: FoundProposal["way"]["calls"];
}) {
  const query = useQuery(effectsQuery(governed, String(number), calls));
  return (
    <Section
      title="What it would do"
      note="Each call ran in a simulation on the newest state, from the timelock that will run it. When it runs, the state may be another."
    >
      {query.error !== null && query.data === undefined ? (
        <div className="space-y-3">
          <Problem error={query.error} onRetry={() => void query.refetch()} />
          {leavesOf(calls).map((call) => (
            <CallCard key={call.target + call.data} call={call} />
          ))}
        </div>
      ) : (
        <Loaded query={query} what="what it would do" lines={6}>
          {(effects) => <Effects effects={effects} />}
        </Loaded>
      )}
    </Section>
  );
}

function Times({ found: { proposal, way } }: { found: FoundProposal }) {
  const { standing } = way;
  return (
    <Facts
      facts={[
        ["Proposed by", <Hex key="proposer" hex={proposal.proposer} what="proposer" />],
        [
          "Proposed in",
          <span key="tx" className="inline-flex flex-wrap items-center gap-1">
            <Link
              to="/explorer/tx/$hash"
              params={{ hash: proposal.transaction }}
              className="text-accent hover:underline"
            >
              transaction
            </Link>
            <Hex hex={proposal.transaction} what="transaction" />
          </span>,
        ],
        ["Votes from", <Time key="start" seconds={Number(standing.voteStart)} />],
        ["Votes until", <Time key="end" seconds={Number(standing.voteEnd)} />],
        ["May run from", standing.eta === 0n ? undefined : <Time key="eta" seconds={Number(standing.eta)} />],
        ["Id in the governor", <Hex key="id" hex={proposal.id.toString()} what="id" />],
      ]}
    />
  );
}

function CastVotes({ governed, found: { proposal } }: { governed: Governed; found: FoundProposal }) {
  const query = useQuery(votesQuery(governed, proposal));
  return (
    <Section title="Who voted">
      <Loaded query={query} what="the votes" lines={3}>
        {(votes) =>
          votes.length === 0 ? (
            <Empty title="Nobody voted yet." />
          ) : (
            <Table caption="Votes" head={["Voter", "Vote", "Votes", "Reason"]}>
              {votes.map(({ voter, support, weight, reason }) => (
                <tr key={voter}>
                  <Cell>
                    <Hex hex={voter} what="voter" />
                  </Cell>
                  <Cell>{support}</Cell>
                  <Cell>
                    <Amount wei={weight} unit={false} />
                  </Cell>
                  <Cell className="min-w-40 break-words text-soft">{reason}</Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}
