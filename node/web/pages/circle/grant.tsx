import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type Circle, grantQuery, readApplication, type WholeGrant } from "../../chain/circle.ts";
import { parseNumber } from "../../site/numbers.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Card, Cell, Facts, Page, Section, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { NoText, Words } from "../kept-text.tsx";
import { eventWords } from "./event-words.ts";
import { Milestones } from "./milestones.tsx";
import { NextSteps } from "./next-steps.tsx";
import { Panels } from "./panels.tsx";
import { CircleGate, Dollars, FOCUS_NAMES, GrantBadge, TIER_NAMES, titleOf } from "./parts.tsx";
import { Services } from "./services.tsx";

/** One grant: who asked for what, where it stands, what anybody and the connected account can do about it. */
export function GrantPage() {
  const { grant: text } = useParams({ from: "/protocol/circle/$grant" });
  const id = parseNumber(text);
  if (id === undefined)
    return (
      <Page title="Grant">
        <Empty title="A grant has a number.">They are listed on the page OpenCircle.</Empty>
      </Page>
    );
  return <CircleGate>{(circle) => <KnownGrant key={text} circle={circle} id={id} />}</CircleGate>;
}

function KnownGrant({ circle, id }: { circle: Circle; id: bigint }) {
  const query = useQuery(grantQuery(circle, id));
  const grant = query.data?.way.grant;
  return (
    <Page
      // The whole page takes the place of what waits: its title may be longer.
      key={grant === undefined ? "waiting" : "whole"}
      title={titleOf(id, query.data?.text ?? null)}
      lead={grant && `Grant ${id}: ${TIER_NAMES[grant.tier]}, ${FOCUS_NAMES[grant.focus]}`}
      actions={grant && <GrantBadge state={grant.state} />}
    >
      <Loaded query={query} what="the grant" lines={12}>
        {(whole) => (
          <>
            <div className="grid gap-6 lg:grid-cols-2">
              <Section title="The grant">
                <Card>
                  <GrantFacts whole={whole} />
                </Card>
              </Section>
              <Section title="What comes next">
                <Card>
                  <NextSteps circle={circle} whole={whole} />
                </Card>
              </Section>
            </div>
            <Section title="The application">
              <Card>
                <Application whole={whole} />
              </Card>
            </Section>
            <Milestones whole={whole} />
            <Panels circle={circle} whole={whole} />
            <Services circle={circle} grant={whole.way.grant} />
            <History whole={whole} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function GrantFacts({ whole: { way } }: { whole: WholeGrant }) {
  const { applicant, payee, usd, amount, released, tier, focus, isEndorsed, quarter, document } = way.grant;
  const isApproved = amount > 0n;
  return (
    <Facts
      facts={[
        ["Applicant", <Hex key="a" hex={applicant} what="applicant" />],
        ["Paid to", <Hex key="p" hex={payee} what="payee" />],
        ["Tier", `${TIER_NAMES[tier]}${isEndorsed ? ", endorsed by a vote" : ""}`],
        ["Focus", FOCUS_NAMES[focus]],
        ["Worth", <Dollars key="usd" usd={usd} />],
        [
          "In OPEN",
          isApproved ? <Amount key="open" wei={amount} /> : "fixed at its approval, by the price of the day",
        ],
        ["Paid so far", isApproved ? <Amount key="released" wei={released} /> : undefined],
        ["Budget of quarter", isApproved ? quarter : undefined],
        ["Application's hash", <Hex key="d" hex={document} what="hash" />],
      ]}
    />
  );
}

function Application({ whole: { way, text } }: { whole: WholeGrant }) {
  if (text === null) return <NoText hash={way.grant.document} what="the application" />;
  // What follows no form is a text all the same.
  return <Words text={readApplication(text)?.text ?? text} />;
}

function History({ whole: { history } }: { whole: WholeGrant }) {
  return (
    <Section title="What happened">
      <Table caption="What happened" head={["When", "What", "Transaction"]}>
        {history.map(({ name, args, time, transaction }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: events only ever come after those that are there
          <tr key={i}>
            <Cell>{time === undefined ? "" : <Time seconds={time} />}</Cell>
            <Cell className="min-w-52">{eventWords(name, args)}</Cell>
            <Cell>
              <Link
                to="/explorer/tx/$hash"
                params={{ hash: transaction }}
                className="text-accent hover:underline"
              >
                transaction
              </Link>
            </Cell>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
