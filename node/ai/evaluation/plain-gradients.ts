import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import { type Basis, sketch } from "../../../native/js/influence.ts";
import { Random } from "../../base/random.ts";
import { meanOverPrompts } from "../attribution/row-sketches.ts";
import { adapterParameters } from "../model/estimate.ts";
import type { LoadedModel } from "../model/load.ts";

/** Random signs that a gradient is cut to: dot products come out within about a twentieth of the norms' product. */
const DIMENSION = 512;
const SIGNS = 0x42;

/** Seeded random signs over all of a flat gradient (Johnson and Lindenstrauss 1984; Achlioptas 2003). */
function signBasis(parameters: number, blocks: number): Basis {
  const random = new Random(SIGNS);
  const mantissas = new Int16Array(DIMENSION * parameters);
  for (let at = 0; at < mantissas.length; ) {
    let bits = random.next();
    for (let bit = 0; bit < 32 && at < mantissas.length; bit++, at++) {
      mantissas[at] = bits & 1 ? 1 : -1;
      bits >>>= 1;
    }
  }
  return {
    dimension: DIMENSION,
    parameters,
    exponents: new Int8Array(DIMENSION * blocks),
    mantissas,
  };
}

/**
 * Dot products of the answers' gradients with the rows', as they are and by cosine: without curvature, what simpler methods rank by.
 * @param rows each by all examples that it is sketched by, the same number of them.
 * @returns by answer, then by row.
 */
export async function plainGradients(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  rows: readonly (readonly Example[])[],
  answers: readonly Example[],
): Promise<{ dot: number[][]; cos: number[][] }> {
  const { shape } = adapter;
  const basis = signBasis(
    adapterParameters(base.config, shape),
    2 * base.config.layers * shape.targets.length,
  );
  const request = { model: base.native, adapter, basis };
  const cut = async (examples: readonly (readonly Example[])[]) => {
    const each = await sketch(session, { ...request, examples: examples.flat() }).wait();
    const all = meanOverPrompts(each, DIMENSION, examples[0]?.length ?? 1);
    return examples.map((_, i) => all.subarray(i * DIMENSION, (i + 1) * DIMENSION));
  };
  const [ofRows, ofAnswers] = [await cut(rows), await cut(answers.map((answer) => [answer]))];
  const norms = ofRows.map((row) => Math.sqrt(dotOf(row, row)));
  const dot = ofAnswers.map((answer) => ofRows.map((row) => dotOf(answer, row)));
  const cos = dot.map((ofAnswer) => ofAnswer.map((value, i) => (norms[i] === 0 ? 0 : value / norms[i]!)));
  return { dot, cos };
}

function dotOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
