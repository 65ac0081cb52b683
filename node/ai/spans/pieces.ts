/** The bytes of each token id, none where it has none. */
export interface Pieces {
  of(id: number): Uint8Array;
}

/** UTF-16 units of the text at each border between tokens. */
export interface TextBorders {
  /** Where a span that begins at token i begins: a character that was begun before i belongs to it too. */
  starts: Uint32Array;
  /** Where a span that ends before token i ends: a character that goes on in i belongs to it too. */
  ends: Uint32Array;
}

/**
 * Borders of `tokens` in the text that their bytes decode to (bytes that are no UTF-8 count as U+FFFD, as TextDecoder has it); both lists
 * are one longer than the tokens.
 */
export function textBorders(pieces: Pieces, tokens: Uint32Array): TextBorders {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const starts = new Uint32Array(tokens.length + 1);
  const ends = new Uint32Array(tokens.length + 1);
  let units = 0;
  // Bytes of a character that is not finished yet, and the borders inside it.
  let begun: number[] = [];
  let inside: number[] = [];
  const grow = (by: number, ofFirst: number) => {
    if (by === 0) return;
    for (const border of inside) ends[border] = units + ofFirst;
    inside = [];
    units += by;
  };
  for (let i = 0; i < tokens.length; i++) {
    for (const byte of pieces.of(tokens[i]!)) {
      const by = decoder.decode(Uint8Array.of(byte), { stream: true }).length;
      // Only four bytes that belong together make two units; else two are a U+FFFD for what was begun, and this byte.
      grow(by, begun.length === 3 && byte >= 0x80 ? by : 1);
      if (by === 0) begun.push(byte);
      else begun = isLead(byte) ? [byte] : [];
    }
    starts[i + 1] = units;
    ends[i + 1] = units;
    if (begun.length > 0) inside.push(i + 1);
  }
  grow(decoder.decode().length, 1);
  return { starts, ends };
}

/** Whether a byte begins a character of several bytes; right after a character was given out, it has begun one. */
function isLead(byte: number): boolean {
  return byte >= 0xc2 && byte <= 0xf4;
}
