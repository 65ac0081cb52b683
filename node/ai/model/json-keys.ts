/**
 * The first key that stands twice in one object of a JSON text, or undefined. `JSON.parse` keeps the last of them, other
 * readers the first: which one counts would depend on the reader.
 * @param text valid JSON: call this after `JSON.parse` took it. Takes time proportional to its length, at any depth.
 */
export function repeatedKey(text: string): string | undefined {
  // One set a level; undefined for the level of an array.
  const levels: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{") levels.push(new Set());
    else if (char === "[") levels.push(undefined);
    else if (char === "}" || char === "]") levels.pop();
    else if (char === '"') {
      const end = endOfString(text, at);
      const keys = levels.at(-1);
      if (keys && nextChar(text, end) === ":") {
        const plain = text.slice(at + 1, end - 1);
        const key = plain.includes("\\") ? (JSON.parse(`"${plain}"`) as string) : plain;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** The place after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function nextChar(text: string, from: number): string | undefined {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return text[at];
}
