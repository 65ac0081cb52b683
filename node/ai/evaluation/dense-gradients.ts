import { type Adapter, adapterTensors, type Example, type Session } from "../../../native/js/index.ts";
import { fitBasis, sketch } from "../../../native/js/influence.ts";
import { meanOverPrompts } from "../attribution/row-sketches.ts";
import type { LoadedModel } from "../model/load.ts";

/** Bytes of gradients that may lie in memory at once. */
const MOST_BYTES = 2 ** 31;
/** DataInf's damping: so much of the mean square of a layer's gradients (Kwon et al. 2023, section 4). */
const DATA_INF_DAMPING = 0.1;
/** EK-FAC's damping: so much of the mean of a factor's Lambda. */
export const EKFAC_DAMPING = 0.1;

/**
 * Another computation's scores of the same: of answers, by rows, each given by all examples that it is sketched by; undefined where it
 * can't be made.
 */
export type OtherScores = (
  rows: readonly (readonly Example[])[],
  answers: readonly Example[],
) => Promise<number[][] | undefined>;

/** What needs every row's whole gradient at once; by answer, then by row. */
export interface DenseScores {
  /** EK-FAC influence with nothing left out: rows span all directions, and nothing is rounded to int8. */
  ekfacFull: number[][];
  dataInf: number[][];
}

/**
 * @param rows each by all examples that it is sketched by, the same number of them.
 * @returns undefined where the gradients would not fit in memory.
 */
export async function denseScores(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  rows: readonly (readonly Example[])[],
  answers: readonly Example[],
): Promise<DenseScores | undefined> {
  const tensors = adapterTensors(base.native.config, adapter.shape);
  const parameters = tensors.reduce((sum, { count }) => sum + count, 0);
  const examples = rows.flat();
  const prompts = rows[0]?.length ?? 1;
  const k = 64 * Math.ceil(examples.length / 64);
  if (4 * parameters * (examples.length + answers.length) > MOST_BYTES || 2 * k * parameters > MOST_BYTES)
    return undefined;
  const subject = { model: base.native, adapter };
  const request = { ...subject, examples, damping: EKFAC_DAMPING, dimension: k };
  const { basis } = await fitBasis(session, request).wait();
  const ofRows = await sketch(session, { ...subject, basis, examples }).wait();
  const ofAnswers = await sketch(session, { ...subject, basis, examples: answers }).wait();
  const held = await session.loraGradients({ ...subject, examples }).wait();
  const asked = await session.loraGradients({ ...subject, examples: answers }).wait();
  const sizes = tensors.map(({ count }) => count);
  return {
    ekfacFull: products(ofAnswers, meanOverPrompts(ofRows, k, prompts), { width: k, from: 0, count: k }),
    dataInf: dataInf(meanOverPrompts(held.rows, parameters, prompts), asked.rows, sizes),
  };
}

interface Columns {
  width: number;
  from: number;
  count: number;
}

/** Dot products of the rows of `a` with those of `b`, over some of their columns. */
function products(a: Float32Array, b: Float32Array, { width, from, count }: Columns): number[][] {
  const [as, bs] = [a.length / width, b.length / width];
  return Array.from({ length: as }, (_, i) =>
    Array.from({ length: bs }, (_row, j) => {
      let sum = 0;
      for (let at = from; at < from + count; at++) sum += a[i * width + at]! * b[j * width + at]!;
      return sum;
    }),
  );
}

/**
 * DataInf (Kwon et al. 2023, eq. 5) in dot products: of each layer, (1 / damping) * (v.g_k - mean over i of
 * (v.g_i)(g_i.g_k) / (damping + g_i.g_i)), summed.
 * @param sizes columns of each layer, in order
 */
export function dataInf(rows: Float32Array, answers: Float32Array, sizes: readonly number[]): number[][] {
  const width = sizes.reduce((sum, size) => sum + size, 0);
  const n = rows.length / width;
  const scores = Array.from({ length: answers.length / width }, () => new Array<number>(n).fill(0));
  let from = 0;
  for (const count of sizes) {
    const columns = { width, from, count };
    const gram = products(rows, rows, columns);
    const along = products(answers, rows, columns);
    const squares = gram.map((row, i) => row[i]!);
    const damping = (DATA_INF_DAMPING * squares.reduce((sum, value) => sum + value, 0)) / (n * count);
    from += count;
    if (damping === 0) continue;
    for (const [answer, dots] of along.entries()) {
      const weights = dots.map((dot, i) => dot / (n * (damping + squares[i]!)));
      for (let k = 0; k < n; k++) {
        const taken = weights.reduce((sum, weight, i) => sum + weight * gram[i]![k]!, 0);
        scores[answer]![k]! += (dots[k]! - taken) / damping;
      }
    }
  }
  return scores;
}
