import { join } from "node:path";
import { Session } from "../../native/js/index.ts";
import { likelySketches, openSketches, type Sketches } from "../../native/js/sketches.ts";
import { buildIndex, fitModelBasis, querySketch } from "../../node/ai/attribution/build.ts";
import { indexParts, partsIn } from "../../node/ai/attribution/index-contents.ts";
import { mapIndex } from "../../node/ai/attribution/mapped-index.ts";
import type { ModelBasis } from "../../node/ai/attribution/model-basis.ts";
import { bestList } from "../../node/ai/attribution/score.ts";
import { type AttributionIndex, recordOf } from "../../node/ai/attribution/sketch-index.ts";
import { exampleHash } from "../../node/ai/datanet/rows.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { inspectModel } from "../../node/ai/model/inspect.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import { defaultMethod, FACTORED_SKETCHES, type Method } from "../../node/ai/train/method.ts";
import type { RowPlace, TrainingExample } from "../../node/ai/train/snapshot.ts";
import { trainAdapter } from "../../node/ai/train/train.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { ask } from "../quality/trial.ts";
import { type Figure, median, wallClock } from "./figure.ts";
import { madeFact } from "./made-facts.ts";

const QUESTIONS = 200;
/** Rows that the estimate from signs may name. */
const LIKELY = 64;

/** Everything a question to the model takes. */
interface Asked {
  session: Session;
  base: Awaited<ReturnType<typeof loadModel>>;
  adapter: Awaited<ReturnType<typeof trainAdapter>>["native"];
  basis: ModelBasis;
  index: AttributionIndex;
  /** The same index, for the estimate from signs. */
  sketches: Sketches;
}

/**
 * The shipped model learns the first `facts` made facts; all `rows` are sketched at its adapter, each in its own words. Then it is asked for
 * some of what it learnt: how long that takes beside the answer itself, and whether the fact's row is among the best sixteen.
 * OPENLEDGER_BENCH_EPOCHS: epochs of the training, the default method's unless given.
 */
export async function modelFigures(folder: string, rows: number, facts: number): Promise<Figure[]> {
  const session = new Session();
  const shipped = join(packageRoot(), "node/ai/base-model/model");
  const base = await loadModel(await readModelFolder(shipped));
  const method = methodOf((await inspectModel(shipped)).parameters, facts);
  const all = Array.from({ length: rows }, (_, rowId): TrainingExample => {
    const row = madeFact(rowId);
    return { rowId, row, exampleHash: exampleHash(row) };
  });
  const learnt = all.slice(0, facts);
  const [trained, training] = await timed(() => trainAdapter(session, base, learnt, method));
  const adapter = trained.native;
  const [{ basis, sketched }, fitting] = await timed(() =>
    fitModelBasis(session, base, adapter, learnt, method),
  );
  const places = all.map(({ rowId, exampleHash: hash }): RowPlace => {
    return { rowId, first: rowId, row: rowId, contributionId: 1n, contributor: "0x", exampleHash: hash };
  });
  const [built, sketching] = await timed(() =>
    buildIndex(session, base, adapter, basis, { places, examples: all }, method, { sketched }),
  );
  const { commitment } = built;
  const paths = indexParts(commitment).map((_, i) => join(folder, `model-${i}.sketches`));
  const [index, mapping] = await timed(() => mapIndex(partsIn(built.bytes, commitment), commitment, paths));
  const sketches = await openSketches(paths, { verify: false });
  const seconds = (value: number) => `${value.toFixed(0)} s`;
  return [
    {
      what: `index of ${rows.toLocaleString("en-US")} rows by the shipped model, k = ${commitment.dimension}`,
      unit: "rows/s",
      ours: rows / sketching,
      peer: undefined,
      note: `${facts} facts learnt in ${seconds(training)} (${method.training.epochs} epochs), basis in ${seconds(fitting)}, sketched and committed in ${seconds(sketching)}, mapped in ${mapping.toFixed(1)} s; this process has ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB, mapped pages among it`,
    },
    ...(await questionFigures({ session, base, adapter, basis, index, sketches }, facts)),
  ];
}

function methodOf(parameters: number, facts: number): Method {
  const usual = defaultMethod(parameters, facts);
  const epochs = Number(process.env.OPENLEDGER_BENCH_EPOCHS ?? usual.training.epochs);
  return {
    ...usual,
    training: { ...usual.training, epochs },
    attribution: { ...FACTORED_SKETCHES, topK: 16 },
  };
}

async function questionFigures(asked: Asked, facts: number): Promise<Figure[]> {
  const times: { answer: number; attribution: number; search: number }[] = [];
  const count = Math.min(QUESTIONS, facts);
  const found = { exact: 0, listed: 0, first: 0, listedExact: 0, rows: 0, likely: 0 };
  for (let i = 0; i < count; i++) {
    const rowId = Math.floor((i * facts) / count);
    const { rowIds, likely, isExact, ...took } = await askFor(asked, rowId);
    found.rows += rowIds.length;
    found.likely += rowIds.filter((row) => likely.has(row)).length;
    times.push(took);
    const isListed = rowIds.includes(rowId);
    if (isExact) found.exact++;
    if (isListed) found.listed++;
    if (isListed && isExact) found.listedExact++;
    if (rowIds[0] === rowId) found.first++;
  }
  const ms = (of: (time: (typeof times)[number]) => number) => 1000 * median(times.map(of));
  const share = (part: number, of: number) => `${((100 * part) / Math.max(1, of)).toFixed(1)} %`;
  return [
    {
      what: `one question to ${asked.index.commitment.rows.toLocaleString("en-US")} rows beside its answer: sketch, scores, list`,
      unit: "ms",
      ours: ms(({ attribution }) => attribution),
      peer: { name: "making the answer", value: ms(({ answer }) => answer) },
      note: `median of ${count}; scores and list alone ${ms(({ search }) => search).toFixed(1)} ms`,
    },
    {
      what: "questions whose fact's row is among the best sixteen",
      unit: "%",
      ours: (100 * found.listed) / count,
      peer: undefined,
      note: `the best of all in ${share(found.first, count)}; ${found.exact} of ${count} answers were the fact itself, of these ${share(found.listedExact, found.exact)}; the first ${LIKELY} by signs alone hold ${share(found.likely, found.rows)} of the exact lists`,
    },
  ];
}

/** One question end to end, as a host answers it. */
async function askFor({ session, base, adapter, basis, index, sketches }: Asked, rowId: number) {
  const { prompt, completion } = madeFact(rowId);
  const [{ answer, example }, making] = await timed(() => ask(session, base, adapter, prompt));
  const { commitment } = index;
  const [query, sketching] = await timed(() =>
    querySketch(session, base.native, adapter, basis, commitment, example, { intervalMs: 1 }),
  );
  const [{ rowIds }, search] = await timed(async () =>
    bestList(commitment, await index.score(query), (row) => recordOf(index, row)),
  );
  const likely = new Set((await likelySketches(sketches, query.values, LIKELY)).rows);
  const isExact = answer === completion;
  return { rowIds, likely, isExact, answer: making, attribution: sketching + search, search };
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = wallClock();
  return [await work(), wallClock() - start];
}
