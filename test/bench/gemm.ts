import { Session } from "../../native/js/index.ts";
import { type Bench, countThreads, type Figure, medianSeconds } from "./figure.ts";
import { runPython } from "./python.ts";

/** Shapes of the shipped model's training: [tokens, out, in]. */
const SHAPES = [
  [2048, 192, 192],
  [2048, 512, 192],
  [2048, 2048, 192],
] as const;
const REPEAT = 10;

/** The ordered fp32 matrix product beside torch's, which may choose its own order. */
export const gemmBench: Bench = {
  name: "gemm",
  async run() {
    const figures: Figure[] = [];
    for (const [[m, n, k], threads] of SHAPES.flatMap((shape) =>
      [1, undefined].map((t) => [shape, t] as const),
    )) {
      const session = new Session({ threads });
      const a = new Float32Array(m * k).fill(0.5);
      const b = new Float32Array(k * n).fill(0.25);
      const seconds = await medianSeconds(() => session.gemm(m, n, k, a, b, REPEAT));
      const peer = runPython("gemm.py", [session.threads, m, n, k, REPEAT].map(String));
      figures.push({
        what: `GEMM ${m}x${n}x${k}, ${session.isa}, ${countThreads(session)}`,
        unit: "GFLOP/s",
        ours: (2 * m * n * k * REPEAT) / seconds / 1e9,
        peer: typeof peer === "string" ? undefined : { name: "torch", value: peer.gflops! },
        note: typeof peer === "string" ? peer : undefined,
      });
    }
    return figures;
  },
};
