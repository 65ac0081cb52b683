/** One line of the bench: ours beside a peer measured in the same run. */
export interface Figure {
  what: string;
  unit: string;
  ours: number;
  /** Absent when the peer can't be had on this machine; `note` then says why. */
  peer: { name: string; value: number } | undefined;
  note?: string;
}

export interface Bench {
  name: string;
  run(): Promise<Figure[]>;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function secondsOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Median seconds of `runs` calls after one that is not counted. */
export async function medianSeconds(work: () => unknown, runs = 5): Promise<number> {
  return (await medianSecondsInTurn([work], runs))[0]!;
}

/** The same for several works that take turns, so that a busy machine slows all of them alike. */
export async function medianSecondsInTurn(works: readonly (() => unknown)[], runs = 5): Promise<number[]> {
  for (const work of works) await work();
  const times: number[][] = works.map(() => []);
  for (let i = 0; i < runs; i++) {
    for (const [index, work] of works.entries()) times[index]!.push(await secondsOf(work));
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

export function countThreads({ threads }: { threads: number }): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}

function formatNumber(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}
