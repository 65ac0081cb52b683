import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Example } from "../../native/js/index.ts";
import { EKFAC_DAMPING, type OtherScores } from "../../node/ai/evaluation/dense-gradients.ts";
import { loadAdapter } from "../../node/ai/model/adapter.ts";
import type { LoadedModel } from "../../node/ai/model/load.ts";
import type { TrainedAdapter } from "../../node/ai/train/train.ts";
import { runPython } from "../bench/python.ts";

const LIMIT_S = 600;

/**
 * EK-FAC in full once more, in fp64 from the gradients on, by the PyTorch that the Python of OPENLEDGER_PYTHON has. Without it, and for
 * bases that are no folder of a plain Llama, the reason is told and nothing is compared.
 */
export function inDoubles(
  baseFolder: string,
  base: LoadedModel,
  files: TrainedAdapter["files"],
): OtherScores {
  return async (rows, answers) => {
    const folder = mkdtempSync(join(tmpdir(), "openledger-doubles-"));
    try {
      const { modules, rank, scale } = loadAdapter(files, base.config);
      const factors = join(folder, "factors.bin");
      // As the script reads them: by layer, in the order of a layer's linears.
      writeFileSync(
        factors,
        Buffer.concat([...modules.values()].flatMap(({ a, b }) => [bytes(a), bytes(b)])),
      );
      const job = join(folder, "job.json");
      const examples = { rows: rows.flat().map(given), answers: answers.map(given) };
      writeFileSync(
        job,
        JSON.stringify({ ...{ rank, scale, factors, damping: EKFAC_DAMPING }, ...examples }),
      );
      const told = runPython<{ scores: number[][] }>("ekfac.py", [baseFolder, job], LIMIT_S);
      if (typeof told !== "string") return told.scores.map((of) => meansOf(of, rows.length));
      process.stderr.write(`EK-FAC in fp64: ${told}\n`);
      return undefined;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

const given = ({ ids, completionStart }: Example) => [[...ids], completionStart];
const bytes = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Of each row the mean over the examples that it is sketched by. */
function meansOf(scores: readonly number[], rows: number): number[] {
  const each = scores.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    scores.slice(row * each, (row + 1) * each).reduce((sum, score) => sum + score / each, 0),
  );
}
