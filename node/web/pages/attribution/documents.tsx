import { useQuery } from "@tanstack/react-query";
import { isProse } from "../../../ai/datanet/rows.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { contributionQuery } from "../../chain/queries.ts";
import { type IndexedModel, type ReadContribution, readIndexOf, rowOf } from "../../chain/rows.ts";
import { Button } from "../../ui/button.tsx";
import { Hex } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Badge, Card } from "../../ui/layout.tsx";
import { Loaded } from "../../ui/states.tsx";
import { type SpanDocument, shownDocuments } from "./span-selection.ts";
import type { SpanView } from "./span-view.ts";

/** Turns marks off and on, and takes a choice back. Nothing where there is nothing to mark. */
export function SpanControls({ view }: { view: SpanView }) {
  const { spans, selection, isHidden, setHidden, clear } = view;
  if (spans.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2">
      <Button aria-pressed={isHidden} onClick={() => setHidden(!isHidden)}>
        {isHidden ? "Show the marks" : "Hide the marks"}
      </Button>
      {selection === undefined ? null : <Button onClick={clear}>Show all</Button>}
    </div>
  );
}

/** The rows that hold the chosen words, or any; none while marks are hidden. */
export function Documents({ view, answer, model }: { view: SpanView; answer: string; model: IndexedModel }) {
  if (view.isHidden) return null;
  return (
    <ul className="space-y-3">
      {shownDocuments(view.documents, view.selection).map((document) => (
        <li key={document.rowId}>
          <DocumentCard view={view} answer={answer} model={model} document={document} />
        </li>
      ))}
    </ul>
  );
}

/** One row with the runs of the answer that stand in it. */
function DocumentCard({
  view,
  answer,
  model,
  document: { rowId, spans },
}: {
  view: SpanView;
  answer: string;
  model: IndexedModel;
  document: SpanDocument;
}) {
  const isChosen = view.selection?.by === "row" && view.selection.rowId === rowId;
  return (
    <Card className={`text-sm ${isChosen ? "border-accent" : ""}`}>
      <ul className="space-y-1">
        {spans.map((span) => (
          <li key={span}>
            <SpanLine view={view} span={span} answer={answer} />
          </li>
        ))}
      </ul>
      <RowOfIndex model={model} rowId={rowId} />
      <Button
        kind="quiet"
        aria-pressed={isChosen}
        className="mt-1 -ml-3"
        onClick={() => view.choose({ by: "row", rowId })}
      >
        {isChosen ? "Its words are lit" : "Show its words"}
      </Button>
    </Card>
  );
}

function SpanLine({ view, span, answer }: { view: SpanView; span: number; answer: string }) {
  const { text, information } = view.spans[span]!;
  return (
    <p>
      <span className="mr-2 font-mono text-soft">{span + 1}</span>
      {text === undefined ? (
        "words"
      ) : (
        <q className="font-medium">{answer.slice(text.start, text.end).trim()}</q>
      )}
      <span className="text-soft">, {formatCount(information)} bits</span>
    </p>
  );
}

/** A row of a model's index with its text and whose it is. */
export function RowOfIndex({ model, rowId }: { model: IndexedModel; rowId: number }) {
  const protocol = useProtocol();
  const place = useQuery({
    queryKey: ["span-row", model.manifestHash, rowId],
    queryFn: async () => {
      const recordAt = await readIndexOf(protocol, model);
      const { contributionId, row } = recordAt(rowId);
      return { contributionId, row };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={place} what="the row" lines={1}>
      {(found) => <RowText {...found} rowId={rowId} />}
    </Loaded>
  );
}

function RowText({ contributionId, row, rowId }: { contributionId: bigint; row: number; rowId: number }) {
  const contribution = useQuery(contributionQuery(useProtocol(), contributionId));
  return (
    <Loaded query={contribution} what="the row" lines={1}>
      {(found) => <FoundRow found={found} row={row} rowId={rowId} />}
    </Loaded>
  );
}

function FoundRow({ found, row, rowId }: { found: ReadContribution; row: number; rowId: number }) {
  const text = rowOf(found, row);
  return (
    <div className="mt-1">
      {text === undefined ? (
        <p className="text-soft italic">This node does not hold the row's text.</p>
      ) : (
        <>
          {isProse(text) ? null : <p className="text-soft">{text.prompt}</p>}
          <p className="break-words">{text.completion}</p>
        </>
      )}
      <p className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-soft">
        <span className="inline-flex items-center gap-1">
          by <Hex hex={found.contributor} what="contributor" />
        </span>
        <span>
          {found.datanet}, contribution {found.contributionId.toString()}, row {row}
        </span>
        <Badge>{found.licence}</Badge>
        <span className="font-mono">row {rowId}</span>
      </p>
    </div>
  );
}
