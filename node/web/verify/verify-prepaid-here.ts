import { epochsIn } from "../../ai/client/epochs.ts";
import { checkContributors, checkModel } from "../../ai/receipt/chain-checks.ts";
import { type Check, CheckList } from "../../ai/receipt/checks.ts";
import { checkEpoch } from "../../ai/receipt/epoch-checks.ts";
import { checkParts, checkPromise, checkPurses } from "../../ai/receipt/prepaid-checks.ts";
import type { PrepaidReceipt } from "../../ai/receipt/prepaid-receipt.ts";
import { checkClaimHere, type Sources } from "./verify-claim.ts";
import { keptOfEpoch, keptOfModel, proveKept, type StateSides } from "./verify-state.ts";

export interface VerifyPrepaidHereOptions extends Sources, StateSides {
  receipt: PrepaidReceipt;
  /** Told each check as it is done. */
  onCheck: (check: Check) => void;
}

/** Checks an answer that a purse paid for as far as no model has to run: as a single request's receipt, and in its epoch. */
export async function verifyPrepaidHere(options: VerifyPrepaidHereOptions): Promise<readonly Check[]> {
  const { client, at, source, onCheck } = options;
  const list = new CheckList(onCheck);
  const said = options.receipt;
  await checkPurses(list, said, options);
  await checkModel(list, said.model, said.answer.claim.modelId, options, () => undefined);
  await checkContributors(list, said.answer, client, at);
  const receipt = await checkEpoch(list, said, { client, at }, source);
  await checkState(list, receipt, options);
  await checkPromise(list, receipt);
  await checkClaimHere(list, { ...receipt.answer, model: receipt.model }, options);
  await checkParts(list, receipt);
  return list.checks;
}

/** The roots of its epoch, and the model's hashes. */
async function checkState(
  list: CheckList,
  { place, model, answer }: PrepaidReceipt,
  options: VerifyPrepaidHereOptions,
): Promise<void> {
  const { client, at } = options;
  const ofModel = keptOfModel(answer.claim.modelId, model, at);
  const to = await client.public.getBlockNumber();
  const [closed] = place === null ? [] : await epochsIn(client, at, { from: 0n, to, epochId: place.epochId });
  if (closed === undefined)
    return proveKept(list, "state proof of the model", options, { kept: ofModel, since: to });
  const kept = [...keptOfEpoch(closed.epochId, closed.closing, at), ...ofModel];
  await proveKept(list, "state proof of epoch and model", options, { kept, since: closed.blockNumber });
}
