import { splitSentences } from "./sentences.ts";

/** What a file of prose gave, and what of it no row was made of. */
export interface ProseParts {
  sentences: string[];
  /** Blocks left out because they state nothing in sentences. */
  ignored: { headings: number; codeBlocks: number; tables: number };
}

const BULLET = /^\s*(?:[-*+•]|\d{1,3}[.)])\s+/;

/** Sentences of plain text: blank lines and list items separate paragraphs. */
export function sentencesOfText(text: string): ProseParts {
  return { sentences: paragraphsOf(text).flatMap(splitSentences), ignored: noneIgnored() };
}

/** Sentences of Markdown: prose, list items and quotes without their markup; headings, code and tables are counted. */
export function sentencesOfMarkdown(text: string): ProseParts {
  const ignored = noneIgnored();
  const kept: string[] = [];
  let fence: string | undefined;
  let inTable = false;
  const lines = withoutFrontMatter(text.replace(/<!--[\s\S]*?-->/g, "")).split("\n");
  for (const [index, line] of lines.entries()) {
    const bare = line.replace(/^(?:\s*>)+\s?/, "");
    const mark = /^\s*(`{3,}|~{3,})/.exec(bare)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
      continue;
    }
    if (mark) {
      fence = mark;
      ignored.codeBlocks += 1;
      kept.push("");
      continue;
    }
    const isTable = /^\s*\|.*\|\s*$/.test(bare);
    if (isTable && !inTable) ignored.tables += 1;
    inTable = isTable;
    const isHeading = /^ {0,3}#{1,6}\s/.test(bare) || /^ {0,3}(=+|-+)\s*$/.test(lines[index + 1] ?? "");
    if (isHeading && bare.trim() !== "") ignored.headings += 1;
    const isRule = /^ {0,3}([-*_=])( *\1)*\s*$/.test(bare);
    kept.push(isTable || isHeading || isRule ? "" : bare);
  }
  const sentences = paragraphsOf(kept.join("\n")).map(withoutMarkup).flatMap(splitSentences);
  return { sentences, ignored };
}

function noneIgnored(): ProseParts["ignored"] {
  return { headings: 0, codeBlocks: 0, tables: 0 };
}

/** Blocks between blank lines, each list item a block of its own, lines of a block joined. */
function paragraphsOf(text: string): string[] {
  const paragraphs: string[] = [];
  let current = "";
  for (const line of text.split("\n")) {
    const isItem = BULLET.test(line);
    if (line.trim() === "" || isItem) {
      if (current !== "") paragraphs.push(current);
      current = isItem ? line.replace(BULLET, "") : "";
    } else current = current === "" ? line : `${current} ${line}`;
  }
  if (current !== "") paragraphs.push(current);
  return paragraphs;
}

function withoutFrontMatter(text: string): string {
  return text.replace(/^---\n[\s\S]*?\n---\n/, "");
}

/** Inline Markdown as the text that a reader sees. */
function withoutMarkup(text: string): string {
  return text
    .replace(/^\s*\[[ xX]\]\s+/, "")
    .replace(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/<(https?:[^>\s]+)>/g, "$1")
    .replace(/<\/?[a-zA-Z][^>]*>/g, "")
    .replace(/`([^`]*)`/g, "$1")
    .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, "$2")
    .replace(/(?<![\w*])[*_](?=\S)([^*_]+?)(?<=\S)[*_](?![\w*])/g, "$1")
    .replace(/\\([\\`*_{}[\]()#+\-.!>|~])/g, "$1");
}
