/** Where one span stands in a text, in UTF-16 units; `end` is the first unit after it. */
export interface Stretch {
  start: number;
  end: number;
}

/** A piece of a text that the same spans hold from its first unit to its last. */
export interface Segment extends Stretch {
  text: string;
  /** Positions in the list of spans of those that hold it, ascending; none for words that stand nowhere. */
  spans: number[];
}

/**
 * Cuts a text at every end of a span: no span loses words to another that overlaps it, and the pieces together are the text.
 * @param stretches undefined where it is not known where a span stands; one outside the text, or without words, marks nothing.
 */
export function segmentsOf(text: string, stretches: readonly (Stretch | undefined)[]): Segment[] {
  const inside = stretches.map((stretch) =>
    stretch !== undefined && stretch.start >= 0 && stretch.start < stretch.end && stretch.end <= text.length
      ? stretch
      : undefined,
  );
  const ends = inside.flatMap((stretch) => (stretch === undefined ? [] : [stretch.start, stretch.end]));
  const cuts = [...new Set([0, ...ends, text.length])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i]!;
    const spans = inside.flatMap((stretch, span) =>
      stretch !== undefined && stretch.start <= start && end <= stretch.end ? [span] : [],
    );
    return { start, end, text: text.slice(start, end), spans };
  });
}
