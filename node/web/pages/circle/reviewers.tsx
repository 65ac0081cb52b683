import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Address } from "../../../chain/types/primitives.ts";
import { interestOrder, joinOrder, leaveOrder, type Reviewer } from "../../../circle/reviewers.ts";
import { type Circle, ownReviewerQuery, reviewersQuery } from "../../chain/circle.ts";
import { useSigner } from "../../chain/signer.ts";
import { parseAddress } from "../../site/numbers.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Field } from "../../ui/field.tsx";
import { Badge, Card, Cell, Page, Section, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { ByVote, CircleGate, OrderButton } from "./parts.tsx";

/** Who may be drawn to judge grants, and the connected account's place among them. */
export function CircleReviewersPage() {
  return (
    <Page
      title="Reviewers of OpenCircle"
      lead="Governance admits them for a term. Whoever has bound the whole bond can be drawn; each seat of a panel is paid, silence costs a part of the bond."
    >
      <CircleGate>
        {(circle) => (
          <>
            <Own circle={circle} />
            <Everybody circle={circle} />
          </>
        )}
      </CircleGate>
    </Page>
  );
}

function Everybody({ circle }: { circle: Circle }) {
  const query = useQuery(reviewersQuery(circle));
  return (
    <Section title="All of them">
      <Loaded query={query} what="the reviewers" lines={4}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="Governance has admitted nobody yet." />
          ) : (
            <Table caption="Reviewers" head={["Seat", "Reviewer", "Bond", "Term until", "State"]}>
              {list.map((reviewer) => (
                <tr key={reviewer.address}>
                  <Cell>{reviewer.seat}</Cell>
                  <Cell>
                    <Hex hex={reviewer.address} what="reviewer" />
                  </Cell>
                  <Cell>
                    <Amount wei={reviewer.bond} />
                  </Cell>
                  <Cell>
                    <Time seconds={Number(reviewer.termEnds)} />
                  </Cell>
                  <Cell>
                    <ReviewerBadge reviewer={reviewer} />
                  </Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}

function ReviewerBadge({ reviewer: { bond, leftAt } }: { reviewer: Reviewer }) {
  if (leftAt > 0n) return <Badge>left</Badge>;
  return bond > 0n ? <Badge tone="good">serves</Badge> : <Badge tone="warn">has bound no bond</Badge>;
}

function Own({ circle }: { circle: Circle }) {
  const signer = useSigner();
  if (signer === undefined) return <Empty title="Connect an account to see its place among the reviewers." />;
  return <OwnPlace key={signer.address} circle={circle} account={signer.address} />;
}

function OwnPlace({ circle, account }: { circle: Circle; account: Address }) {
  const query = useQuery(ownReviewerQuery(circle, account));
  const all = useQuery(reviewersQuery(circle));
  return (
    <Section title="Your place">
      <Loaded query={query} what="your place" lines={3}>
        {(standing) =>
          standing.own.seat < 0 ? (
            <Card>
              <ByVote call={`circleReviewers.admit(${account}, ${all.data?.length ?? "..."})`}>
                Your account is no reviewer. A vote admits one:
              </ByVote>
            </Card>
          ) : (
            <div className="grid gap-6 md:grid-cols-2">
              <Bond circle={circle} standing={standing} />
              <Interest circle={circle} />
            </div>
          )
        }
      </Loaded>
    </Section>
  );
}

interface OwnStanding {
  own: Reviewer;
  missing: bigint;
  freeFrom: bigint;
  now: bigint;
}

function Bond({ circle, standing }: { circle: Circle; standing: OwnStanding }) {
  const { own, missing, freeFrom, now } = standing;
  const hasLeft = own.leftAt > 0n;
  return (
    <Card className="space-y-3">
      <p className="text-sm">
        Seat {own.seat}, bond <Amount wei={own.bond} />;{" "}
        {hasLeft ? (
          <>
            you left <Time seconds={Number(own.leftAt)} />
          </>
        ) : (
          <>
            your term ends <Time seconds={Number(own.termEnds)} />
          </>
        )}
        .
      </p>
      {!hasLeft && missing > 0n ? (
        <>
          <p className="text-sm">
            <Amount wei={missing} /> of the bond are missing: you are not drawn without them.
          </p>
          <OrderButton
            circle={circle}
            kind="main"
            label="Bind the bond"
            order={() => joinOrder(circle.at, missing)}
          />
        </>
      ) : null}
      {hasLeft ? (
        own.bond === 0n ? null : (
          <>
            <OrderButton
              circle={circle}
              label="Take the bond out"
              order={() => leaveOrder(circle.at, "withdrawBond")}
              why={now <= freeFrom ? "It is not free yet." : undefined}
            />
            <p className="text-sm text-soft">
              It is free <Time seconds={Number(freeFrom)} />, and goes to your balance on the page{" "}
              <Link to="/rewards" className="text-accent hover:underline">
                Rewards
              </Link>
              .
            </p>
          </>
        )
      ) : (
        <OrderButton circle={circle} label="Leave" order={() => leaveOrder(circle.at, "resign")} />
      )}
    </Card>
  );
}

function Interest({ circle }: { circle: Circle }) {
  const [text, setText] = useState("");
  const party = parseAddress(text);
  const why = party === undefined ? "Give an address." : undefined;
  return (
    <Card className="space-y-3">
      <Field
        name="You have to do with somebody?"
        value={text}
        placeholder="0x…"
        onChange={(event) => setText(event.target.value)}
        problem={
          text === "" || party !== undefined ? undefined : "An address has 0x and 40 hexadecimal digits."
        }
        note="You are not drawn for what they ask for or are paid by."
      />
      <div className="flex flex-wrap gap-3">
        <OrderButton
          circle={circle}
          label="Declare it"
          order={() => interestOrder(circle.at, party!, true)}
          why={why}
          onDone={() => setText("")}
        />
        {party === undefined ? null : (
          <OrderButton
            circle={circle}
            label="Take it back"
            order={() => interestOrder(circle.at, party, false)}
            onDone={() => setText("")}
          />
        )}
      </div>
    </Card>
  );
}
