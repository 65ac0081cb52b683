const WEI = 10n ** 18n;
/** Digits behind the point that small amounts keep. */
const DIGITS = 4;

/** Wei as OPEN for people: whole numbers in groups, four figures behind the point, never rounded up to what is not there. */
export function formatOpen(wei: bigint): string {
  const sign = wei < 0n ? "−" : "";
  const size = wei < 0n ? -wei : wei;
  const whole = (size / WEI).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const rest = (size % WEI).toString().padStart(18, "0");
  if (size === 0n) return "0";
  const zeros = /^0*/.exec(rest)![0].length;
  // A part of an OPEN keeps its first four figures, beside a whole number the first four places.
  const kept = size < WEI ? rest.slice(0, Math.min(18, zeros + DIGITS)) : rest.slice(0, DIGITS);
  const digits = kept.replace(/0+$/, "");
  return `${sign}${whole}${digits === "" ? "" : `.${digits}`}`;
}

/** Parts of a whole as percent with one figure behind the point. */
export function formatShare(part: bigint, whole: bigint): string {
  if (whole === 0n) return "0 %";
  const perMille = (part * 1000n + whole / 2n) / whole;
  const text = `${perMille / 10n}.${perMille % 10n} %`;
  return part > 0n && perMille === 0n ? "< 0.1 %" : text.replace(".0 %", " %");
}

const STEPS = [
  [60, 1, "s"],
  [3_600, 60, "min"],
  [86_400, 3_600, "h"],
  [2_592_000, 86_400, "d"],
  [31_536_000, 2_592_000, "mo"],
  [Number.POSITIVE_INFINITY, 31_536_000, "y"],
] as const;

/** A time beside now, both in seconds: "12 s ago", "in 3 min". */
export function formatRelative(seconds: number, now: number): string {
  const distance = Math.abs(now - seconds);
  if (distance < 1.5) return "now";
  const [, unit, name] = STEPS.find(([limit]) => distance < limit)!;
  const text = `${Math.floor(distance / unit)} ${name}`;
  return seconds > now ? `in ${text}` : `${text} ago`;
}

/** The exact time of a chain's second, in UTC. */
export function formatExact(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19)} UTC`;
}

/** First and last figures of an address or a hash. */
export function shorten(hex: string): string {
  return hex.length <= 14 ? hex : `${hex.slice(0, 6)}…${hex.slice(-4)}`;
}

/** A number in groups of three. */
export function formatCount(count: number | bigint): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** Wei for one gas in gwei, with up to four places. */
export function formatGwei(wei: bigint): string {
  const places = (wei % 1_000_000_000n).toString().padStart(9, "0").slice(0, 4).replace(/0+$/, "");
  const whole = formatCount(wei / 1_000_000_000n);
  if (places === "" && whole === "0" && wei > 0n) return "< 0.0001";
  return places === "" ? whole : `${whole}.${places}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes for people, in powers of 1024 with one figure behind the point. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** power;
  return `${power === 0 ? size : size.toFixed(1)} ${UNITS[power]}`;
}

/** A time that something takes: "40 s", "3 min", "2 h 5 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** An amount of OPEN as somebody types it, in wei; undefined for what is none. */
export function parseOpen(text: string): bigint | undefined {
  const match = /^(\d{1,12})(?:[.,](\d{0,18}))?$/.exec(text.trim());
  if (match === null) return undefined;
  return BigInt(match[1]!) * WEI + BigInt((match[2] ?? "").padEnd(18, "0"));
}
