import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Governed } from "../../../governance/governed.ts";
import { type ListedProposal, proposalsQuery, rulesQuery } from "../../chain/governance.ts";
import { buttonClass } from "../../ui/button.tsx";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Figure } from "../../ui/figure.tsx";
import { formatDuration } from "../../ui/format.ts";
import { Page, Section } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { GovernanceGate, ProposalBadge, titleOf } from "./parts.tsx";
import { Tally } from "./tally.tsx";

/** All proposals, and what they go by. */
export function GovernancePage() {
  return (
    <Page
      title="Governance"
      lead="Whoever stakes OPEN decides: the protocol's parameters, the chain's settings, code. What was passed waits in a timelock before it runs."
      actions={
        <div className="flex flex-wrap gap-2">
          <Link to="/governance/stake" className={buttonClass()}>
            Stake and votes
          </Link>
          <Link to="/governance/propose" className={buttonClass("main")}>
            Propose
          </Link>
        </div>
      }
    >
      <GovernanceGate>
        {(governed) => (
          <>
            <RuleFigures governed={governed} />
            <Proposals governed={governed} />
          </>
        )}
      </GovernanceGate>
    </Page>
  );
}

function RuleFigures({ governed }: { governed: Governed }) {
  const query = useQuery(rulesQuery(governed));
  return (
    <Loaded query={query} what="the rules" lines={3}>
      {({ threshold, votingDelay, votingPeriod, timelockDelay }) => (
        <dl className="grid grid-cols-2 gap-3 md:grid-cols-4">
          <Figure name="To propose" value={<Amount wei={threshold} unit={false} />} note="votes" />
          <Figure
            name="Before the vote"
            value={formatDuration(Number(votingDelay))}
            note="between a proposal and the first vote"
          />
          <Figure
            name="The vote"
            value={formatDuration(Number(votingPeriod))}
            note="longer after a late quorum"
          />
          <Figure
            name="The timelock"
            value={formatDuration(Number(timelockDelay))}
            note="what was passed waits; code and L1 longer"
          />
        </dl>
      )}
    </Loaded>
  );
}

function Proposals({ governed }: { governed: Governed }) {
  const query = useQuery(proposalsQuery(governed));
  return (
    <Section title="Proposals">
      <Loaded query={query} what="the proposals" lines={9}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="Nothing was proposed yet.">Stake OPEN for votes, then propose something.</Empty>
          ) : (
            <ul className="space-y-3">
              {list.map((listed) => (
                <li key={listed.proposal.number}>
                  <ProposalCard listed={listed} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function ProposalCard({ listed: { proposal, standing } }: { listed: ListedProposal }) {
  const { number, description, proposer } = proposal;
  return (
    <article className="grid gap-x-8 gap-y-3 rounded-lg border border-line bg-surface p-4 hover:border-accent/60 md:grid-cols-[1fr_18rem]">
      <div className="min-w-0">
        <h3 className="text-lg font-medium break-words">
          <Link
            to="/governance/$proposal"
            params={{ proposal: String(number) }}
            className="line-clamp-2 hover:underline"
          >
            {titleOf(description)}
          </Link>
        </h3>
        <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-soft">
          <ProposalBadge state={standing.state} />
          <span>proposal {number}</span>
          <span className="inline-flex items-center gap-1">
            by <Hex hex={proposer} what="proposer" />
          </span>
          <span>
            {standing.state === "pending"
              ? "vote begins"
              : standing.state === "active"
                ? "vote ends"
                : "vote ended"}{" "}
            <Time seconds={Number(standing.state === "pending" ? standing.voteStart : standing.voteEnd)} />
          </span>
        </div>
      </div>
      <Tally standing={standing} />
    </article>
  );
}
