import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { keyOf } from "../../../../precompiles/influence-verifier/rule.ts";
import { decodeManifest } from "../../../ai/attribution/manifest.ts";
import { NO_SPANS } from "../../../ai/attribution/score.ts";
import { dividedBy } from "../../../ai/client/earnings.ts";
import { parseCanonical } from "../../../ai/codec/canonical-json.ts";
import { isProse } from "../../../ai/datanet/rows.ts";
import type { AttributionReport } from "../../../ai/evaluation/report.ts";
import { payoutOf } from "../../../ai/receipt/payout.ts";
import type { Receipt } from "../../../ai/receipt/receipt.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { contributionQuery } from "../../chain/queries.ts";
import { reportQuery } from "../../chain/reports.ts";
import { contentOf, type IndexedModel, type ReadContribution, readIndexOf, rowOf } from "../../chain/rows.ts";
import { Amount, Copy, Hex } from "../../ui/exact.tsx";
import { formatShare } from "../../ui/format.ts";
import { Badge, Section } from "../../ui/layout.tsx";
import { Coming, Empty, Loaded } from "../../ui/states.tsx";
import { DiscountSaid } from "./discount-said.tsx";
import { type CopiedAnswer, textWithSources } from "./sources-text.ts";

/** A row of an answer's list. */
export interface ListedRow {
  rank: number;
  rowId: number;
  row: number;
  contributionId: bigint;
  score: bigint;
  /** What the row adds to its contribution's weight. */
  weight: bigint;
}

/** Which rows the method says made the answer, and what they earn. */
export function InfluenceLayer({ receipt }: { receipt: Receipt }) {
  const protocol = useProtocol();
  const { requestId, modelId } = receipt.request;
  const rows = useQuery({
    queryKey: ["listed-rows", requestId.toString(), receipt.claimHash],
    queryFn: async () => listedRows(receipt, await readIndexOf(protocol, receipt.model)),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Section
      title="Influence"
      note={`An estimate: which training rows moved the model towards this answer. It is not a quotation, and ${decides(receipt)} the contributors' part of the fee is divided.`}
    >
      <DiscountSaid shown={receipt} />
      <Loaded query={rows} what="the rows" lines={6}>
        {(found) =>
          found.length === 0 ? (
            <Empty title="No row scored above zero.">
              What training earned goes to the pools of the model's snapshots.
            </Empty>
          ) : (
            <>
              <Estimate modelId={modelId} model={receipt.model} />
              <InfluenceRows rows={found} pay={payOf(receipt)} copied={copiedOf(receipt)} />
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

/** By which method, and how good that is on the model, as far as somebody measured it on the node's machine. */
export function Estimate({ modelId, model }: { modelId: bigint; model: IndexedModel }) {
  const protocol = useProtocol();
  const { manifestHash, index } = model;
  const method = useQuery({
    queryKey: ["method", manifestHash],
    queryFn: async () => {
      const source = contentOf(protocol);
      const manifest = decodeManifest(await source.get(manifestHash));
      return methodName(parseCanonical(await source.get(manifest.method), "the method") as MethodPart);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const report = useQuery(reportQuery(manifestHash));
  return (
    <p className="mb-3 text-sm text-soft">
      Estimate by {method.data ?? (method.isPending ? <Coming /> : "an unknown method")}; its quality:{" "}
      {report.isPending ? <Coming /> : qualityOf(report.data ?? null, index.spans !== NO_SPANS)} (
      <Link
        to="/models/$model"
        params={{ model: modelId.toString() }}
        hash="measured"
        className="text-accent underline"
      >
        table
      </Link>
      ).
    </p>
  );
}

/** What a report says of the method that pays, in a line. */
export function qualityOf(report: AttributionReport | null, hasSpans: boolean): string {
  if (report === null) return "not measured on this node's machine";
  const { first, lds } = report.methods[hasSpans ? "fused" : "influence"];
  const right = `the right contributor first in ${first.count} of ${report.answers} answers`;
  return lds === undefined ? right : `${right}, LDS ${lds.mean.toFixed(2)}`;
}

function decides({ model }: Receipt): string {
  const isAlone = model.index.spans === NO_SPANS;
  return isAlone ? "it decides how" : "among the rows that hold the answer's words it decides how";
}

interface MethodPart {
  attribution?: { kind?: string };
}

const NAMES: Readonly<Record<string, string>> = {
  "ekfac-pca": "EK-FAC gradient influence",
  "ekfac-factored": "EK-FAC gradient influence, factor by factor",
};

function methodName({ attribution }: MethodPart): string {
  const kind = attribution?.kind ?? "an unnamed method";
  return NAMES[kind] ?? kind;
}

/** The rows of an answer's list, with what each adds to its contribution's weight. */
export function listedRows(
  receipt: Pick<Receipt, "claim" | "model">,
  recordAt: (rowId: number) => { contributionId: bigint; row: number },
): ListedRow[] {
  const { list } = receipt.claim;
  return list.rowIds.map((rowId, i) => {
    const { contributionId, row } = recordAt(rowId);
    const score = list.scores[i]!;
    const key = keyOf(score, list.gains[i]!, receipt.model.index.spans !== NO_SPANS);
    const weight = key > list.floor ? key - list.floor : 0n;
    return { rank: i + 1, rowId, row, contributionId, score, weight };
  });
}

function copiedOf({ answer, request, chainId, claimTransaction }: Receipt): CopiedAnswer {
  const { requestId } = request;
  return { answer, receipt: { requestId, chainId, transaction: claimTransaction } };
}

/** Money behind a list: what each contribution got, or would get now, and the weight that it got it for. */
export interface Pay {
  amounts: ReadonlyMap<bigint, bigint>;
  weights: ReadonlyMap<bigint, bigint>;
  isPaid: boolean;
}

function payOf(receipt: Receipt): Pay {
  const { settlement, claim, model } = receipt;
  const { contributors } = settlement?.payout ?? payoutOf(receipt, model.split.stakers > 0);
  return payByList(claim.list, contributors, settlement !== null);
}

/** What the list's contributions have of its part of the money. */
export function payByList(list: Receipt["claim"]["list"], amount: bigint, isPaid: boolean): Pay {
  const amounts = dividedBy(amount, list).map(
    ({ contributionId, amount }) => [contributionId, amount] as const,
  );
  const weights = list.contributionIds.map((id, i) => [id, list.weights[i]!] as const);
  return { amounts: new Map(amounts), weights: new Map(weights), isPaid };
}

/** Rows with their part of the list. `pay`: absent where nobody is paid. `copied`: what they are copied with. */
export function InfluenceRows({
  rows,
  pay,
  copied,
}: {
  rows: readonly ListedRow[];
  pay?: Pay;
  copied: CopiedAnswer;
}) {
  const protocol = useProtocol();
  const ids = [...new Set(rows.map(({ contributionId }) => contributionId))];
  const contributions = useQueries({ queries: ids.map((id) => contributionQuery(protocol, id)) });
  const known = new Map(
    contributions.flatMap(({ data }) => (data === undefined ? [] : [[data.contributionId, data] as const])),
  );
  const total = rows.reduce((sum, { weight }) => sum + weight, 0n);
  return (
    <>
      <ol className="space-y-3">
        {rows.map((listed) => (
          <li key={listed.rowId}>
            <RowCard
              listed={listed}
              contribution={known.get(listed.contributionId)}
              share={formatShare(listed.weight, total)}
              bar={total === 0n ? 0 : Number((listed.weight * 1000n) / total) / 10}
              amount={pay && amountOf(listed, pay)}
              isPaid={pay?.isPaid ?? false}
            />
          </li>
        ))}
      </ol>
      <p className="mt-3 flex items-center gap-1 text-sm text-soft">
        <Copy text={textWithSources(copied, rows, known)} what="the answer with its sources" />
        Copy the answer with its sources
      </p>
    </>
  );
}

function amountOf({ contributionId, weight }: ListedRow, { amounts, weights }: Pay): bigint {
  const whole = weights.get(contributionId) ?? 0n;
  return whole === 0n ? 0n : ((amounts.get(contributionId) ?? 0n) * weight) / whole;
}

function RowCard({
  listed,
  contribution,
  share,
  bar,
  amount,
  isPaid,
}: {
  listed: ListedRow;
  contribution: ReadContribution | undefined;
  share: string;
  bar: number;
  /** Wei; undefined where nobody is paid. */
  amount: bigint | undefined;
  isPaid: boolean;
}) {
  const { rank, row, rowId, contributionId, score, weight } = listed;
  const text = contribution && rowOf(contribution, row);
  return (
    <article className="overflow-hidden rounded-lg border border-line bg-surface">
      <div className="flex flex-wrap gap-x-4 gap-y-2 p-4 sm:flex-nowrap">
        <span className="w-4 shrink-0 pt-0.5 text-right font-mono text-sm text-soft">{rank}</span>
        <div className="min-w-0 flex-1 basis-56">
          {contribution === undefined ? (
            <span data-waiting className="block h-5 w-3/4 animate-pulse rounded bg-raised" />
          ) : text === undefined ? (
            <p className="text-soft italic">This node does not hold the row's text.</p>
          ) : (
            <>
              {isProse(text) ? null : <p className="text-sm text-soft">{text.prompt}</p>}
              <p className="break-words">{text.completion}</p>
            </>
          )}
          <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-soft">
            {contribution === undefined ? null : (
              <>
                <span className="inline-flex items-center gap-1">
                  by <Hex hex={contribution.contributor} what="contributor" />
                </span>
                <span>
                  {contribution.datanet}, contribution {contributionId.toString()}, row {row}
                </span>
                <Badge>{contribution.licence}</Badge>
              </>
            )}
            <span className="font-mono">
              row {rowId} · score {score.toString()}
            </span>
          </div>
        </div>
        <div className="flex w-full flex-wrap items-baseline gap-x-3 pl-8 sm:block sm:w-28 sm:shrink-0 sm:pl-0 sm:text-right">
          <p className="font-medium tabular-nums">{weight === 0n ? "earns nothing" : share}</p>
          {weight === 0n || amount === undefined ? null : (
            <p className="mt-0.5 text-xs text-soft">
              {isPaid ? "" : "about "}
              <Amount wei={amount} />
            </p>
          )}
        </div>
      </div>
      <svg className="block h-1 w-full bg-raised" aria-hidden preserveAspectRatio="none" viewBox="0 0 100 1">
        <rect width={bar} height="1" className="fill-accent" />
      </svg>
    </article>
  );
}
