import { NO_SPANS } from "../../../ai/attribution/score.ts";
import { fusedKey } from "../../../ai/fusion/rule.ts";
import type { Receipt } from "../../../ai/receipt/receipt.ts";
import { formatCount, formatShare } from "../../ui/format.ts";
import { Card, Cell, Section, Table } from "../../ui/layout.tsx";
import { Documents, SpanControls } from "./documents.tsx";
import { MarkedText } from "./marked-text.tsx";
import { documentsOf } from "./span-selection.ts";
import { type Quoted, useSpanView } from "./span-view.ts";

type Verbatim = NonNullable<Receipt["verbatim"]>;

/** Where the answer stands word for word, and how that and influence divide the contributors' part, or would where no claim has spans. */
export function VerbatimLayer({ receipt }: { receipt: Receipt }) {
  const { verbatim } = receipt;
  return (
    <Section
      title="Verbatim"
      note={`Where words of the answer stand in the training rows, letter for letter. ${paidBy(receipt)}`}
    >
      {verbatim === undefined ? (
        <Card className="text-sm text-soft">
          The receipt names no spans. The rows above are influence, not quotations.
        </Card>
      ) : (
        <div className="space-y-3">
          {/* Another receipt begins with nothing chosen. */}
          <Quotations
            key={`${receipt.request.requestId} ${receipt.claimHash}`}
            receipt={receipt}
            verbatim={verbatim}
          />
          <Meeting verbatim={verbatim} isPaid={isPaidBySpans(receipt)} />
        </div>
      )}
    </Section>
  );
}

/** A receipt's spans with the rows that hold them. */
export function quotedOf(verbatim: Verbatim): Quoted {
  return {
    spans: verbatim.spans.map(({ text, information }) => ({ text, information })),
    documents: documentsOf(verbatim),
  };
}

/** The model commits what its answers' spans are looked for in, so its claims go by both. */
export function isPaidBySpans({ model }: Pick<Receipt, "model">): boolean {
  return model.index.spans !== NO_SPANS;
}

export function paidBy(receipt: Pick<Receipt, "model">): string {
  if (isPaidBySpans(receipt)) return "Paid is influence among the rows that hold the words.";
  return "What is paid goes by influence alone: this model commits no spans.";
}

export function summaryOf({ spans, information, free }: Verbatim): string {
  if (spans.length === 0)
    return "No run of its words that says enough stands in a row: influence alone decides.";
  const runs = spans.length === 1 ? "One run of its words stands" : `${spans.length} runs of its words stand`;
  const rest = free === 0 ? "nothing is left to influence alone" : `${free} are left to influence alone`;
  return `${runs} in rows. Of the answer's ${formatCount(information)} bits ${rest}.`;
}

/** The answer's words and the rows that hold them: a click on either shows what belongs to it. */
function Quotations({ receipt, verbatim }: { receipt: Receipt; verbatim: Verbatim }) {
  const view = useSpanView(quotedOf(verbatim));
  return (
    <>
      <Card>
        <MarkedText text={receipt.answer} view={view} />
        <p className="mt-2 mb-3 text-sm text-soft">{summaryOf(verbatim)}</p>
        <SpanControls view={view} />
      </Card>
      <Documents view={view} answer={receipt.answer} model={receipt.model} />
    </>
  );
}

/** Both layers in one list, by the rule: spans choose, influence decides. */
export function Meeting({ verbatim, isPaid }: { verbatim: Verbatim; isPaid: boolean }) {
  const { rowIds, scores, gains, floor } = verbatim.list;
  const weights = scores.map((score, i) => {
    const key = fusedKey(score, gains[i] ?? 0);
    return key > floor ? key - floor : 0n;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (rowIds.length === 0) return null;
  return (
    <Card className="text-sm">
      <p>
        How both meet: spans choose among the rows, influence decides between them. By this rule the
        contributors' part {isPaid ? "is" : "would be"} divided so:
      </p>
      <div className="mt-3">
        <Table caption="Rows by spans and influence" head={["Row", "Spans", "Score", "Counts", "Part"]}>
          {rowIds.map((rowId, i) => (
            <tr key={rowId}>
              <Cell className="font-mono">{rowId}</Cell>
              <Cell>{heldText(verbatim, i)}</Cell>
              <Cell className="font-mono">{scores[i]?.toString()}</Cell>
              <Cell>{gains[i]} of 16</Cell>
              <Cell className="tabular-nums">{formatShare(weights[i] ?? 0n, total)}</Cell>
            </tr>
          ))}
        </Table>
      </div>
    </Card>
  );
}

function heldText({ rows, spans }: Verbatim, i: number): string {
  const held = rows[i]?.held ?? [];
  if (held.length === 0) return "none";
  return held
    .map(({ span, information }) => {
      const whole = spans[span]?.information;
      return information === whole ? `${span + 1}` : `${span + 1} (${information} of ${whole} bits)`;
    })
    .join(", ");
}
