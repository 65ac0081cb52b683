import { createContext, useState } from "react";
import type { Stretch } from "./span-segments.ts";
import { litSpans, type Selection, type SpanDocument, toggled } from "./span-selection.ts";

/** Words of an answer that stand in rows letter for letter. */
export interface QuotedSpan {
  /** In the answer, in UTF-16 units; undefined where the tokenizer does not say. */
  text: Stretch | undefined;
  /** Whole bits. */
  information: number;
}

/** An answer's spans with the rows that hold them. */
export interface Quoted {
  spans: readonly QuotedSpan[];
  documents: readonly SpanDocument[];
}

/** What is chosen and lit among an answer's spans, and what changes it. */
export interface SpanView extends Quoted {
  selection: Selection | undefined;
  isHidden: boolean;
  /** Numbers of the spans that are lit. */
  lit: ReadonlySet<number>;
  /** The same again takes it back. */
  choose(selection: Selection): void;
  clear(): void;
  setHidden(isHidden: boolean): void;
}

const NOTHING: ReadonlySet<number> = new Set();

/** Begins with nothing chosen. What another answer's component shows has a state of its own: give it a key. */
export function useSpanView({ spans, documents }: Quoted): SpanView {
  const [selection, setSelection] = useState<Selection>();
  const [isHidden, setHidden] = useState(false);
  return {
    ...{ spans, documents, selection, isHidden, setHidden },
    lit: isHidden ? NOTHING : litSpans(spans.length, documents, selection),
    choose: (next) => setSelection((before) => toggled(before, next)),
    clear: () => setSelection(undefined),
  };
}

/** For marks that stand deep in a text. */
export const SpanContext = createContext<SpanView | undefined>(undefined);
