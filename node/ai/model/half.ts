/** IEEE 754 binary16 and bfloat16, by bits: the same result on every machine. */

let f16Table: Float32Array | undefined;

/** All 65536 values of binary16. */
function tableOfF16(): Float32Array {
  if (f16Table) return f16Table;
  const bits = new Uint32Array(65536);
  for (let h = 0; h < 65536; h++) {
    const sign = (h & 0x8000) << 16;
    const exponent = (h >> 10) & 31;
    let mantissa = h & 1023;
    if (exponent === 31) bits[h] = (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
    else if (exponent > 0) bits[h] = (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
    else if (mantissa === 0) bits[h] = sign >>> 0;
    else {
      let e = 113;
      while ((mantissa & 1024) === 0) {
        mantissa <<= 1;
        e--;
      }
      bits[h] = (sign | (e << 23) | ((mantissa & 1023) << 13)) >>> 0;
    }
  }
  f16Table = new Float32Array(bits.buffer);
  return f16Table;
}

/** Widens binary16 bits exactly. */
export function f16ToF32(bits: Uint16Array): Float32Array {
  const table = tableOfF16();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]!]!;
  return out;
}

/** Widens bfloat16 bits exactly. */
export function bf16ToF32(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (b) => b << 16).buffer);
}

const scratchF32 = new Float32Array(1);
const scratchBits = new Uint32Array(scratchF32.buffer);

/** Bits of the binary16 nearest to `x` (first rounded to float32), ties to even; overflow gives infinity. */
export function f32ToF16Bits(x: number): number {
  scratchF32[0] = x;
  const bits = scratchBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  // Subnormal: the unit is 2^-24; division by a power of two is exact, so only the rounding below loses anything.
  const units = Math.abs(scratchF32[0]!) * 2 ** 24;
  const floor = Math.floor(units);
  const rest = units - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 === 1);
  return sign | (up ? floor + 1 : floor);
}
