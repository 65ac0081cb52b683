import { resolve } from "node:path";
import { reseeded } from "../../node/ai/evaluation/reseeded.ts";
import { CodedError } from "../../node/base/errors.ts";
import { methodOf } from "./base.ts";
import type { Judge } from "./causal.ts";
import { meanLines } from "./cell.ts";
import { comparisonLines } from "./comparison.ts";
import { type AskOnChain, evaluate, evaluationLines, type Measured, writeEvaluation } from "./evaluate.ts";
import { type FactSet, readFactFolder } from "./facts.ts";
import { type AskFlags, formsOf, numberOf, payersOf, wordingsOf } from "./flags.ts";
import { Hand } from "./hand.ts";
import { startOwnDevnet } from "./own-devnet.ts";
import type { Form } from "./trial.ts";

interface MeasureFlags extends AskFlags {
  facts: string;
  json?: string;
  "data-dir"?: string;
  "no-chain"?: boolean;
  shapley?: boolean;
  seeds: string;
  rpc?: string;
  funder: string;
  host: string;
}

/**
 * Measures a folder of facts: on chain, unless told otherwise, and by training again without each contributor, unless told otherwise.
 * @throws CodedError `NUMBER_INVALID`, `SEEDS_WITH_CHAIN`.
 */
export async function measureFacts(flags: MeasureFlags): Promise<void> {
  const set = readFactFolder(resolve(flags.facts));
  const seeds = numberOf("seeds", flags.seeds, 1);
  if (seeds > 1 && !flags["no-chain"]) {
    throw new CodedError("SEEDS_WITH_CHAIN", "fatal", {
      message: `--seeds ${seeds} without --no-chain: a model on chain is trained once`,
      fix: "add --no-chain",
    });
  }
  const own = flags["no-chain"] || flags["data-dir"] !== undefined ? undefined : await startOwnDevnet();
  try {
    const dataDir = own?.dataDir ?? flags["data-dir"];
    const askOnChain =
      flags["no-chain"] || dataDir === undefined ? undefined : await askerOnChain(set, flags, dataDir);
    const method = await methodOf(flags.method, flags.base);
    const [forms, wordings] = [formsOf(flags), wordingsOf(flags)];
    const what = { set, baseFolder: flags.base, judge: judgeOf(flags), forms, wordings, askOnChain };
    const measured: Measured[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      const found = await evaluate({ ...what, method: reseeded(method, seed) });
      const title = seeds === 1 ? set.name : `${set.name}, seed ${seed}:`;
      process.stdout.write(`${evaluationLines(title, found).join("\n")}\n`);
      measured.push(found);
    }
    const answers = measured.flatMap((found) => found.answers);
    const means = meanLines(
      set.name,
      measured.map(({ cells }) => cells),
    );
    process.stdout.write([...means, ...comparisonLines(set.name, answers), ""].join("\n"));
    if (flags.json !== undefined) writeEvaluation(flags.json, measured);
  } finally {
    await own?.stop();
  }
}

function judgeOf(flags: MeasureFlags): Judge {
  if (flags.shapley) return "shapley";
  return flags["no-causal"] ? "none" : "leave-one-out";
}

/** Makes the set's datanets and models on a devnet, and gives what asks them. */
async function askerOnChain(set: FactSet, flags: MeasureFlags, dataDir: string): Promise<AskOnChain> {
  const { rpc, funder, host, method, base } = flags;
  const hand = new Hand({ dataDir: resolve(dataDir), rpc, funder, host, method, base });
  const contributors = set.contributors.map(({ name }) => name);
  const payers = payersOf(flags);
  await hand.haveAccounts(["owner", "reviewer", ...payers, ...contributors]);
  const models = new Map<Form, string>();
  for (const form of formsOf(flags))
    models.set(form, await hand.makeModel(`${set.name}-${form}`, await hand.fillDatanet(set, form)));
  const ask: AskOnChain["ask"] = ({ form, wording, index }, payer) => {
    const fact = set.facts[index]!;
    return hand.ask(models.get(form)!, wording === "own" ? fact.question : fact.reworded, payer);
  };
  return { payers, ask };
}
