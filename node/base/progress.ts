/**
 * Progress of anything that takes over two seconds: a bar that redraws on a terminal, a plain line every few
 * seconds when piped.
 */
export interface Progress {
  /** `done` units; `note` replaces the text behind the bar, `total` the number known so far. */
  update(done: number, note?: string, total?: number): void;
  /** Leaves one final line with the time it took. */
  finish(note?: string): void;
}

export interface ProgressOptions {
  label: string;
  /** Units to do; absent: unknown, only the count is shown. */
  total?: number;
  unit?: string;
  stream?: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  /** Milliseconds, monotonic. */
  now?: () => number;
}

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5_000;
const BAR_WIDTH = 24;

/** Starts a progress display on `stream` (default: standard error, so that piped results stay clean). */
export function startProgress(options: ProgressOptions): Progress {
  const stream = options.stream ?? process.stderr;
  const now = options.now ?? (() => performance.now());
  const started = now();
  let drawn = Number.NEGATIVE_INFINITY;
  let note = "";
  let { total } = options;

  const draw = (done: number, last: boolean) => {
    const line = progressLine({ ...options, total }, done, note, (now() - started) / 1000, last);
    if (!stream.isTTY) return void stream.write(`${line}\n`);
    stream.write(`\r\u001b[2K${line.slice(0, (stream.columns ?? 110) - 1)}${last ? "\n" : ""}`);
  };

  let latest = 0;
  return {
    update(done, text, known) {
      latest = done;
      total = known ?? total;
      if (text !== undefined) note = text;
      if (now() - drawn < (stream.isTTY ? REDRAW_MS : PLAIN_LINE_MS)) return;
      drawn = now();
      draw(done, false);
    },
    finish(text) {
      if (text !== undefined) note = text;
      draw(total ?? latest, true);
    },
  };
}

function progressLine(
  options: ProgressOptions,
  done: number,
  note: string,
  seconds: number,
  last: boolean,
): string {
  const { label, total, unit = "" } = options;
  const parts = [label];
  if (total !== undefined && total > 0) {
    const share = Math.min(1, done / total);
    const filled = Math.round(share * BAR_WIDTH);
    parts.push(`[${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}]`, `${Math.floor(share * 100)} %`);
    parts.push(`${done}/${total}${unit ? ` ${unit}` : ""}`);
    if (!last && done > 0 && share < 1) parts.push(`${formatSeconds((seconds / share) * (1 - share))} left`);
  } else if (done > 0) {
    parts.push(`${done}${unit ? ` ${unit}` : ""}`);
  }
  if (note) parts.push(note);
  parts.push(last ? `(${formatSeconds(seconds)})` : formatSeconds(seconds));
  return parts.join(" ");
}

/** `7.3 s`, `4 min 10 s`, `2 h 3 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
