import { useQuery } from "@tanstack/react-query";
import { Link, lazyRouteComponent } from "@tanstack/react-router";
import { Suspense } from "react";
import { recentClaims } from "../../chain/answers.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { LIVE } from "../../chain/live-provider.tsx";
import { buttonClass } from "../../ui/button.tsx";
import { Page, Section } from "../../ui/layout.tsx";
import { Stale } from "../../ui/stale.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { AnswerItem } from "../answer-item.tsx";
import { ChainFigures } from "./chain-figures.tsx";
import { PaidChart } from "./paid-chart.tsx";

/** Below what is seen first, and loaded after it. */
const ShortLists = lazyRouteComponent(() => import("./short-lists.tsx"), "ShortLists");
const SHOWN = 5;

/** What goes on here, on one page: everything else is a step away. */
export function OverviewPage() {
  return (
    <Page
      title="Overview"
      lead="A chain that pays the people whose data made a model's answer, as it is right now."
      actions={
        <Link to="/models" className={buttonClass("main")}>
          Ask a question
        </Link>
      }
    >
      <ChainFigures />
      <div className="grid gap-6 lg:grid-cols-[3fr_2fr]">
        <NewestAnswers />
        <PaidChart />
      </div>
      <Suspense fallback={<div className="min-h-80" />}>
        <ShortLists />
      </Suspense>
    </Page>
  );
}

function NewestAnswers() {
  const protocol = useProtocol();
  const claims = useQuery({
    queryKey: [LIVE, "claims", SHOWN],
    queryFn: () => recentClaims(protocol, SHOWN),
  });
  return (
    <Section
      title="Newest answers"
      note="With whose rows made them: an estimate, which decides how the fee is divided."
      aside={<Stale updatedAt={claims.dataUpdatedAt} />}
    >
      <Loaded query={claims} what="the newest answers" lines={18}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No answers yet.">
              Choose a model and ask it something: the answer appears here.
            </Empty>
          ) : (
            <>
              <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
                {list.map((claim) => (
                  <li key={claim.transactionHash} className="p-4">
                    <AnswerItem claim={claim} isShort />
                  </li>
                ))}
              </ul>
              <p className="mt-2 text-sm">
                <Link to="/answers" className="text-accent hover:underline">
                  All answers
                </Link>
              </p>
            </>
          )
        }
      </Loaded>
    </Section>
  );
}
