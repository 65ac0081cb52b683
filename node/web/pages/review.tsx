import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useProtocol } from "../chain/connection.tsx";
import { type Contribution, contributionsQuery, datanetQuery, statusName } from "../chain/datanets.ts";
import { LIVE } from "../chain/live-provider.tsx";
import { contributionQuery } from "../chain/queries.ts";
import { bind, type Standing, standingOf, stepVote } from "../chain/review.ts";
import { useSigner } from "../chain/signer.ts";
import { requireSigner } from "../chain/transact.ts";
import { parseNumber } from "../site/numbers.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Amount, Hex, Time } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Card, Page } from "../ui/layout.tsx";
import { RowList } from "../ui/row-list.tsx";
import { Empty, Loaded, Problem } from "../ui/states.tsx";

/** What waits for a datanet's reviewers. */
export function ReviewPage() {
  const { datanet: text } = useParams({ from: "/protocol/datanets/$datanet/review" });
  const id = parseNumber(text);
  if (id === undefined)
    return (
      <Page title="Review">
        <Empty title="A datanet has a number.">Choose one on the page Datanets.</Empty>
      </Page>
    );
  return <ReviewOf datanetId={id} />;
}

function ReviewOf({ datanetId }: { datanetId: bigint }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const { data: datanet, isPending } = useQuery(datanetQuery(protocol, datanetId));
  const contributions = useQuery(contributionsQuery(protocol, datanetId));
  const standing = useQuery({
    queryKey: [LIVE, "standing", datanetId.toString(), signer?.address],
    queryFn: () => standingOf(protocol, datanetId, signer?.address),
  });
  return (
    <Page
      title="Review queue"
      lead={`Contributions to ${datanet?.name ?? `datanet ${datanetId}`} that wait for votes. Votes are hidden until all are in, so that nobody follows another.`}
      isLeadComing={isPending}
    >
      {standing.data === undefined || signer === undefined ? null : (
        <BondLine standing={standing.data} datanetId={datanetId} />
      )}
      <Loaded query={contributions} what="the queue" lines={6}>
        {(list) => {
          const open = list.filter(({ status }) => statusName(status) === "revealed");
          if (open.length === 0) return <Empty title="Nothing waits for a review." />;
          return (
            <ul className="space-y-4">
              {open.map((contribution) => (
                <li key={contribution.contributionId.toString()}>
                  <OpenContribution
                    contribution={contribution}
                    canVote={standing.data?.isReviewer === true}
                  />
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
      <Link
        to="/datanets/$datanet"
        params={{ datanet: datanetId.toString() }}
        className={buttonClass("quiet")}
      >
        Back to the datanet
      </Link>
    </Page>
  );
}

function BondLine({ standing, datanetId }: { standing: Standing; datanetId: bigint }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const binding = useMutation({
    mutationFn: () => bind(protocol, requireSigner(signer), datanetId, standing.missing),
  });
  if (!standing.isReviewer)
    return (
      <Card className="text-sm text-soft">
        Your account is no reviewer of this datanet: you can read, not vote. The datanet's owner names
        reviewers.
      </Card>
    );
  if (standing.missing === 0n) return null;
  return (
    <Card>
      <div className="flex flex-wrap items-center justify-between gap-3 text-sm">
        <p>
          A bond of <Amount wei={standing.missing} /> stands behind your votes. Bind it first.
        </p>
        <Button kind="main" disabled={binding.isPending} onClick={() => binding.mutate()}>
          Bind it
        </Button>
      </div>
      {binding.error === null ? null : <Problem error={binding.error} />}
    </Card>
  );
}

function OpenContribution({ contribution, canVote }: { contribution: Contribution; canVote: boolean }) {
  const protocol = useProtocol();
  const { contributionId, contributor, rowCount, votes, voteDeadline } = contribution;
  const document = useQuery(contributionQuery(protocol, contributionId));
  return (
    <Card>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="text-lg font-medium">Contribution {contributionId.toString()}</h2>
        <span className="text-sm text-soft">
          {formatCount(rowCount)} rows · {votes} votes · votes until <Time seconds={Number(voteDeadline)} />
        </span>
      </div>
      <p className="mt-1 text-sm text-soft">
        by <Hex hex={contributor.toLowerCase()} what="contributor" />
      </p>
      <div className="mt-4">
        <Loaded query={document} what="the rows" lines={4}>
          {({ document: found }) =>
            found === undefined ? (
              <Empty title="The node does not hold this document, or it is broken.">
                Nobody can check what can't be read: reject it.
              </Empty>
            ) : (
              <details>
                <summary className="cursor-pointer text-sm text-accent">
                  {found.name}: show its {formatCount(found.rows.length)} rows
                </summary>
                <div className="mt-3">
                  <RowList label="Rows" rows={found.rows.map((row, number) => ({ row, number }))} />
                </div>
              </details>
            )
          }
        </Loaded>
      </div>
      {canVote ? <VoteForm contributionId={contributionId} /> : null}
    </Card>
  );
}

function VoteForm({ contributionId }: { contributionId: bigint }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const [reason, setReason] = useState("");
  const voting = useMutation({
    mutationFn: (approve: boolean) =>
      stepVote(protocol, requireSigner(signer), { contributionId, approve, reason }),
  });
  const id = `reason-${contributionId}`;
  return (
    <div className="mt-4 border-t border-line pt-4">
      <label htmlFor={id} className="text-sm font-medium">
        Reason <span className="font-normal text-soft">(the chain keeps its hash)</span>
      </label>
      <input
        id={id}
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
        className="mt-1 w-full rounded-md border border-line bg-page px-3 py-2 text-sm"
      />
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <Button kind="main" disabled={voting.isPending} onClick={() => voting.mutate(true)}>
          Approve
        </Button>
        <Button disabled={voting.isPending} onClick={() => voting.mutate(false)}>
          Reject
        </Button>
        {voting.data === undefined ? null : (
          <p role="status" className="text-sm text-good">
            {voting.data === "opened" ? "Your vote is open and counts." : "Your vote is in, hidden for now."}
          </p>
        )}
      </div>
      {voting.error === null ? null : (
        <div className="mt-3">
          <Problem error={voting.error} />
        </div>
      )}
    </div>
  );
}
