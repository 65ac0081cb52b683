import { constants, inflateSync } from "node:zlib";

/** DEFLATE's own numbers, RFC 1951. */
const MAX_CODE_BITS = 15;
const LITERALS = 286;
const DISTANCES = 30;
const FIXED_LITERALS = 288;
const END_OF_BLOCK = 256;
const LONGEST = 285;
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const FIRST_CAPACITY = 65_536;

/** The stream is corrupt or cut off here; what came out before it counts. */
class Corrupt extends Error {}

/** A canonical prefix code: how many codes each length has, and their symbols in order. */
interface Code {
  counts: Uint16Array;
  symbols: Uint16Array;
}

/** As Go's `huffmanDecoder.init`: a code must be complete, empty, or a single code of one bit. */
function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(MAX_CODE_BITS + 1);
  for (const length of lengths) counts[length]!++;
  const used = lengths.length - counts[0]!;
  counts[0] = 0;
  let left = 1;
  let longest = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    left = left * 2 - counts[bits]!;
    if (left < 0) throw new Corrupt();
    if (counts[bits]! > 0) longest = bits;
  }
  if (used > 0 && left > 0 && !(used === 1 && longest === 1)) throw new Corrupt();
  const offsets = new Uint16Array(MAX_CODE_BITS + 2);
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) offsets[bits + 1] = offsets[bits]! + counts[bits]!;
  const symbols = new Uint16Array(used);
  lengths.forEach((length, symbol) => {
    if (length > 0) symbols[offsets[length]!++] = symbol;
  });
  return { counts, symbols };
}

function fixedCodes(): [Code, Code] {
  const lengths = new Uint8Array(FIXED_LITERALS).fill(8);
  lengths.fill(9, 144, 256).fill(7, 256, 280);
  return [codeOf(lengths), codeOf(new Uint8Array(32).fill(5))];
}

/** One DEFLATE stream, up to its end, its first error or `limit` bytes of output. Mirrors Go's compress/flate. */
class Inflater {
  private readonly input: Uint8Array;
  private readonly limit: number;
  private at: number;
  private bitBuffer = 0;
  private bitCount = 0;
  private output: Uint8Array;
  private length = 0;

  constructor(input: Uint8Array, at: number, limit: number) {
    this.input = input;
    this.at = at;
    this.limit = limit;
    this.output = new Uint8Array(Math.min(limit, FIRST_CAPACITY));
  }

  run(): Uint8Array {
    try {
      for (let last = 0; last === 0 && this.length < this.limit; ) {
        last = this.bits(1);
        this.block(this.bits(2));
      }
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
    }
    return this.output.subarray(0, this.length);
  }

  private block(type: number): void {
    if (type === 3) throw new Corrupt();
    if (type === 0) {
      this.stored();
      return;
    }
    const [literals, distances] = type === 1 ? fixedCodes() : this.dynamicCodes();
    while (this.length < this.limit) {
      const symbol = this.symbol(literals);
      if (symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) this.put(symbol);
      else this.copy(this.copyLength(symbol), this.copyDistance(distances));
    }
  }

  private stored(): void {
    this.bitCount = 0;
    this.bitBuffer = 0;
    const size = this.byte() | (this.byte() << 8);
    const complement = this.byte() | (this.byte() << 8);
    if (size !== (~complement & 0xffff)) throw new Corrupt();
    const count = Math.min(size, this.input.length - this.at, this.limit - this.length);
    this.grow(count);
    this.output.set(this.input.subarray(this.at, this.at + count), this.length);
    this.at += count;
    this.length += count;
    if (count < size) throw new Corrupt();
  }

  private dynamicCodes(): [Code, Code] {
    const literals = this.bits(5) + 257;
    if (literals > LITERALS) throw new Corrupt();
    const distances = this.bits(5) + 1;
    if (distances > DISTANCES) throw new Corrupt();
    const count = this.bits(4) + 4;
    const lengthLengths = new Uint8Array(LENGTH_ORDER.length);
    for (let i = 0; i < count; i++) lengthLengths[LENGTH_ORDER[i]!] = this.bits(3);
    const lengths = this.codeLengths(codeOf(lengthLengths), literals + distances);
    return [codeOf(lengths.subarray(0, literals)), codeOf(lengths.subarray(literals))];
  }

  private codeLengths(code: Code, count: number): Uint8Array {
    const lengths = new Uint8Array(count);
    for (let i = 0; i < count; ) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw new Corrupt();
      const value = symbol === 16 ? lengths[i - 1]! : 0;
      const repeat = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (i + repeat > count) throw new Corrupt();
      lengths.fill(value, i, i + repeat);
      i += repeat;
    }
    return lengths;
  }

  private copyLength(symbol: number): number {
    if (symbol < 265) return symbol - 254;
    if (symbol === LONGEST) return 258;
    if (symbol > LONGEST) throw new Corrupt();
    const extra = (symbol - 261) >> 2;
    return 3 + ((4 + ((symbol - 265) & 3)) << extra) + this.bits(extra);
  }

  private copyDistance(code: Code): number {
    const symbol = this.symbol(code);
    if (symbol < 4) return symbol + 1;
    if (symbol >= DISTANCES) throw new Corrupt();
    const extra = (symbol - 2) >> 1;
    return 1 + ((2 + (symbol & 1)) << extra) + this.bits(extra);
  }

  private copy(count: number, distance: number): void {
    if (distance > this.length) throw new Corrupt();
    const end = Math.min(this.limit, this.length + count);
    this.grow(end - this.length);
    const { output } = this;
    for (; this.length < end; this.length++) output[this.length] = output[this.length - distance]!;
  }

  private put(byte: number): void {
    this.grow(1);
    this.output[this.length++] = byte;
  }

  private grow(by: number): void {
    if (this.length + by <= this.output.length) return;
    const larger = new Uint8Array(Math.min(this.limit, Math.max(this.length + by, 2 * this.output.length)));
    larger.set(this.output.subarray(0, this.length));
    this.output = larger;
  }

  private symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
      code |= this.bits(1);
      const count = counts[bits]!;
      if (code - first < count) return symbols[index + code - first]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new Corrupt();
  }

  private bits(count: number): number {
    while (this.bitCount < count) {
      this.bitBuffer |= this.byte() << this.bitCount;
      this.bitCount += 8;
    }
    const value = this.bitBuffer & ((1 << count) - 1);
    this.bitBuffer >>>= count;
    this.bitCount -= count;
    return value;
  }

  private byte(): number {
    const byte = this.input[this.at];
    if (byte === undefined) throw new Corrupt();
    this.at++;
    return byte;
  }
}

/** Where the DEFLATE data begin; undefined for what Go's zlib refuses: a preset dictionary counts as none, whose sum is 1. */
function zlibStart(input: Uint8Array): number | undefined {
  const [method, flags] = input;
  if (method === undefined || flags === undefined) return undefined;
  if ((method & 0x0f) !== 8 || method >> 4 > 7 || (method * 256 + flags) % 31 !== 0) return undefined;
  if ((flags & 0x20) === 0) return 2;
  const isNone = input[2] === 0 && input[3] === 0 && input[4] === 0 && input[5] === 1;
  return isNone ? 6 : undefined;
}

/**
 * Decompresses as far as op-node does: all output before an error, a wrong checksum or the end counts, at most `limit`
 * bytes. Bytes after the stream's end are ignored. Undefined when the stream's header is wrong.
 */
export function decompressZlib(input: Uint8Array, limit: number): Uint8Array | undefined {
  const start = zlibStart(input);
  if (start === undefined) return undefined;
  try {
    const output = inflateSync(input, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: limit });
    return new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
  } catch {
    // Node keeps back what came out before an error; this one is slower and does not.
    return new Inflater(input, start, limit).run();
  }
}
