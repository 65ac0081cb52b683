import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { modelIdOf } from "../../chain/chat.ts";
import type { ChatAttribution } from "../../chain/chat-stream.ts";
import type { Access, ChatThread, Turn } from "../../chain/chat-thread.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { modelQuery } from "../../chain/queries.ts";
import { type IndexedModel, readIndexOf } from "../../chain/rows.ts";
import { Button } from "../../ui/button.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { Documents, SpanControls } from "../attribution/documents.tsx";
import { Estimate, InfluenceRows, type ListedRow } from "../attribution/influence-layer.tsx";
import { type Quoted, type SpanView, useSpanView } from "../attribution/span-view.ts";
import { MarkdownAnswer } from "./markdown-answer.tsx";
import { Sources } from "./sources.tsx";
import { TurnProblem } from "./turn-problem.tsx";

interface FreeProps {
  thread: ChatThread;
  turn: Turn;
  /** Undefined where there is no key: then it can't be asked again. */
  access: Access | undefined;
  isLast: boolean;
}

/** A streamed answer: its text as it comes, then what made it. Nobody was paid, so there is no receipt. */
export function FreeAnswer({ thread, turn, access, isLast }: FreeProps) {
  const { answer, state, attribution } = turn;
  const quoted = useMemo(() => quotedOf(attribution), [attribution]);
  const view = useSpanView(quoted);
  const retry = access && (() => void thread.retry(turn.id, access));
  return (
    <>
      {answer === "" && state !== "coming" && state !== "done" ? null : (
        <Card>
          <div aria-live="polite" aria-busy={state === "coming"} data-testid="answer">
            {answer === "" && state === "done" ? (
              <p className="text-soft">(an empty answer)</p>
            ) : (
              <MarkdownAnswer text={answer} view={view} />
            )}
          </div>
          <Footer turn={turn} onStop={() => thread.stop()} onRetry={retry} />
        </Card>
      )}
      {turn.error === undefined ? null : <TurnProblem thread={thread} turn={turn} access={access} />}
      {attribution === undefined || state === "coming" ? null : (
        <FreeSources turn={turn} attribution={attribution} view={view} isLast={isLast} />
      )}
    </>
  );
}

/** What the page's parts make of the node's word. */
function quotedOf(attribution: ChatAttribution | undefined): Quoted {
  const spans = attribution?.spans ?? [];
  const rows = [...new Set(spans.flatMap(({ row_ids }) => row_ids))];
  return {
    spans: spans.map(({ start, end, information }) => ({
      text: start === undefined || end === undefined ? undefined : { start, end },
      information,
    })),
    documents: rows.map((rowId) => ({
      rowId,
      spans: spans.flatMap(({ row_ids }, span) => (row_ids.includes(rowId) ? [span] : [])),
    })),
  };
}

function Footer({
  turn: { state, tokensIn, tokensOut },
  onStop,
  onRetry,
}: {
  turn: Turn;
  onStop: () => void;
  onRetry: (() => void) | undefined;
}) {
  if (state === "coming")
    return (
      <div className="mt-3 flex items-center gap-3 text-sm text-soft">
        <span role="status">It answers…</span>
        <Button onClick={onStop}>Stop</Button>
      </div>
    );
  const tokens =
    tokensIn === undefined || tokensOut === undefined
      ? ""
      : `${formatCount(tokensIn)} tokens in, ${formatCount(tokensOut)} out. `;
  const end =
    state === "stopped"
      ? "Stopped by you."
      : state === "length"
        ? "It ends here because the model's context is full."
        : "";
  return (
    <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-soft">
      <span>
        {end} {state === "failed" ? "" : `${tokens}Free: nobody was paid.`}
      </span>
      {state === "stopped" && onRetry !== undefined ? <Button onClick={onRetry}>Ask again</Button> : null}
    </div>
  );
}

function FreeSources({
  turn,
  attribution,
  view,
  isLast,
}: {
  turn: Turn;
  attribution: ChatAttribution;
  view: SpanView;
  isLast: boolean;
}) {
  const protocol = useProtocol();
  const modelId = modelIdOf(turn.model) ?? 0n;
  const model = useQuery(modelQuery(protocol, modelId));
  return (
    <Sources id={turn.id} spans={view.spans.length} rows={attribution.rows.length} isLast={isLast}>
      <Loaded query={model} what="the model" lines={4}>
        {(found) => (
          <>
            <Section
              title="Verbatim"
              note="Where words of the answer stand in the training rows, letter for letter."
            >
              {attribution.spans === undefined ? (
                <Card className="text-sm text-soft">This model commits no spans: none are looked for.</Card>
              ) : view.spans.length === 0 ? (
                <Card className="text-sm text-soft">
                  No run of its words that says enough stands in a row.
                </Card>
              ) : (
                <div className="space-y-3">
                  <SpanControls view={view} />
                  <Documents view={view} answer={turn.answer} model={found} />
                </div>
              )}
            </Section>
            <Section
              title="Influence"
              note="An estimate: which training rows moved the model towards this answer. It is not a quotation. Of a paid answer's fee the contributors' part is divided so."
            >
              <Rows modelId={modelId} model={found} attribution={attribution} answer={turn.answer} />
            </Section>
          </>
        )}
      </Loaded>
    </Sources>
  );
}

function Rows({
  modelId,
  model,
  attribution: { rows },
  answer,
}: {
  modelId: bigint;
  model: IndexedModel;
  attribution: ChatAttribution;
  answer: string;
}) {
  const protocol = useProtocol();
  const listed = useQuery({
    queryKey: ["chat-rows", model.manifestHash, JSON.stringify(rows)],
    queryFn: async (): Promise<ListedRow[]> => {
      const recordAt = await readIndexOf(protocol, model);
      return rows.map(({ row_id: rowId, score, weight }, i) => {
        const { contributionId, row } = recordAt(rowId);
        return { rank: i + 1, rowId, row, contributionId, score: BigInt(score), weight: BigInt(weight) };
      });
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={listed} what="the rows" lines={4}>
      {(found) =>
        found.length === 0 ? (
          <Empty title="No row scored above zero." />
        ) : (
          <>
            <Estimate modelId={modelId} model={model} />
            <InfluenceRows rows={found} copied={{ answer, receipt: undefined }} />
          </>
        )
      }
    </Loaded>
  );
}
