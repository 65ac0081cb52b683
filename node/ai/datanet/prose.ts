import type { Ignored } from "./html.ts";
import { paragraphsOfMarkdown } from "./markdown.ts";
import { splitSentences } from "./sentences.ts";

/** What a file of prose gave, and what of it no row was made of. */
export interface ProseParts {
  sentences: string[];
  /** Blocks left out because they state nothing in sentences. */
  ignored: Record<Ignored, number>;
}

const BULLET = /^\s*(?:[-*+•‣▪]|\d{1,3}[.)])\s+/;

/** Sentences of plain text: blank lines and list items separate paragraphs. */
export function sentencesOfText(text: string): ProseParts {
  return {
    sentences: paragraphsOfText(text).flatMap(splitSentences),
    ignored: { headings: 0, codeBlocks: 0, tables: 0 },
  };
}

/**
 * Sentences of Markdown; see {@link paragraphsOfMarkdown} for what is left out.
 * @throws CodedError `DOCUMENT_TOO_LARGE`, `DOCUMENT_TOO_DEEP`.
 */
export function sentencesOfMarkdown(name: string, text: string): ProseParts {
  const { paragraphs, ignored } = paragraphsOfMarkdown(name, text);
  return { sentences: paragraphs.flatMap(splitSentences), ignored };
}

/** Blocks between blank lines, each list item a block of its own. */
function paragraphsOfText(text: string): string[] {
  const paragraphs: string[] = [];
  let current: string[] = [];
  for (const line of text.split("\n")) {
    const isItem = BULLET.test(line);
    if ((line.trim() === "" || isItem) && current.length > 0) {
      paragraphs.push(current.join("\n"));
      current = [];
    }
    if (line.trim() !== "") current.push(isItem ? line.replace(BULLET, "") : line);
  }
  if (current.length > 0) paragraphs.push(current.join("\n"));
  return paragraphs;
}
