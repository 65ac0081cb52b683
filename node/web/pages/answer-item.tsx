import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { PostedClaim } from "../../ai/client/claims.ts";
import { findReceipt } from "../chain/answers.ts";
import { useProtocol } from "../chain/connection.tsx";
import { contributorQuery } from "../chain/overview.ts";
import { requestQuery } from "../chain/queries.ts";
import { DatanetName } from "../ui/datanet-name.tsx";
import { Amount, Hex } from "../ui/exact.tsx";
import { formatShare } from "../ui/format.ts";
import { Coming } from "../ui/states.tsx";
import { StatusBadge } from "../ui/status.tsx";

/** Contributions that are named beside an answer. */
const SHOWN = 3;

/**
 * One answer in a list: what was asked and answered, the contributions that weigh most in it, and where its claim stands.
 * `isShort`: of a few lines, without what the answer's own page tells.
 */
export function AnswerItem({ claim, isShort = false }: { claim: PostedClaim; isShort?: boolean }) {
  const protocol = useProtocol();
  const { requestId, modelId, host, fee } = claim;
  const request = useQuery(requestQuery(protocol, requestId));
  return (
    <article className="min-h-28">
      <AnswerText requestId={requestId} isShort={isShort} />
      <Contributors claim={claim} />
      <p className="mt-2 flex min-h-6 flex-wrap items-center gap-x-4 gap-y-1 text-xs text-soft">
        {request.isPending ? (
          <Coming />
        ) : request.data === undefined ? null : (
          <StatusBadge status={request.data.status} />
        )}
        {isShort ? null : (
          <>
            <span>request {requestId.toString()}</span>
            <Link
              to="/models/$model"
              params={{ model: modelId.toString() }}
              className="hover:text-accent hover:underline"
            >
              model {modelId.toString()}
            </Link>
            <span className="inline-flex items-center gap-1">
              host <Hex hex={host} what="host" />
            </span>
          </>
        )}
        <span>
          fee <Amount wei={fee} />
        </span>
      </p>
    </article>
  );
}

function AnswerText({ requestId, isShort }: { requestId: bigint; isShort: boolean }) {
  const protocol = useProtocol();
  const receipt = useQuery({
    queryKey: ["receipt-text", requestId.toString()],
    queryFn: () => findReceipt(protocol, requestId),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const found = receipt.data;
  return (
    <Link to="/answers/$request" params={{ request: requestId.toString() }} className="block min-h-11">
      {receipt.error !== null && found === undefined ? (
        <span className="text-soft italic">Its text can't be read now: {receipt.error.message}</span>
      ) : found === undefined ? (
        <span data-waiting className="block h-5 w-2/3 animate-pulse rounded bg-raised" />
      ) : typeof found === "string" ? (
        <span className="text-soft italic">
          {found === "private"
            ? "Question and answer are its payer's."
            : "Another node's host has this answer's text."}
        </span>
      ) : (
        <>
          <span className={`text-sm text-soft ${isShort ? "line-clamp-1" : "block"}`}>{found.prompt}</span>
          <span className={`font-medium ${isShort ? "line-clamp-2" : "mt-0.5 block text-lg"}`}>
            {found.answer || "(an empty answer)"}
          </span>
        </>
      )}
    </Link>
  );
}

function Contributors({ claim: { claim } }: { claim: PostedClaim }) {
  const protocol = useProtocol();
  const { contributionIds, weights } = claim.list;
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const top = contributionIds
    .map((id, i) => ({ id, weight: weights[i] ?? 0n }))
    .sort((a, b) => (a.weight > b.weight ? -1 : 1))
    .slice(0, SHOWN);
  const makers = useQueries({ queries: top.map(({ id }) => contributorQuery(protocol, id)) });
  if (top.length === 0)
    return <p className="mt-1 min-h-6 text-xs text-soft">No row stood out: the snapshots' pools earn.</p>;
  return (
    <ul className="mt-1 flex min-h-6 flex-wrap gap-x-4 gap-y-1 text-xs">
      {top.map(({ id, weight }, i) => {
        const maker = makers[i]?.data;
        return (
          <li key={id.toString()} className="inline-flex items-center gap-1">
            <span className="font-medium tabular-nums">{formatShare(weight, total)}</span>
            {makers[i]?.isPending ? (
              <Coming />
            ) : maker === undefined ? (
              <span className="text-soft">contribution {id.toString()}</span>
            ) : (
              <>
                <Hex hex={maker.contributor} what="contributor" />
                <span className="text-soft">in</span> <DatanetName datanetId={maker.datanetId} />
              </>
            )}
          </li>
        );
      })}
    </ul>
  );
}
