import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeError } from "../../node/base/errors.ts";
import { devnetError } from "../errors.ts";
import { exportModel } from "./export.ts";
import { BASE_MODEL, baseModelFolder, TRAINING_STEPS } from "./settings.ts";
import { firstStepsHash, pretrain, type StepReport } from "./trainer.ts";

const USAGE = `Makes the weights of the shipped base model.

  node dist/devnet/base-model/pretrain.js [options]

  --out DIR         where the model goes (default: the committed one's folder)
  --checkpoint DIR  where the run's state is kept, every five minutes; the same folder goes on where it stopped
                    (default: openledger-base-model in the system's folder for temporary files)
  --tokenizer FILE  tokenizer.json (default: the committed one)
  --steps N         stop after step N of ${TRAINING_STEPS}
  --hash            print the hash of the weights after --steps steps (default 20) and write nothing
  --threads N       threads (default: all cores)
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: baseModelFolder() },
      checkpoint: { type: "string", default: join(tmpdir(), "openledger-base-model") },
      tokenizer: { type: "string", default: join(baseModelFolder(), "tokenizer.json") },
      steps: { type: "string" },
      hash: { type: "boolean", default: false },
      threads: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const steps = count("--steps", values.steps);
  const session = { threads: count("--threads", values.threads) };
  const tokenizerJson = readFileSync(values.tokenizer, "utf8");
  if (values.hash) {
    process.stdout.write(`${await firstStepsHash(tokenizerJson, steps ?? 20, session)}\n`);
    return;
  }
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const trainer = await pretrain({
    tokenizerJson,
    checkpoint: values.checkpoint,
    steps,
    session,
    onStep: report,
    signal: stop.signal,
  });
  exportModel(values.out, BASE_MODEL, trainer.state().weights, tokenizerJson);
  process.stdout.write(`wrote ${values.out}\n`);
}

function report({ step, tokens, loss, norm, tokensPerSecond }: StepReport): void {
  if (step % 20 !== 0) return;
  const figures = [
    `step ${step}/${TRAINING_STEPS}`,
    `${tokens} tokens`,
    `loss ${loss.toFixed(4)}`,
    `norm ${norm.toFixed(2)}`,
  ];
  process.stdout.write(`${figures.join("  ")}  ${Math.round(tokensPerSecond)} tokens/s\n`);
}

function count(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw devnetError("FLAG_INVALID", {
    message: `${flag} ${text} is not a positive whole number`,
    fix: `give a number, such as ${flag} 20`,
    facts: { flag, text },
  });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
