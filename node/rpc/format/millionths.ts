/** Digits of a number's text, and the place after which it is written with an exponent; as Go's `%.10g`. */
const DIGITS = 10;
const LEAST_EXPONENT = -4;
const PLACES = 6;

/** Digits rounded to {@link DIGITS} without zeros at the end, and how many of them stand before the point. */
function rounded(value: bigint): { digits: string; point: number } {
  let text = value.toString();
  let point = text.length - PLACES;
  if (text.length > DIGITS) {
    const unit = 10n ** BigInt(text.length - DIGITS);
    const [down, rest] = [value / unit, value % unit];
    const isUp = 2n * rest > unit || (2n * rest === unit && down % 2n === 1n);
    text = (isUp ? down + 1n : down).toString();
    point += text.length - DIGITS;
  }
  return { digits: text.replace(/0+$/, ""), point };
}

/** A fee scalar in millionths as the decimal text that op-geth writes: Go's `big.Float.String`. */
export function millionths(value: bigint): string {
  if (value === 0n) return "0";
  const { digits, point } = rounded(value);
  const exponent = point - 1;
  const limit = digits.length >= point ? Math.min(DIGITS, digits.length) : DIGITS;
  if (exponent < LEAST_EXPONENT || exponent >= limit) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const sign = exponent < 0 ? "-" : "+";
    return `${digits[0]}${fraction}e${sign}${Math.abs(exponent).toString().padStart(2, "0")}`;
  }
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return digits.padEnd(point, "0");
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}
