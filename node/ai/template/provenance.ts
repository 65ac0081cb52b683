import { unlessTemporary } from "../../base/errors.ts";

/** A template's text, and which of its characters came out of the conversation. */
export interface TracedText {
  text: string;
  /** True if any character of text[start, end) came from the conversation; known for special tokens. */
  isFromContent(start: number, end: number): boolean;
}

/** The five roles that conversations have: they may be part of a turn's own token. */
const ROLES = new Set(["system", "developer", "user", "assistant", "tool"]);
/** Kinds of parts and tools, which templates compare. */
const TYPES = new Set(["text", "function"]);
/** Characters that templates look at or change: masked, they would change the text. */
const KEPT = /[\s"\\]/;
/** Where stand-ins are taken from: a block of private characters of which the texts hold none. */
const PRIVATE_START = 0xe000;
const PRIVATE_END = 0xf8ff;

/**
 * Finds out which special tokens of a rendered text a stranger wrote. The conversation is rendered again with stand-ins for
 * the characters of special tokens: where the text is otherwise the same, a token that holds a stand-in is the
 * stranger's, whatever the template joined, cut or replaced. All characters of the tokens are tried first; where the
 * template looks at one of them and so takes another way, the first, second, third or last character of each alone.
 * @returns undefined where the template takes another way each time. @throws CodedError of `render` that may not come again.
 */
export async function traceContent(
  text: string,
  tokens: readonly string[],
  content: Readonly<Record<string, unknown>>,
  render: (content: Readonly<Record<string, unknown>>) => Promise<string>,
): Promise<TracedText | undefined> {
  const inText = tokens.filter((token) => text.includes(token));
  if (inText.length === 0) return { text, isFromContent: () => false };
  const written = JSON.stringify(content);
  for (const characters of alphabets(inText)) {
    const standIns = standInsFor(characters, text + written);
    if (standIns === undefined) continue;
    const masked = maskStrings(content, "", standIns) as Readonly<Record<string, unknown>>;
    if (JSON.stringify(masked) === written) return { text, isFromContent: () => false };
    const traced = await render(masked).catch(unlessTemporary);
    if (traced === undefined || unmask(traced, standIns) !== text) continue;
    const used = new Set(standIns.values());
    return {
      text,
      isFromContent: (start, end) => [...traced.slice(start, end)].some((char) => used.has(char)),
    };
  }
  return undefined;
}

function alphabets(tokens: readonly string[]): string[][] {
  const at = (place: number) => tokens.map((token) => token[Math.min(place, token.length - 1)]!);
  const sets = [tokens.join("").split(""), at(0), at(1), at(2), at(Number.MAX_SAFE_INTEGER)];
  // A character outside the basic plane has two units; stand-ins have one.
  return sets.map((set) =>
    [...new Set(set)].filter((char) => !KEPT.test(char) && !/\p{Surrogate}/u.test(char)),
  );
}

function standInsFor(characters: readonly string[], texts: string): Map<string, string> | undefined {
  const size = characters.length;
  for (let start = PRIVATE_START; start + size <= PRIVATE_END; start += size) {
    const block = characters.map((_, index) => String.fromCharCode(start + index));
    if (!block.some((char) => texts.includes(char))) return new Map(characters.map((c, i) => [c, block[i]!]));
  }
  return undefined;
}

function maskStrings(value: unknown, key: string, standIns: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") {
    if (key === "role" && ROLES.has(value)) return value;
    if (key === "type" && TYPES.has(value)) return value;
    return value.replace(/./gsu, (char) => standIns.get(char) ?? char);
  }
  if (Array.isArray(value)) return value.map((item) => maskStrings(item, key, standIns));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, maskStrings(item, name, standIns)]),
  );
}

function unmask(text: string, standIns: ReadonlyMap<string, string>): string {
  const originals = new Map([...standIns].map(([original, standIn]) => [standIn, original]));
  return text.replace(/./gsu, (char) => originals.get(char) ?? char);
}
