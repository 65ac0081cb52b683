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

/** Median seconds of `runs` calls after one that is not counted. */
export async function medianSeconds(work: () => unknown, runs = 5): Promise<number> {
  await work();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = process.hrtime.bigint();
    await work();
    times.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}

export function formatFigure({ what, unit, ours, peer, note }: Figure): string {
  const mine = `${what}: ${formatNumber(ours)} ${unit}`;
  const other = peer
    ? `; ${peer.name} ${formatNumber(peer.value)}; ratio ${(ours / peer.value).toFixed(2)}`
    : "";
  return `${mine}${other}${note ? ` (${note})` : ""}`;
}

function formatNumber(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}
