import { rmSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { Session } from "../../native/js/index.ts";
import { rpcSource } from "../ai/client/content.ts";
import { getModel } from "../ai/client/models.ts";
import { cachedSource } from "../ai/content/source.ts";
import { evaluateModel } from "../ai/evaluation/evaluate-model.ts";
import { reportLines } from "../ai/evaluation/report.ts";
import { reportFile } from "../ai/evaluation/report-file.ts";
import { completionsOf } from "../ai/fusion/texts.ts";
import { loadServedModel } from "../ai/serve/inference.ts";
import { readRows } from "../ai/spans/model-spans.ts";
import { replaceFile } from "../base/files.ts";
import { type Progress, startProgress } from "../base/progress.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { connectProtocol, parseId } from "./protocol.ts";

/** `openledger attribution ...`: how good attribution is, measured. */
export function attributionCommand(): Command {
  const attribution = new Command("attribution").description("how good attribution is on a model, measured");
  attribution
    .command("evaluate <model>")
    .description(
      "train the model again without each contributor and without random halves of its rows, and judge every method by what that takes from its answers",
    )
    .option("--answers <n>", "questions, from as many rows", "40")
    .option("--halves <n>", "random halves of the rows, each trained on", "10")
    .option(
      "--seeds <n>",
      "trainings on each half, each with seeds of its own: two or more show how far LDS can go",
      "1",
    )
    .addHelpText(
      "after",
      "\nExample: openledger attribution evaluate 2\n\n" +
        "Takes a training for each contributor and each half. Broken off, the same command goes on where it was. The table is kept\n" +
        "in the data folder; `openledger model show` prints it, and a devnet's page of the model shows it.",
    )
    .action(evaluate);
  return attribution;
}

/** Where reports lie; a devnet's node shows them on the models' pages. */
export function reportsFolder({ dataDir }: CliContext): string {
  return join(dataDir, "attribution");
}

/** Most answers, and most halves: each half is a training. */
const MOST = 10_000;

/** @throws CodedError NUMBER_INVALID. */
function countOf(text: string, what: string, least: number): number {
  const count = Number(parseId(text, what));
  if (count >= least && count <= MOST) return count;
  throw cliError("NUMBER_INVALID", {
    message: `${count} is no ${what}`,
    fix: `give one from ${least} to ${MOST}`,
  });
}

async function evaluate(
  text: string,
  options: { answers: string; halves: string; seeds: string },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const answers = countOf(options.answers, "number of answers", 1);
  const halves = countOf(options.halves, "number of halves", 0);
  const seeds = countOf(options.seeds, "number of seeds", 1);
  const { client, at } = await connectProtocol(context);
  const source = cachedSource(rpcSource(client));
  const registered = await getModel(client, at, parseId(text, "model"));
  const model = await loadServedModel(source, registered);
  const { set } = await readRows(client, at, source, registered, model.manifest);
  const completions = await completionsOf(set.examples, model.base.tokenizer);
  const file = reportFile(reportsFolder(context), registered.manifestHash);
  const stateFile = `${file}.state`;
  let progress: { what: string; shown: Progress } | undefined;
  const report = await evaluateModel({
    session: new Session(),
    model,
    rows: { set, completions },
    ...{ answers, halves, seeds },
    stateFile,
    onProgress: (what, done, total) => {
      if (progress?.what !== what) {
        progress?.shown.finish();
        progress = { what, shown: startProgress({ label: what, unit: "steps" }) };
      }
      progress.shown.update(done, undefined, total);
    },
  });
  progress?.shown.finish();
  replaceFile(file, `${JSON.stringify(report, null, 2)}\n`);
  rmSync(stateFile, { force: true });
  print(context, { ...report, file }, [...reportLines(report), `kept in ${file}`]);
}
