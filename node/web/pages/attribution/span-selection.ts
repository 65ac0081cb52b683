import type { Receipt } from "../../../ai/receipt/receipt.ts";

type Verbatim = NonNullable<Receipt["verbatim"]>;

/** A row in which words of the answer stand, with the positions of their spans. */
export interface SpanDocument {
  rowId: number;
  spans: readonly number[];
}

/** What somebody clicked: words of the answer, or a row. */
export type Selection = { by: "span"; spans: readonly number[] } | { by: "row"; rowId: number };

/** The rows that hold a span, in the list's order; then those that only a span names as its first. */
export function documentsOf({ spans, rows }: Pick<Verbatim, "spans" | "rows">): SpanDocument[] {
  const found = new Map<number, Set<number>>();
  const add = (rowId: number, span: number) => found.set(rowId, (found.get(rowId) ?? new Set()).add(span));
  for (const { rowId, held } of rows) for (const { span } of held) if (span < spans.length) add(rowId, span);
  for (const [span, { rowId }] of spans.entries()) add(rowId, span);
  return [...found].map(([rowId, held]) => ({ rowId, spans: [...held].sort((a, b) => a - b) }));
}

/** The rows that are shown: of chosen words those that hold one of them. */
export function shownDocuments(
  documents: readonly SpanDocument[],
  selection: Selection | undefined,
): readonly SpanDocument[] {
  if (selection?.by !== "span") return documents;
  return documents.filter(({ spans }) => spans.some((span) => selection.spans.includes(span)));
}

/** The spans that are lit: the chosen ones, those of the chosen row, or all. */
export function litSpans(
  count: number,
  documents: readonly SpanDocument[],
  selection: Selection | undefined,
): ReadonlySet<number> {
  if (selection === undefined) return new Set(Array.from({ length: count }, (_, i) => i));
  if (selection.by === "span") return new Set(selection.spans);
  return new Set(documents.find(({ rowId }) => rowId === selection.rowId)?.spans);
}

/** The selection after a click: the same again takes it back. */
export function toggled(before: Selection | undefined, next: Selection): Selection | undefined {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(next) ? undefined : next;
}
