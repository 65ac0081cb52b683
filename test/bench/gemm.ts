import { Session } from "../../native/js/index.ts";
import { type Bench, clockFor, countThreads, type Figure, medianSeconds } from "./figure.ts";
import { runPython } from "./python.ts";

/** Shapes of the shipped model's training: [tokens, out, in]. */
const SHAPES = [
  [2048, 192, 192],
  [2048, 512, 192],
  [2048, 2048, 192],
] as const;
const REPEAT = 10;

/** The ordered fp32 matrix product beside torch's, which may choose its own order; on one thread and on all cores. */
export const gemmBench: Bench = {
  name: "gemm",
  run: async () => [...(await measure(new Session({ threads: 1 }))), ...(await measure(new Session()))],
};

async function measure(session: Session): Promise<Figure[]> {
  const shapes = SHAPES.map((shape) => shape.join("x"));
  const peer = runPython("gemm.py", [String(session.threads), String(REPEAT), ...shapes]);
  const figures: Figure[] = [];
  for (const [index, [m, n, k]] of SHAPES.entries()) {
    const a = new Float32Array(m * k).fill(0.5);
    const b = new Float32Array(k * n).fill(0.25);
    const seconds = await medianSeconds(() => session.gemm(m, n, k, a, b, REPEAT), {
      clock: clockFor(session),
    });
    figures.push({
      what: `GEMM ${shapes[index]}, ${session.isa}, ${countThreads(session)}`,
      unit: "GFLOP/s",
      ours: (2 * m * n * k * REPEAT) / seconds / 1e9,
      peer: typeof peer === "string" ? undefined : { name: "torch", value: peer[shapes[index]!]! },
      note: typeof peer === "string" ? peer : undefined,
    });
  }
  return figures;
}
