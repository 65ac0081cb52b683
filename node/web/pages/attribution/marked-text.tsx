import { Mark } from "./mark.tsx";
import { segmentsOf } from "./span-segments.ts";
import type { SpanView } from "./span-view.ts";

/** A text as it is, with its spans marked as far as it is known where they stand. */
export function MarkedText({ text, view }: { text: string; view: SpanView }) {
  const segments = segmentsOf(
    text,
    view.spans.map((span) => span.text),
  );
  return (
    <p className="break-words whitespace-pre-wrap">
      {segments.map(({ start, text: words, spans }) =>
        spans.length === 0 ? (
          words
        ) : (
          <Mark key={start} view={view} spans={spans}>
            {words}
          </Mark>
        ),
      )}
    </p>
  );
}
