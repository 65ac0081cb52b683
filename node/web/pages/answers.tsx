import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { recentClaims } from "../chain/answers.ts";
import { useProtocol } from "../chain/connection.tsx";
import { LIVE } from "../chain/live-provider.tsx";
import { buttonClass } from "../ui/button.tsx";
import { Page } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { AnswerItem } from "./answer-item.tsx";

const SHOWN = 30;

/** The newest answers that this chain paid for. */
export function AnswersPage() {
  const protocol = useProtocol();
  const claims = useQuery({
    queryKey: [LIVE, "claims", SHOWN],
    queryFn: () => recentClaims(protocol, SHOWN),
  });
  return (
    <Page
      title="Answers"
      lead="Every answer was paid for, and its fee goes to the people whose rows made it. Open one to see whose, and to check it yourself."
      actions={
        <span className="flex flex-wrap gap-2">
          <Link to="/epochs" className={buttonClass()}>
            Settled in epochs
          </Link>
          <Link to="/models" className={buttonClass("main")}>
            Ask a question
          </Link>
        </span>
      }
    >
      <Loaded query={claims} what="the newest answers" lines={9}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No answers yet.">
              Choose a model and ask it something: the answer appears here.
            </Empty>
          ) : (
            <ul className="space-y-3">
              {list.map((claim) => (
                <li
                  key={claim.transactionHash}
                  className="rounded-lg border border-line bg-surface p-4 hover:border-accent/60"
                >
                  <AnswerItem claim={claim} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  );
}
