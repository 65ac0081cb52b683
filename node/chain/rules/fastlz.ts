const HASH_SLOTS = 8192;
const MAX_DISTANCE = 0x1fff;
const MAX_ENTRY = 0xffff_ffff;

/**
 * Where each hash was seen last, as position + `base`. Every run begins at a base above all entries of the runs before it,
 * so that those read as never seen and the table needs no clearing.
 */
const table = new Uint32Array(HASH_SLOTS);
let base = 0;

/** The base of a run over `length` bytes. */
function nextBase(length: number): number {
  if (base + 2 * length >= MAX_ENTRY) {
    table.fill(0);
    base = 0;
  }
  const own = base;
  base += length + 1;
  return own;
}

function u24(data: Uint8Array, i: number): number {
  return data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16);
}

function slot(value: number): number {
  return Math.imul(2654435769, value) >>> 19;
}

/** Bytes that a run of `count` literals takes. */
function literalBytes(count: number): number {
  const rest = count % 32;
  return 0x21 * Math.floor(count / 32) + (rest === 0 ? 0 : rest + 1);
}

/** Bytes that a match of `length` takes. */
function matchBytes(length: number): number {
  const l = length - 1;
  return 3 * Math.floor(l / 262) + (l % 262 >= 6 ? 3 : 2);
}

/** Length of the common run at `p` and `q`, counting the byte that ends it, as FastLZ does. */
function compare(data: Uint8Array, p: number, q: number, end: number): number {
  const limit = end - q;
  for (let l = 0; l < limit; l++) if (data[p + l] !== data[q + l]) return l + 1;
  return Math.max(limit, 0);
}

/** Length in bytes of `data` compressed by FastLZ level 1. Source: Solady `LibZip.flzCompress`, op-geth `FlzCompressLen`. */
export function fastLzLength(data: Uint8Array): number {
  const start = nextBase(data.length);
  const limit = data.length < 13 ? 0 : data.length - 13;
  const remember = (i: number) => {
    table[slot(u24(data, i))] = start + i;
    return i + 1;
  };
  let size = 0;
  let anchor = 0;
  for (let ip = 2; ip < limit; ) {
    let match = 0;
    for (;;) {
      const sequence = u24(data, ip);
      const index = slot(sequence);
      match = Math.max(0, table[index]! - start);
      table[index] = start + ip;
      const distance = ip - match;
      if (ip >= limit) break;
      ip++;
      if (distance <= MAX_DISTANCE && sequence === u24(data, match)) break;
    }
    if (ip >= limit) break;
    ip--;
    if (ip > anchor) size += literalBytes(ip - anchor);
    const length = compare(data, match + 3, ip + 3, limit + 9);
    size += matchBytes(length);
    ip = remember(remember(ip + length));
    anchor = ip;
  }
  return size + literalBytes(data.length - anchor);
}
