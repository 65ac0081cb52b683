import { availableParallelism } from "node:os";
import { CodedError } from "../../node/base/errors.ts";

/** One line of the bench: ours beside a peer measured in the same run. */
export interface Figure {
  what: string;
  /** Present where a line `NAME ratio R` closes the run. */
  name?: string;
  unit: string;
  ours: number;
  /** Absent when the peer can't be had on this machine; `note` then says why. */
  peer: { name: string; value: number } | undefined;
  note?: string;
}

export interface Bench {
  name: string;
  run(): Promise<Figure[]>;
  /** A last line for programs to read. */
  summary?(figures: readonly Figure[]): string;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Seconds that have passed. */
export const wallClock = (): number => performance.now() / 1000;

/** Processor seconds of this process: for work on one thread the same as {@link wallClock} on an idle machine, and not slower on a busy one. */
export function cpuClock(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export interface MedianOptions {
  /** Counted calls of each work. */
  runs?: number;
  clock?: () => number;
  /** Rounds before the first that counts: code that a compiler at run time has not seen often is slow. */
  warmUps?: number;
}

/** Median seconds of a call. */
export async function medianSeconds(work: () => unknown, options: MedianOptions = {}): Promise<number> {
  return (await medianSecondsInTurn([work], options))[0]!;
}

/** The same for several works that take turns, so that a busy machine slows all of them alike. */
export async function medianSecondsInTurn(
  works: readonly (() => unknown)[],
  { runs = 5, clock = wallClock, warmUps = 1 }: MedianOptions = {},
): Promise<number[]> {
  for (let i = 0; i < warmUps; i++) for (const work of works) await work();
  const times: number[][] = works.map(() => []);
  for (let i = 0; i < runs; i++) {
    for (const [index, work] of works.entries()) {
      const start = clock();
      await work();
      times[index]!.push(clock() - start);
    }
  }
  return times.map(median);
}

export function formatFigure({ what, unit, ours, peer, note }: Figure): string {
  const mine = `${what}: ${formatNumber(ours)} ${unit}`;
  const other = peer
    ? `; ${peer.name} ${formatNumber(peer.value)}; ratio ${(ours / peer.value).toFixed(2)}`
    : "";
  return `${mine}${other}${note ? ` (${note})` : ""}`;
}

/** Lines for programs to read: one for each figure that has a name and a peer. */
export function ratioLines(figures: readonly Figure[]): string[] {
  return figures.flatMap(({ name, ours, peer }) =>
    name !== undefined && peer !== undefined ? [`${name} ratio ${(ours / peer.value).toFixed(3)}`] : [],
  );
}

/** Threads that OPENLEDGER_BENCH_THREADS asks for, else the usual. @throws CodedError `BENCH_SETTING`. */
export function wantedThreads(usual = availableParallelism()): number {
  const threads = Number(process.env.OPENLEDGER_BENCH_THREADS ?? usual);
  if (Number.isInteger(threads) && threads >= 1 && threads <= 1024) return threads;
  throw new CodedError("BENCH_SETTING", "fatal", {
    message: "OPENLEDGER_BENCH_THREADS is not 1 to 1,024",
    fix: "set it to a number of threads, or not at all",
  });
}

/** One thread is measured in processor time on both sides, more in wall time. */
export function clockFor({ threads }: { threads: number }): () => number {
  return threads === 1 ? cpuClock : wallClock;
}

export function countThreads({ threads }: { threads: number }): string {
  return threads === 1 ? "1 thread (processor time)" : `${threads} threads`;
}

function formatNumber(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}
