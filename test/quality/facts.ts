import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { intakeFile } from "../../node/ai/datanet/intake.ts";
import { wordsOf } from "../../node/ai/evaluation/bm25.ts";
import { packageRoot } from "../../node/base/paths.ts";

const DATA = join(packageRoot(), "test", "quality", "data");

/** One fact of one contributor: its row, the row's question in other words, and the answer. */
export interface Fact {
  contributor: string;
  question: string;
  reworded: string;
  answer: string;
}

/** Facts of several contributors, each with the file of its rows and the file of the same facts as prose. */
export interface FactSet {
  name: string;
  contributors: readonly { name: string; pairs: string; prose: string }[];
  facts: readonly Fact[];
  /** Sentences of the prose, as rows are made of them. */
  sentences: readonly { contributor: string; text: string }[];
}

const rowSchema = z.strictObject({ prompt: z.string(), completion: z.string() });
const rewordedSchema = z.record(z.string(), z.array(z.string()));

export function factSetNames(): string[] {
  return readdirSync(DATA).sort();
}

/** One of the judging sets: nothing is ever tuned on them. */
export function readFactSet(name: string): FactSet {
  return readFactFolder(join(DATA, name));
}

/** Reads a set: `<contributor>.jsonl`, `<contributor>.txt` or `.md`, and `reworded.json` in the rows' order. */
export function readFactFolder(folder: string): FactSet {
  const name = basename(folder);
  const reworded = rewordedSchema.parse(JSON.parse(readFileSync(join(folder, "reworded.json"), "utf8")));
  const contributors = readdirSync(folder)
    .filter((file) => file.endsWith(".jsonl"))
    .sort()
    .map((file) => {
      const contributor = basename(file, ".jsonl");
      const text = join(folder, `${contributor}.txt`);
      const prose = existsSync(text) ? text : join(folder, `${contributor}.md`);
      return { name: contributor, pairs: join(folder, file), prose };
    });
  const facts = contributors.flatMap(({ name: contributor, pairs }) =>
    readFileSync(pairs, "utf8")
      .trimEnd()
      .split("\n")
      .map((line, index) => {
        const { prompt, completion } = rowSchema.parse(JSON.parse(line));
        const other = reworded[contributor]?.[index];
        if (other === undefined)
          throw new Error(`${name}/reworded.json: ${contributor} lacks row ${index + 1}`);
        return { contributor, question: prompt, reworded: other, answer: completion };
      }),
  );
  const sentences = contributors.flatMap(({ name: contributor, prose }) =>
    intakeFile(basename(prose), new Uint8Array(readFileSync(prose))).rows.map(({ completion }) => ({
      contributor,
      text: completion,
    })),
  );
  return { name, contributors, facts, sentences };
}

/** True if `text` holds `value` as whole words, in any case. */
export function holdsValue(text: string, value: string): boolean {
  const words = (of: string) => ` ${wordsOf(of).join(" ")} `;
  return words(text).includes(words(value));
}
