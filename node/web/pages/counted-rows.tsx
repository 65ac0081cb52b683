import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { PostedClaim } from "../../ai/client/claims.ts";
import { getModel } from "../../ai/client/models.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { useProtocol } from "../chain/connection.tsx";
import { countedQuery } from "../chain/counted-rows.ts";
import { ownRowsQuery } from "../chain/own-rows.ts";
import { requestQuery } from "../chain/queries.ts";
import { readIndexOf } from "../chain/rows.ts";
import { formatShare } from "../ui/format.ts";
import { Cell, Section, Table } from "../ui/layout.tsx";
import { Coming, Empty, Loaded } from "../ui/states.tsx";
import { StatusBadge } from "../ui/status.tsx";

/** Why an account earned what it did: the answers whose lists have rows of it, with the rows' scores. */
export function CountedRows({ account }: { account: Address }) {
  const protocol = useProtocol();
  const own = useQuery(ownRowsQuery(protocol, account));
  const ids = own.data?.map(({ contributionId }) => contributionId) ?? [];
  const counted = useQuery({ ...countedQuery(protocol, account, ids), enabled: own.data !== undefined });
  return (
    <Section
      title="Answers in which its rows counted"
      note="Of the newest claims. A row's score is its influence on the answer; among rows that hold the answer's words the score decides. The answer's own page has all of its rows. A refuted claim paid nobody."
    >
      <Loaded query={counted} what="the answers" lines={4}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="None of the newest answers lists a row of it." />
          ) : (
            <Table
              caption="Answers in which its rows counted"
              head={["Answer", "Its claim", "Contribution", "Its rows and their scores", "Weight"]}
            >
              {list.map(({ claim, contributionId, weight, total }) => (
                <tr key={`${claim.requestId} ${contributionId}`}>
                  <Cell className="whitespace-nowrap">
                    <Link
                      to="/answers/$request"
                      params={{ request: claim.requestId.toString() }}
                      className="text-accent hover:underline"
                    >
                      answer {claim.requestId.toString()}
                    </Link>
                  </Cell>
                  <Cell>
                    <ClaimState requestId={claim.requestId} />
                  </Cell>
                  <Cell>{contributionId.toString()}</Cell>
                  <Cell className="font-mono text-xs">
                    <Scores claim={claim} contributionId={contributionId} />
                  </Cell>
                  <Cell className="tabular-nums">{formatShare(weight, total)}</Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}

function ClaimState({ requestId }: { requestId: bigint }) {
  const request = useQuery(requestQuery(useProtocol(), requestId));
  if (request.data !== undefined) return <StatusBadge status={request.data.status} />;
  return request.isPending ? <Coming /> : null;
}

function Scores({ claim, contributionId }: { claim: PostedClaim; contributionId: bigint }) {
  const protocol = useProtocol();
  const { requestId, modelId } = claim;
  const scores = useQuery({
    queryKey: ["counted-rows", requestId.toString(), contributionId.toString()],
    queryFn: async () => {
      const { client, at } = protocol;
      const recordAt = await readIndexOf(protocol, await getModel(client, at, modelId));
      const { rowIds, scores: all } = claim.claim.list;
      return rowIds.flatMap((rowId, i) => {
        const record = recordAt(rowId);
        return record.contributionId === contributionId ? [{ row: record.row, score: all[i] ?? 0n }] : [];
      });
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (scores.isPending) return <Coming />;
  if (scores.data === undefined) return <>the model's index can't be read now</>;
  return <>{scores.data.map(({ row, score }) => `row ${row}: ${score}`).join(", ")}</>;
}
