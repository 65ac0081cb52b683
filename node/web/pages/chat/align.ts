/** A character reference of HTML, as Markdown knows them. */
const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));/y;
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
};

/**
 * For each UTF-16 unit of what Markdown shows, the unit of the source that it was written as: what the source has more is escapes,
 * indentation and quote marks.
 * @param from and `to`: where it stands in the source, `to` exclusive.
 * @param isCode nothing in it is an escape or a reference.
 * @returns undefined where it can't be told for all of it.
 */
export function alignUnits(
  source: string,
  from: number,
  to: number,
  shown: string,
  isCode: boolean,
): Uint32Array | undefined {
  const places = new Uint32Array(shown.length);
  let at = from;
  let isEscaped = false;
  for (let i = 0; i < shown.length; ) {
    // A block of code is shown with a line's end more than it may have.
    if (at >= to && isCode && i === shown.length - 1 && shown[i] === "\n") {
      places[i++] = to;
      continue;
    }
    if (at >= to) return undefined;
    const reference = isCode || isEscaped ? undefined : referenceAt(source, at, shown, i);
    if (reference !== undefined) {
      places.fill(at, i, i + reference.units);
      i += reference.units;
      at += reference.length;
    } else if (isSame(source[at]!, shown[i]!)) {
      places[i++] = at++;
      isEscaped = false;
    } else if (isLeftOut(source[at]!, isCode)) isEscaped = source[at++] === "\\";
    else return undefined;
  }
  return places;
}

/** A reference there: its length, and how many units are shown for it. */
function referenceAt(source: string, at: number, shown: string, i: number) {
  if (source[at] !== "&") return undefined;
  REFERENCE.lastIndex = at;
  const match = REFERENCE.exec(source);
  if (match === null) return undefined;
  const [{ length }, decimal, hexadecimal, name] = match;
  const code = decimal === undefined ? hexadecimal && Number.parseInt(hexadecimal, 16) : Number(decimal);
  const known = name === undefined ? characterOf(Number(code)) : NAMED[name];
  if (known !== undefined) return shown.startsWith(known, i) ? { length, units: known.length } : undefined;
  // A name that is not in the list stands for one character; one that is no name stands for itself.
  return shown[i] === "&" ? undefined : { length, units: String.fromCodePoint(shown.codePointAt(i)!).length };
}

function characterOf(code: number): string {
  return code === 0 || code > 0x10_ffff ? "\ufffd" : String.fromCodePoint(code);
}

function isSame(written: string, shown: string): boolean {
  if (written === shown) return true;
  if (written === "\0") return shown === "\ufffd";
  // A line's end within words of code is shown as a space.
  return shown === " " && (written === "\n" || written === "\r");
}

function isLeftOut(written: string, isCode: boolean): boolean {
  return /[ \t\r\n>]/.test(written) || (written === "\\" && !isCode);
}
