import MarkdownIt, { type Token } from "markdown-it";
import footnotes from "markdown-it-footnote";
import { aiError } from "../errors.ts";
import { type Ignored, type Piece, paragraphsOfPieces, piecesOfHtml } from "./html.ts";
import { requireSize } from "./text.ts";

/** Largest Markdown file, in bytes: its parsed form takes some hundred times as much memory. */
export const MAX_MARKDOWN_BYTES = 4 * 1024 * 1024;
/** Quotes and lists in each other. */
const MAX_DEPTH = 100;

// CommonMark with GitHub's tables, strikethrough and footnotes. Link texts stay as they were written, whatever the target is.
const parser = new MarkdownIt({ html: true, maxNesting: MAX_DEPTH })
  .use(footnotes)
  .disable("footnote_inline");
parser.normalizeLinkText = (text) => text;
parser.validateLink = () => true;

/**
 * Paragraphs of Markdown (CommonMark 0.31 and GitHub's additions) as a reader sees them: prose, list items and quotes
 * without their markup. Headings, code and tables are counted; front matter, images and definitions are left out.
 * @throws CodedError `DOCUMENT_TOO_LARGE`, `DOCUMENT_TOO_DEEP`.
 */
export function paragraphsOfMarkdown(
  name: string,
  text: string,
): { paragraphs: string[]; ignored: Record<Ignored, number> } {
  requireSize(name, text.length, MAX_MARKDOWN_BYTES);
  const tokens = parser.parse(withoutFrontMatter(text), {});
  const pieces: Piece[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.level >= MAX_DEPTH - 1) throw tooDeep(name);
    pushBlock(pieces, token, tokens, at);
  }
  return paragraphsOfPieces(pieces);
}

function pushBlock(pieces: Piece[], token: Token, tokens: readonly Token[], at: number): void {
  switch (token.type) {
    case "inline":
      for (const piece of inlinePieces(token, tokens, at)) pieces.push(piece);
      return;
    case "html_block":
      for (const piece of htmlBlock(token.content)) pieces.push(piece);
      return;
    case "fence":
    case "code_block":
      pieces.push({ kind: "break" }, { kind: "ignored", what: "codeBlocks" });
      return;
    case "heading_open":
      pieces.push({ kind: "break" }, { kind: "ignored", what: "headings" }, hidden("open", token));
      return;
    case "table_open":
      pieces.push({ kind: "break" }, { kind: "ignored", what: "tables" }, hidden("open", token));
      return;
    case "heading_close":
    case "table_close":
      pieces.push(hidden("close", token), { kind: "break" });
      return;
    default:
      pieces.push({ kind: "break" });
  }
}

/** A name that no HTML element has: HTML inside a heading can't end it. */
function hidden(kind: "open" | "close", { tag }: Token): Piece {
  return { kind, element: `markdown ${tag}` };
}

/** HTML blocks are paragraphs of their own; what a block opens and nothing closes is hidden to the block's end. */
function htmlBlock(html: string): Piece[] {
  const pieces = piecesOfHtml(html);
  const raw = /^\s*<(script|style|textarea|pre)\b/i.exec(html)?.[1]?.toLowerCase();
  const isClosed = pieces.some((piece) => piece.kind === "close" && piece.element === raw);
  if (raw && !isClosed) pieces.push({ kind: "close", element: raw });
  return [{ kind: "break" }, ...pieces, { kind: "break" }];
}

function inlinePieces({ children }: Token, tokens: readonly Token[], at: number): Piece[] {
  const pieces: Piece[] = [];
  for (const child of children ?? []) {
    if (child.type === "text" || child.type === "code_inline")
      pieces.push({ kind: "text", text: child.content });
    else if (child.type === "softbreak" || child.type === "hardbreak")
      pieces.push({ kind: "text", text: "\n" });
    else if (child.type === "html_inline")
      for (const piece of piecesOfHtml(child.content)) pieces.push(piece);
  }
  const first = pieces[0];
  const parent = tokens[at - 2]?.type;
  if (first?.kind === "text" && parent === "list_item_open") {
    pieces[0] = { kind: "text", text: first.text.replace(/^\[[ xX]\]\s+/, "") };
  }
  const isAlert = first?.kind === "text" && /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]$/i.test(first.text);
  return isAlert && parent === "blockquote_open" ? pieces.slice(1) : pieces;
}

/** YAML between lines of dashes, or TOML between lines of plus signs, at the very beginning. */
function withoutFrontMatter(text: string): string {
  const yaml =
    /^---[ \t]*\n(?:[ \t]*(?:#.*)?\n)*["'\w][^\n:]*:(?:[ \t][^\n]*)?\n(?:[\s\S]*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|$)/;
  const toml = /^\+\+\+[ \t]*\n[\s\S]*?\n\+\+\+[ \t]*(?:\n|$)/;
  return text.replace(yaml, "").replace(toml, "");
}

function tooDeep(name: string) {
  return aiError("DOCUMENT_TOO_DEEP", {
    message: `${name} holds quotes or lists in more than ${MAX_DEPTH} levels`,
    fix: "write it flatter",
    facts: { name, limit: MAX_DEPTH },
  });
}
