import { type Segment, type Stretch, segmentsOf } from "../attribution/span-segments.ts";
import { alignUnits } from "./align.ts";

/** As much of HTML's syntax tree (hast) as marks need. */
export interface HastNode {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  children?: HastNode[];
  /** Where it stands in the Markdown, in UTF-16 units. */
  position?: { start: { offset?: number }; end: { offset?: number } };
}

/** Elements within elements: what is deeper is no answer that anybody reads, and browsers choke on it. */
export const MOST_DEEP = 64;

/**
 * A plugin of rehype that marks an answer's spans where its words stand in the tree: by places in the source, so that the same words
 * elsewhere stay as they are, and Markdown's own signs move nothing. Overlapping spans become pieces that the same spans hold.
 * Markup of HTML is text. @throws RangeError for a tree that is deeper than {@link MOST_DEEP}.
 */
export function rehypeSpans({ source, spans }: { source: string; spans: readonly (Stretch | undefined)[] }) {
  const segments = segmentsOf(source, spans);
  return (tree: HastNode) => markChildren(tree, { source, segments }, { depth: 0, isInLink: false });
}

interface Marking {
  source: string;
  segments: readonly Segment[];
}

interface Around {
  depth: number;
  isInLink: boolean;
}

function markChildren(parent: HastNode, marking: Marking, { depth, isInLink }: Around): void {
  if (depth > MOST_DEEP) throw new RangeError("too deep to be shown as Markdown");
  const around = { depth: depth + 1, isInLink: isInLink || parent.tagName === "a" };
  parent.children = parent.children?.flatMap((child) => {
    if (child.type === "text" || child.type === "raw") return markText(child, parent, marking, around);
    markChildren(child, marking, around);
    return [child];
  });
}

/** The text in pieces; as it is where no span or no place of it is known. */
function markText(node: HastNode, parent: HastNode, marking: Marking, around: Around): HastNode[] {
  const { value = "" } = node;
  const plain: HastNode = { ...node, type: "text" };
  const places = placesOf(node, parent, marking.source);
  if (places === undefined) return [plain];
  const pieces: HastNode[] = [];
  let first = 0;
  let segment = segmentAt(marking.segments, places[0]);
  for (let i = 1; i <= value.length; i++) {
    const next = i === value.length ? undefined : segmentAt(marking.segments, places[i]);
    if (i < value.length && next === segment) continue;
    pieces.push(pieceOf(value.slice(first, i), segment, around.isInLink));
    first = i;
    segment = next;
  }
  return pieces.length === 0 ? [plain] : pieces;
}

function pieceOf(value: string, segment: Segment | undefined, isInLink: boolean): HastNode {
  const text = { type: "text", value };
  if (segment === undefined || segment.spans.length === 0) return text;
  const properties = { dataSpans: segment.spans.join(" "), ...(isInLink && { dataPlain: "" }) };
  return { type: "element", tagName: "mark", properties, children: [text] };
}

function segmentAt(segments: readonly Segment[], place: number | undefined): Segment | undefined {
  if (place === undefined) return undefined;
  let [low, high] = [0, segments.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place < segments[middle]!.end) high = middle;
    else low = middle + 1;
  }
  return segments[low];
}

/** Where each unit of a text stands in the source. */
function placesOf(node: HastNode, parent: HastNode, source: string): Uint32Array | undefined {
  const isCode = parent.tagName === "code";
  // A block of code has its place, its text has none.
  const position = node.position ?? (isCode ? parent.position : undefined);
  const [from, to] = [position?.start.offset, position?.end.offset];
  if (from === undefined || to === undefined) return undefined;
  const start = isCode ? from + fenceLength(source.slice(from, to)) : from;
  return alignUnits(source, start, to, node.value ?? "", isCode || node.type === "raw");
}

/** What stands before the code itself: ticks within a line, or the fence's own line. */
function fenceLength(code: string): number {
  const fence = /^(?:`{3,}|~{3,})[^`\n]*\n/.exec(code) ?? /^`+/.exec(code);
  return fence?.[0].length ?? 0;
}
