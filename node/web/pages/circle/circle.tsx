import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Grant } from "../../../circle/grants.ts";
import { dollars, type FundBooks, fundOrder } from "../../../circle/money.ts";
import { booksQuery, type Circle, grantsQuery } from "../../chain/circle.ts";
import { buttonClass } from "../../ui/button.tsx";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { Figure } from "../../ui/figure.tsx";
import { formatShare, parseOpen } from "../../ui/format.ts";
import { Card, Cell, Page, Section, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import {
  CircleGate,
  Dollars,
  FOCUS_NAMES,
  GrantBadge,
  GrantTitle,
  OrderButton,
  TIER_NAMES,
} from "./parts.tsx";

/** The fund for builders: what it has and gave, and every grant. */
export function CirclePage() {
  return (
    <Page
      title="OpenCircle"
      lead="A fund for those who build on the chain. Drawn reviewers judge an application and each of its milestones; governance sets budgets, the price of OPEN and who may be drawn, and nobody pays a grant out by hand."
      actions={
        <div className="flex flex-wrap gap-2">
          <Link to="/circle/reviewers" className={buttonClass()}>
            Reviewers
          </Link>
          <Link to="/circle/apply" className={buttonClass("main")}>
            Apply
          </Link>
        </div>
      }
    >
      <CircleGate>
        {(circle) => (
          <>
            <Fund circle={circle} />
            <Grants circle={circle} />
            <Give circle={circle} />
          </>
        )}
      </CircleGate>
    </Page>
  );
}

function Fund({ circle }: { circle: Circle }) {
  const [quarter, setQuarter] = useState<number>();
  const query = useQuery(booksQuery(circle, quarter));
  return (
    <Loaded query={query} what="the fund" lines={10}>
      {(books) => (
        <>
          <Figures books={books} />
          <Budgets books={books} onQuarter={setQuarter} />
        </>
      )}
    </Loaded>
  );
}

function Figures({ books }: { books: FundBooks }) {
  const { funded, capped, committed, released, budgetedUsd, usdMost, price, priceUntil } = books;
  return (
    <dl className="grid grid-cols-1 gap-3 min-[26rem]:grid-cols-2 lg:grid-cols-4">
      <Figure
        name="In the fund, OPEN"
        value={<Amount wei={funded} unit={false} />}
        note={
          <>
            <Amount wei={capped} /> of them in budgets
          </>
        }
      />
      <Figure
        name="Promised, OPEN"
        value={<Amount wei={committed} unit={false} />}
        note="to grants that run, fixed at their approval"
      />
      <Figure
        name="Paid, OPEN"
        value={<Amount wei={released} unit={false} />}
        note="for milestones that panels have passed"
      />
      <Figure
        name="An OPEN is worth"
        value={dollars(price)}
        note={
          <>
            set by a vote, good until <Time seconds={Number(priceUntil)} />; budgets have{" "}
            <Dollars usd={budgetedUsd} /> of <Dollars usd={usdMost} />
          </>
        }
      />
    </dl>
  );
}

function Budgets({ books, onQuarter }: { books: FundBooks; onQuarter: (quarter: number) => void }) {
  const { budgets, quarter: current } = books;
  const shown = budgets[0]?.quarter ?? current;
  // The next one may have budgets already.
  const quarters = Array.from({ length: current + 2 }, (_, i) => i).reverse();
  return (
    <Section title="Budgets" note="What grants of a quarter may take, by what they are about.">
      <div className="max-w-60">
        <SelectField name="Quarter" value={shown} onChange={(event) => onQuarter(Number(event.target.value))}>
          {quarters.map((quarter) => (
            <option key={quarter} value={quarter}>
              {quarter === current ? `${quarter}, the current one` : quarter}
            </option>
          ))}
        </SelectField>
      </div>
      <Table caption="Budgets" head={["Focus", "Dollars", "Taken", "OPEN at most", "Promised", "Paid"]}>
        {budgets.map(({ focus, usd, usdCommitted, cap, committed, released }) => (
          <tr key={focus}>
            <Cell className="min-w-40">{FOCUS_NAMES[focus]}</Cell>
            <Cell>
              <Dollars usd={usd} />
            </Cell>
            <Cell>
              <Dollars usd={usdCommitted} />
              {usd > 0n ? (
                <span className="block text-xs text-soft">{formatShare(usdCommitted, usd)}</span>
              ) : null}
            </Cell>
            <Cell>
              <Amount wei={cap} unit={false} />
            </Cell>
            <Cell>
              <Amount wei={committed} unit={false} />
            </Cell>
            <Cell>
              <Amount wei={released} unit={false} />
            </Cell>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function Grants({ circle }: { circle: Circle }) {
  const query = useQuery(grantsQuery(circle));
  return (
    <Section title="Grants" note="Newest first.">
      <Loaded query={query} what="the grants" lines={6}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="Nobody has asked for a grant yet.">
              <Link to="/circle/apply" className="text-accent hover:underline">
                Be the first
              </Link>
            </Empty>
          ) : (
            <ul className="space-y-3">
              {list.map((grant) => (
                <li key={grant.id.toString()}>
                  <GrantCard grant={grant} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function GrantCard({ grant }: { grant: Grant }) {
  const { id, state, tier, focus, usd, amount, released, applicant, milestone, milestones } = grant;
  return (
    <article className="rounded-lg border border-line bg-surface p-4 hover:border-accent/60">
      <div className="flex flex-wrap items-start justify-between gap-2">
        <h3 className="min-w-0 text-lg font-medium break-words">
          <Link
            to="/circle/$grant"
            params={{ grant: id.toString() }}
            className="line-clamp-2 hover:underline"
          >
            <GrantTitle grant={grant} />
          </Link>
        </h3>
        <GrantBadge state={state} />
      </div>
      <p className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-soft">
        <span>grant {id.toString()}</span>
        <span>
          {TIER_NAMES[tier]}, {FOCUS_NAMES[focus]}
        </span>
        <span className="inline-flex items-center gap-1">
          by <Hex hex={applicant} what="applicant" />
        </span>
        <Dollars usd={usd} />
        {amount === 0n ? null : (
          <span>
            <Amount wei={released} unit={false} /> of <Amount wei={amount} /> paid
          </span>
        )}
        <span>
          {milestone} of {milestones.length} milestones
        </span>
      </p>
    </article>
  );
}

function Give({ circle }: { circle: Circle }) {
  const [text, setText] = useState("");
  const amount = parseOpen(text);
  const isGood = amount !== undefined && amount > 0n;
  return (
    <Section title="Add to the fund" note="Anybody may; governance gives it to quarters and focuses.">
      <Card className="space-y-3">
        <Field
          name="OPEN"
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.target.value)}
          problem={text === "" || isGood ? undefined : "Give an amount such as 10 or 0.5."}
          note="It does not come back to you."
        />
        <OrderButton
          circle={circle}
          label="Give it"
          order={() => fundOrder(circle.at, amount ?? 0n)}
          why={isGood ? undefined : "Give an amount."}
          onDone={() => setText("")}
        />
      </Card>
    </Section>
  );
}
