import { fitFactored, sketchFactored } from "../../../native/js/factored.ts";
import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import { quantise, scan } from "../../../native/js/influence.ts";
import { meanOverPrompts } from "../attribution/row-sketches.ts";
import type { LoadedModel } from "../model/load.ts";
import { FACTORED_SKETCHES } from "../train/method.ts";

/**
 * Influence by factored sketches, whatever the model's own are: what an index of them would score.
 * @param rows each by all examples that it is sketched by, the same number of them.
 * @returns by answer, then by row.
 */
export async function factoredScores(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  rows: readonly (readonly Example[])[],
  answers: readonly Example[],
): Promise<number[][]> {
  const subject = { model: base.native, adapter };
  const { axes, damping, dimension, unit } = FACTORED_SKETCHES;
  const terms = { dimension, unit };
  const fitting = { ...subject, ...terms, examples: rows.flat(), axes, damping, sketches: true };
  const { basis, coordinates } = await fitFactored(session, fitting).wait();
  const k = dimension;
  const held = quantise(meanOverPrompts(coordinates!, k, rows[0]?.length ?? 1), k, 8);
  const asked = quantise(
    await sketchFactored(session, { ...subject, examples: answers, basis, terms }).wait(),
    k,
    16,
  );
  return answers.map((_, answer) => {
    const dots = scan(asked.values.subarray(answer * k, (answer + 1) * k), held.values);
    return rows.map((_row, i) => Number(dots[i]) * 2 ** held.exponents[i]!);
  });
}
