import { scan } from "../../native/js/influence.ts";
import { type Bench, cpuClock, medianSeconds } from "./figure.ts";

const ROWS = 200_000;
const DIMENSION = 512;

/** Exact scores of one query over int8 rows, beside what this machine reads from memory with one thread. */
export const scanBench: Bench = {
  name: "scan",
  async run() {
    const rows = new Int8Array(ROWS * DIMENSION).map((_, i) => ((i * 2654435761) >>> 24) - 127 || 1);
    const query = new Int16Array(DIMENSION).map((_, i) => ((i * 40503) & 0xffff) - 32767);
    const seconds = await medianSeconds(() => scan(query, rows), { clock: cpuClock });
    const words = new Uint8Array(rows.buffer);
    const copy = new Uint8Array(rows.length);
    // A copy reads and writes every byte: twice the traffic of a scan.
    const copySeconds = await medianSeconds(() => copy.set(words), { clock: cpuClock });
    return [
      {
        what: `scan of int8 rows, k = ${DIMENSION}`,
        unit: "rows/s",
        ours: ROWS / seconds,
        peer: { name: "memory copy traffic at", value: (2 * ROWS) / copySeconds },
        note: `${((ROWS * DIMENSION) / seconds / 1e9).toFixed(1)} GB/s of rows`,
      },
    ];
  },
};
