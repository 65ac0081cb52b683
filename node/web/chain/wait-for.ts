/** Least and longest wait before what time moves on is looked at again, in ms. */
const LEAST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/** When to look again, in ms: at the first of these seconds from now; false where none is ahead. */
export function waitFor(seconds: readonly bigint[]): number | false {
  const ahead = seconds.filter((one) => one > 0n).map(Number);
  if (ahead.length === 0) return false;
  return Math.max(LEAST_WAIT_MS, Math.min(LONGEST_WAIT_MS, Math.min(...ahead) * 1000));
}
