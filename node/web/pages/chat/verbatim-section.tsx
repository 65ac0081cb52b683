import type { Receipt } from "../../../ai/receipt/receipt.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { Documents, SpanControls } from "../attribution/documents.tsx";
import type { Quoted, SpanView } from "../attribution/span-view.ts";
import { isPaidBySpans, Meeting, paidBy, quotedOf, summaryOf } from "../attribution/verbatim-layer.tsx";

const NO_SPANS: Quoted = { spans: [], documents: [] };

/** The spans that a receipt names, none where it names none. */
export function quotedIn({ verbatim }: Pick<Receipt, "verbatim">): Quoted {
  return verbatim === undefined ? NO_SPANS : quotedOf(verbatim);
}

/** An answer's spans with the rows that hold them, and how they and influence meet; the answer's own marks go by the same view. */
export function VerbatimSection({
  shown,
  view,
}: {
  shown: Pick<Receipt, "verbatim" | "answer" | "model">;
  view: SpanView;
}) {
  const { verbatim, answer, model } = shown;
  return (
    <Section
      title="Verbatim"
      note={`Where words of the answer stand in the training rows, letter for letter. ${paidBy(shown)}`}
    >
      {verbatim === undefined ? (
        <Card className="text-sm text-soft">The receipt names no spans.</Card>
      ) : (
        <div className="space-y-3">
          <p className="text-sm text-soft">{summaryOf(verbatim)}</p>
          <SpanControls view={view} />
          <Documents view={view} answer={answer} model={model} />
          <Meeting verbatim={verbatim} isPaid={isPaidBySpans(shown)} />
        </div>
      )}
    </Section>
  );
}
