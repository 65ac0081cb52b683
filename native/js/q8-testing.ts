// The arithmetic q8 worked out by its text in native/spec.md: whole numbers, and fused multiply-adds that are rounded by hand.
import type { WeightFormat } from "./types.ts";

interface Block {
  /** Sum over its values of q x; for K formats with the groups' scales. */
  main(x: Int8Array): number;
  d: number;
  /** What the chain adds after it: m times a whole number. */
  minimum?: { m: number; of(x: Int8Array): number };
}

interface Format {
  values: number;
  bytes: number;
  read(block: DataView): Block;
}

function half(view: DataView, at: number): number {
  const bits = view.getUint16(at, true);
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

const sum = (x: Int8Array, of: (i: number) => number = () => 1) =>
  x.reduce((total, value, i) => total + value * of(i), 0);

function small(first: number, zero: number, five: boolean): Format["read"] {
  return (view) => {
    const quants = first + (five ? 4 : 0);
    const at = (i: number) => {
      const byte = view.getUint8(quants + (i % 16));
      const low = i < 16 ? byte & 15 : byte >> 4;
      return low + (five ? ((view.getUint32(first, true) >>> i) & 1) * 16 : 0) - zero;
    };
    const minimum = first === 4 ? { m: half(view, 2), of: (x: Int8Array) => sum(x) } : undefined;
    return { d: half(view, 0), main: (x) => sum(x, at), minimum };
  };
}

function k(five: boolean): Format["read"] {
  return (view) => {
    const b = (i: number) => view.getUint8(4 + i);
    const scale = (g: number) => (g < 4 ? b(g) & 63 : (b(g + 4) & 15) | ((b(g - 4) >> 6) << 4));
    const least = (g: number) => (g < 4 ? b(g + 4) & 63 : (b(g + 4) >> 4) | ((b(g) >> 6) << 4));
    const at = (i: number) => {
      const g = i >> 5;
      const byte = view.getUint8((five ? 48 : 16) + 32 * (g >> 1) + (i % 32));
      const fifth = five ? ((view.getUint8(16 + (i % 32)) >> g) & 1) * 16 : 0;
      return (g % 2 === 0 ? byte & 15 : byte >> 4) + fifth;
    };
    return {
      d: half(view, 0),
      main: (x) => sum(x, (i) => scale(i >> 5) * at(i)),
      minimum: { m: half(view, 2), of: (x) => -sum(x, (i) => least(i >> 5)) },
    };
  };
}

function q6(view: DataView): Block {
  const at = (i: number) => {
    const [h, group, l] = [i >> 7, (i >> 5) & 3, i & 31];
    const byte = view.getUint8(64 * h + 32 * (group % 2) + l);
    const top = (view.getUint8(128 + 32 * h + l) >> (2 * group)) & 3;
    return ((group < 2 ? byte & 15 : byte >> 4) | (top << 4)) - 32;
  };
  return { d: half(view, 208), main: (x) => sum(x, (i) => view.getInt8(192 + (i >> 4)) * at(i)) };
}

export const FORMATS: Partial<Record<WeightFormat, Format>> = {
  Q8_0: {
    ...{ values: 32, bytes: 34 },
    read: (view) => ({ d: half(view, 0), main: (x) => sum(x, (i) => view.getInt8(2 + i)) }),
  },
  Q4_0: { values: 32, bytes: 18, read: small(2, 8, false) },
  Q4_1: { values: 32, bytes: 20, read: small(4, 0, false) },
  Q5_0: { values: 32, bytes: 22, read: small(2, 16, true) },
  Q5_1: { values: 32, bytes: 24, read: small(4, 0, true) },
  Q4_K: { values: 256, bytes: 144, read: k(false) },
  Q5_K: { values: 256, bytes: 176, read: k(true) },
  Q6_K: { values: 256, bytes: 210, read: q6 },
};
export const NAMES = Object.keys(FORMATS) as WeightFormat[];

const bits = new DataView(new ArrayBuffer(8));

/** Round to nearest even. */
function nearest(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** The activations of one block: whole numbers and the exponent of their scale. */
function rounded(x: Float32Array): { values: Int8Array; scale: number } {
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!Number.isFinite(largest) || x.some(Number.isNaN))
    return { values: new Int8Array(x.length), scale: NaN };
  let e = -149;
  while (largest * 2 ** -e > 127) e++;
  return { values: Int8Array.from(x, (value) => nearest(value * 2 ** -e)), scale: 2 ** e };
}

/** a * b + c of floats, rounded once: exact in fractions of 2^-600, whose numerator is rounded to 24 bits. */
function fused(a: number, b: number, c: number): number {
  if (![a, b, c].every(Number.isFinite)) return Math.fround(a * b + c);
  const exact = toFixed(a) * toFixed(b) + (toFixed(c) << 300n);
  return fromFixed(exact, a * b + c);
}

/** x times 2^300: every float is a multiple of 2^-149. */
function toFixed(x: number): bigint {
  bits.setFloat64(0, x);
  const high = bits.getBigUint64(0);
  const exponent = Number((high >> 52n) & 2047n);
  if (exponent === 0) return 0n;
  const size = ((high & 0xfffffffffffffn) | (1n << 52n)) << BigInt(exponent - 1075 + 300);
  return x < 0 ? -size : size;
}

function fromFixed(exact: bigint, inDoubles: number): number {
  if (exact === 0n) return inDoubles;
  const size = exact < 0n ? -exact : exact;
  const length = size.toString(2).length;
  // The last place of a float of this size, and never below 2^-149.
  const drop = Math.max(length - 24, 600 - 149);
  const shift = BigInt(drop);
  let mantissa = size >> shift;
  const rest = size & ((1n << shift) - 1n);
  const middle = 1n << (shift - 1n);
  if (rest > middle || (rest === middle && (mantissa & 1n) === 1n)) mantissa += 1n;
  const value = Number(mantissa) * 2 ** (drop - 600);
  return exact < 0n ? -Math.fround(value) : Math.fround(value);
}

/** y[t, o] by the text of the spec. */
export function byTheSpec(
  { read, values, bytes }: Format,
  weight: Uint8Array,
  [rows, cols]: [number, number],
  x: Float32Array,
): Float32Array {
  const tokens = x.length / cols;
  const [blocks, stride] = [cols / values, (cols / values) * bytes];
  const out = new Float32Array(tokens * rows);
  for (let t = 0; t < tokens; t++) {
    const parts = Array.from({ length: blocks }, (_, b) =>
      rounded(x.subarray(t * cols + b * values, t * cols + (b + 1) * values)),
    );
    for (let o = 0; o < rows; o++) {
      let chain = 0;
      for (let b = 0; b < blocks; b++) {
        const { d, main, minimum } = read(
          new DataView(weight.buffer, weight.byteOffset + o * stride + b * bytes, bytes),
        );
        const part = parts[b]!;
        chain = fused(Math.fround(d * part.scale), Math.fround(main(part.values)), chain);
        if (minimum)
          chain = fused(Math.fround(minimum.m * part.scale), Math.fround(minimum.of(part.values)), chain);
      }
      out[t * rows + o] = chain;
    }
  }
  return out;
}

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

export const HALVES: Partial<Record<WeightFormat, readonly number[]>> = {
  Q4_1: [0, 2],
  Q5_1: [0, 2],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
};

/** Any bytes, with halves that are finite: of every size, subnormal, zero, negative. */
export function blocksOf(name: WeightFormat, count: number, seed: number, widest = 30): Uint8Array {
  const next = generator(seed);
  const { bytes } = FORMATS[name]!;
  const out = Uint8Array.from({ length: count * bytes }, () => next() & 255);
  const view = new DataView(out.buffer);
  for (let b = 0; b < count; b++)
    for (const at of HALVES[name] ?? [0])
      view.setUint16(b * bytes + at, (next() & 0x83ff) | ((next() % (widest + 1)) << 10), true);
  return out;
}

/** Extremes of a format: all bytes alike, the largest scales. */
export function hostileBlocks(name: WeightFormat, count: number): Uint8Array {
  const { bytes } = FORMATS[name]!;
  const fills = [0x00, 0xff, 0x80, 0x7f, 0x08, 0x88];
  const scales = [0x7bff, 0xfbff, 0x0001, 0x8000, 0x0400];
  const out = new Uint8Array(count * bytes);
  const view = new DataView(out.buffer);
  for (let b = 0; b < count; b++) {
    out.fill(fills[b % fills.length]!, b * bytes, (b + 1) * bytes);
    for (const at of HALVES[name] ?? [0]) view.setUint16(b * bytes + at, scales[b % scales.length]!, true);
  }
  return out;
}

export function activations(count: number, seed: number): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length: count }, () => (next() / 2 ** 23 - 1) * 2 ** ((next() % 20) - 12));
}

/** Rows of a kind each: zeros, subnormal, huge, halves between two whole numbers, one large value among small ones. */
export function hostileRows(cols: number): Float32Array {
  const kinds: ((i: number) => number)[] = [
    () => 0,
    (i) => (i % 3) * 2 ** -149,
    (i) => (i % 2 ? -1 : 1) * 3.4e38,
    (i) => (i % 255) - 127 + 0.5,
    (i) => (i === 5 ? 127 : 0.5),
    (i) => (i === 5 ? 127.00001 : -0.5),
    (i) => (i % 2 ? -0 : 1e-42),
    (i) => -(2 ** ((i % 40) - 140)),
  ];
  return Float32Array.from(kinds.flatMap((kind) => Array.from({ length: cols }, (_, i) => kind(i))));
}
