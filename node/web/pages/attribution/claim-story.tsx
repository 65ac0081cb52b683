import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RequestStory } from "../../chain/answers.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Badge, Card, Facts, Section } from "../../ui/layout.tsx";
import { Appeal } from "./appeal.tsx";

/** What happened to the request on chain, step by step, and where the fee went. */
export function ClaimStory({ story }: { story: RequestStory }) {
  const { request, requested, claim, settlement, refuted } = story;
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <Section title="On chain">
        <Card>
          <ol className="space-y-4 text-sm">
            <Step title="Requested and paid" isDone={requested !== undefined}>
              {requested && <Transaction hash={requested.transactionHash} block={requested.blockNumber} />}
              <p className="text-soft">
                by <Hex hex={request.payer} what="payer" /> to the host <Hex hex={request.host} what="host" />
                , escrow <Amount wei={request.escrow} />
              </p>
            </Step>
            <Step title={claim?.proved ? "Claimed with proof" : "Claimed"} isDone={claim !== undefined}>
              {claim === undefined ? (
                <p className="text-soft">The host has not posted its claim.</p>
              ) : (
                <>
                  <Transaction hash={claim.transactionHash} block={claim.blockNumber} />
                  <p className="text-soft">
                    {claim.proved
                      ? "The chain's own arithmetic checked scores, order and weights when it was posted. "
                      : "Numbers only: records come with a challenge. "}
                    Bond <Amount wei={claim.bond} />
                  </p>
                </>
              )}
            </Step>
            <LastStep story={story} />
          </ol>
        </Card>
      </Section>
      {settlement === undefined || refuted !== undefined ? null : (
        <Section title="Where the fee went">
          <Card>
            <Facts
              facts={[
                ["Fee", <Amount key="fee" wei={settlement.fee} />],
                ["To contributors", <Amount key="c" wei={settlement.payout.contributors} />],
                ["To contributors of rows in the prompt", <Amount key="x" wei={settlement.payout.context} />],
                ["To snapshot pools", <Amount key="p" wei={settlement.payout.pools} />],
                ["To the model's owner", <Amount key="o" wei={settlement.payout.owner} />],
                ["To the host", <Amount key="h" wei={settlement.payout.host} />],
                ["To stakers", <Amount key="s" wei={settlement.payout.stakers} />],
                ["To the platform", <Amount key="f" wei={settlement.payout.platform} />],
                ["Back to the payer", <Amount key="r" wei={settlement.payout.refund} />],
              ]}
            />
          </Card>
        </Section>
      )}
    </div>
  );
}

function LastStep({ story }: { story: RequestStory }) {
  const { request, claim, settlement, refuted } = story;
  if (refuted !== undefined)
    return (
      <Step title="Refuted" isDone>
        <Transaction hash={refuted.transactionHash} />
        <p className="text-soft">
          <Hex hex={refuted.challenger} what="challenger" /> showed that the claim is false. The host lost its
          bond, the payer has the escrow back.
        </p>
      </Step>
    );
  if (settlement !== undefined)
    return (
      <Step title="Settled" isDone>
        <Transaction hash={settlement.transactionHash} block={settlement.blockNumber} />
        <p className="text-soft">Nobody showed that the claim is false. Everybody is paid.</p>
      </Step>
    );
  if (request.status === "cancelled") return <Step title="Cancelled: the escrow went back" isDone />;
  return (
    <Step title={request.status === "claimed" ? "Open to challenge" : "Settlement"} isDone={false}>
      <p className="text-soft">
        {request.status === "claimed"
          ? "Anybody can show that it is false until "
          : "The host may claim until "}
        <Time seconds={Number(request.deadline)} />
      </p>
      {request.status === "claimed" && claim !== undefined ? <Appeal claim={claim} /> : null}
    </Step>
  );
}

function Step({ title, isDone, children }: { title: string; isDone: boolean; children?: ReactNode }) {
  return (
    <li className="flex gap-3">
      <span
        aria-hidden
        className={`mt-1 size-3 shrink-0 rounded-full border-2 ${isDone ? "border-good bg-good" : "border-line"}`}
      />
      <div className="min-w-0 space-y-1">
        <p className="font-medium">
          {title} {isDone ? null : <Badge tone="warn">waits</Badge>}
        </p>
        {children}
      </div>
    </li>
  );
}

function Transaction({ hash, block }: { hash: string; block?: bigint }) {
  return (
    <p className="flex flex-wrap items-center gap-1">
      <Link to="/explorer/tx/$hash" params={{ hash }} className="text-accent hover:underline">
        transaction
      </Link>
      <Hex hex={hash} what="transaction" />
      {block === undefined ? null : <span className="text-soft">block {block.toString()}</span>}
    </p>
  );
}
