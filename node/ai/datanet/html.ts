import { Tokenizer } from "htmlparser2";

/** Parts of a document that no row is made of. */
export type Ignored = "headings" | "codeBlocks" | "tables";

/** What a document is made of for its reader, in its order. */
export type Piece =
  | { kind: "text"; text: string }
  /** Ends a paragraph. */
  | { kind: "break" }
  | { kind: "ignored"; what: Ignored }
  /** Begins or ends what a reader does not see, or what no row is made of. */
  | { kind: "open" | "close"; element: string };

/** Elements that end the paragraph around them. */
const BLOCKS = new Set(
  "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul".split(
    " ",
  ),
);

/** Elements whose content is left out. Ruby's readings repeat the words that they stand over. */
const HIDDEN = new Set(
  "audio canvas head iframe math noembed noframes noscript object rp rt script select style svg template textarea title video".split(
    " ",
  ),
);

const COUNTED: Readonly<Record<string, Ignored>> = {
  ...Object.fromEntries(["h1", "h2", "h3", "h4", "h5", "h6"].map((name) => [name, "headings"] as const)),
  pre: "codeBlocks",
  table: "tables",
};

/** HTML of a Markdown document, block or inline, as pieces. Elements may begin in one piece of HTML and end in another. */
export function piecesOfHtml(html: string): Piece[] {
  const pieces: Piece[] = [];
  const slice = (start: number, end: number) => html.slice(start, end);
  const nothing = () => undefined;
  const tokenizer = new Tokenizer(
    { xmlMode: false, decodeEntities: true },
    {
      ontext: (start, end) => pieces.push({ kind: "text", text: slice(start, end) }),
      ontextentity: (codePoint) => pieces.push({ kind: "text", text: String.fromCodePoint(codePoint) }),
      onopentagname: (start, end) => begin(pieces, slice(start, end).toLowerCase()),
      onclosetag: (start, end) => finish(pieces, slice(start, end).toLowerCase()),
      onattribdata: nothing,
      onattribentity: nothing,
      onattribend: nothing,
      onattribname: nothing,
      oncdata: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onend: nothing,
      onopentagend: nothing,
      onprocessinginstruction: nothing,
      onselfclosingtag: nothing,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return pieces;
}

function begin(pieces: Piece[], element: string): void {
  if (BLOCKS.has(element)) pieces.push({ kind: "break" });
  if (element === "br") pieces.push({ kind: "text", text: "\n" });
  const counted = COUNTED[element];
  if (counted) pieces.push({ kind: "ignored", what: counted });
  if (counted || HIDDEN.has(element)) pieces.push({ kind: "open", element });
}

function finish(pieces: Piece[], element: string): void {
  if (COUNTED[element] || HIDDEN.has(element)) pieces.push({ kind: "close", element });
  if (BLOCKS.has(element)) pieces.push({ kind: "break" });
}

/**
 * Paragraphs of the pieces that a reader sees, and how often something was left out. An element that is never closed hides
 * nothing: one stray tag must not swallow the rest of a document.
 */
export function paragraphsOfPieces(pieces: readonly Piece[]): {
  paragraphs: string[];
  ignored: Record<Ignored, number>;
} {
  const ignored: Record<Ignored, number> = { headings: 0, codeBlocks: 0, tables: 0 };
  const paragraphs: string[] = [];
  const ends = endsOfHidden(pieces);
  let current: string[] = [];
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at]!;
    if (piece.kind === "text") current.push(piece.text);
    else if (piece.kind === "ignored") ignored[piece.what] += 1;
    else if (piece.kind === "open") at = ends.get(at) ?? at;
    else if (piece.kind === "break" && current.length > 0) {
      paragraphs.push(current.join(""));
      current = [];
    }
  }
  if (current.length > 0) paragraphs.push(current.join(""));
  return { paragraphs, ignored };
}

/** Place of the closing piece for each opening one that has one. Elements of one name may lie in each other. */
function endsOfHidden(pieces: readonly Piece[]): Map<number, number> {
  const ends = new Map<number, number>();
  const open = new Map<string, number[]>();
  for (const [at, piece] of pieces.entries()) {
    if (piece.kind === "open") {
      const same = open.get(piece.element);
      if (same) same.push(at);
      else open.set(piece.element, [at]);
    }
    if (piece.kind !== "close") continue;
    const start = open.get(piece.element)?.pop();
    if (start !== undefined) ends.set(start, at);
  }
  return ends;
}
