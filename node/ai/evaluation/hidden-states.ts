import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import type { LoadedModel } from "../model/load.ts";

/**
 * Cosines of the answers' and the rows' mean last hidden states, over their completions' tokens: similarity without any gradient (RepSim,
 * as in Pezeshkpour et al. 2021).
 * @returns by answer, then by row.
 */
export async function hiddenCosines(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  rows: readonly Example[],
  answers: readonly Example[],
): Promise<number[][]> {
  const states = async (examples: readonly Example[]) => {
    const found: Float64Array[] = [];
    for (const example of examples) found.push(await meanState(session, base, adapter, example));
    return found;
  };
  const [ofRows, ofAnswers] = [await states(rows), await states(answers)];
  return ofAnswers.map((answer) => ofRows.map((row) => dotOf(answer, row)));
}

/** Of unit length. */
async function meanState(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  example: Example,
): Promise<Float64Array> {
  const job = session.evaluate({ model: base.native, adapter, examples: [example], hidden: true });
  const [all] = (await job.wait()).hidden!;
  const { hiddenSize } = base.config;
  const tokens = example.ids.length - (example.completionStart ?? 0);
  const last = all!.subarray(all!.length - tokens * hiddenSize);
  const sums = new Float64Array(hiddenSize);
  for (let at = 0; at < last.length; at++) sums[at % hiddenSize]! += last[at]!;
  const length = Math.sqrt(dotOf(sums, sums));
  return length > 0 ? sums.map((value) => value / length) : sums;
}

function dotOf(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
