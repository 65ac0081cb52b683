import { useQuery } from "@tanstack/react-query";
import type { Published } from "../../../ai/epoch/published.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { drawFor, type EpochEarned, earnedInQuery } from "../../chain/epochs.ts";
import { contributionQuery } from "../../chain/queries.ts";
import { Amount } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Cell, Section, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { SendButton } from "../send-button.tsx";

/** What contributions earned in an epoch, and the step that draws it. */
export function Earned({ published, isSettled }: { published: Published; isSettled: boolean }) {
  const earned = useQuery(earnedInQuery(useProtocol(), published));
  return (
    <Section
      title="What contributions earned"
      note="By the weights of the answers' lists. A draw goes to whoever is paid for the contribution, whoever makes it, and never expires."
    >
      <Loaded query={earned} what="what was earned" lines={4}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No row earned anything in it.">
              The contributors' part goes to the model's pools.
            </Empty>
          ) : (
            <Table
              caption="What contributions earned"
              head={["Contribution", "Answers", "Earned", "Not drawn", "Step"]}
            >
              {list.map((one) => (
                <EarnedLine
                  key={one.contributionId.toString()}
                  published={published}
                  earned={one}
                  isSettled={isSettled}
                />
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}

function EarnedLine({
  published,
  earned: { contributionId, answers, amount, undrawn },
  isSettled,
}: {
  published: Published;
  earned: EpochEarned;
  isSettled: boolean;
}) {
  const protocol = useProtocol();
  const contribution = useQuery(contributionQuery(protocol, contributionId));
  return (
    <tr>
      <Cell className="whitespace-nowrap">
        {contributionId.toString()}
        {contribution.data === undefined ? "" : ` in ${contribution.data.datanet}`}
      </Cell>
      <Cell className="tabular-nums">{formatCount(answers)}</Cell>
      <Cell>
        <Amount wei={amount} />
      </Cell>
      <Cell>
        <Amount wei={undrawn} />
      </Cell>
      <Cell>
        {undrawn === 0n ? (
          "drawn"
        ) : isSettled ? (
          <SendButton
            label={`Draw for contribution ${contributionId}`}
            send={(signer) => drawFor(protocol, signer, published, contributionId)}
          />
        ) : (
          "once it is settled"
        )}
      </Cell>
    </tr>
  );
}
