import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { RegisteredModel } from "../client/models.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import {
  checkedPrompt,
  claimOf,
  type Inference,
  loadServedModel,
  runInference,
  type ServedModel,
} from "../serve/inference.ts";
import { checkChain, checkSignature } from "./chain-checks.ts";
import { type Check, CheckFailed, CheckList, expectSame } from "./checks.ts";
import { contributorParts, payoutOf } from "./payout.ts";
import type { Receipt } from "./receipt.ts";
import { checkProvenance, checkTraining, type TrainingCheckOptions } from "./training-checks.ts";

export interface VerifyOptions extends TrainingCheckOptions {
  /** The chain to compare with; absent: only what the receipt says of the chain is used, and a check says so. */
  chain?: { client: ChainClient; at: ProtocolAddresses };
  /** Make the index again from the snapshots' rows and the adapter. */
  index?: boolean;
  /** Replay the fine-tuning. */
  train?: boolean;
  /** Told each check as it is done. */
  onCheck?: (check: Check) => void;
}

export interface Verification {
  ok: boolean;
  checks: readonly Check[];
}

/**
 * Recomputes an inference and its payout and compares every number with the receipt and the chain, and every record of the
 * index with the rows of the frozen snapshots. Nothing that is fetched is believed: contents are checked against their hashes,
 * hashes against the registry.
 */
export async function verifyReceipt(options: VerifyOptions): Promise<Verification> {
  const { receipt, chain } = options;
  const list = new CheckList(options.onCheck);
  let registered = modelOfReceipt(receipt);
  if (chain) {
    await checkChain(list, receipt, chain.client, chain.at, (model) => {
      registered = model;
    });
  } else list.skip("chain", "not compared with a chain: give a node to do so", "on chain");
  await checkSignature(list, receipt);
  let model: ServedModel | undefined;
  await list.check("documents", async () => {
    model = await loadServedModel(options.source, registered);
    const files =
      model.manifest.base.length + model.manifest.tokenizer.length + model.manifest.adapter.length;
    return `${files} files, method, basis and index of ${model.index.commitment.rows} rows have their hashes`;
  });
  if (model) {
    await checkInference(list, options, model);
    const set = await checkProvenance(list, options, model);
    if (set && (options.index || options.train)) await checkTraining(list, options, model, set);
  }
  await checkPayout(list, receipt);
  return { ok: list.ok, checks: list.checks };
}

/** What the receipt says is registered. */
function modelOfReceipt({ model, request }: Receipt): RegisteredModel {
  return {
    ...model,
    modelId: request.modelId,
    status: "registered",
    open: true,
    pendingUntil: 0n,
    rateIn: request.rateIn,
    rateOut: request.rateOut,
  };
}

async function checkInference(list: CheckList, options: VerifyOptions, model: ServedModel): Promise<void> {
  const { receipt, session, signal } = options;
  const { claim, request } = receipt;
  await list.check("prompt", async () => {
    const promptIds = await checkedPrompt(model.base, receipt.prompt);
    const { maxTokensIn, maxTokensOut } = request;
    const { adapterHash } = receipt.model;
    expectSame("sampling", receipt.sampling, GREEDY);
    const terms = {
      ...{ salt: receipt.salt, promptIds, adapterHash, maxTokensIn, maxTokensOut },
      sampling: receipt.sampling,
    };
    expectSame("request hash", hashOfRequest(terms), request.requestHash);
    expectSame("prompt tokens", claim.tokensIn, promptIds.length);
    return `${promptIds.length} tokens, adapter, sampling and limits have the request's hash`;
  });
  let again: Inference | undefined;
  const recomputed = (): Inference => {
    if (again) return again;
    throw new CheckFailed("the answer could not be recomputed");
  };
  const claimed = () => claimOf(recomputed(), claim);
  await list.check("answer", async () => {
    again = await runInference(session, model, receipt.prompt, request.maxTokensOut, signal);
    const found = claimed().claim;
    expectSame("answer tokens", receipt.outputIds, again.outputIds);
    expectSame("answer", receipt.answer, again.answer);
    expectSame("answer's hash", claim.outputHash, found.outputHash);
    expectSame("number of answer tokens", claim.tokensOut, found.tokensOut);
    return `the same ${again.outputIds.length} tokens: ${JSON.stringify(again.answer)}`;
  });
  await list.check("query sketch", () => {
    expectSame("query sketch", receipt.query, claimed().query);
    expectSame("query's hash", claim.queryHash, claimed().claim.queryHash);
    return `the same ${model.index.commitment.dimension} integers and exponent`;
  });
  await list.check("scores", () => {
    const { scores, list: found } = recomputed();
    for (const key of ["rowIds", "scores", "gains"] as const) expectSame(key, claim.list[key], found[key]);
    return `the best ${found.rowIds.length} of ${scores.length} rows, the same scores`;
  });
  await list.check("weights", () => {
    const { list: found } = recomputed();
    for (const key of ["floor", "contributionIds", "weights"] as const)
      expectSame(key, claim.list[key], found[key]);
    expectSame("earned part", claim.earnedBps, claimed().claim.earnedBps);
    return `the same weights of ${found.weights.length} contributions above the floor ${found.floor}`;
  });
}

async function checkPayout(list: CheckList, receipt: Receipt): Promise<void> {
  const { settlement } = receipt;
  if (!settlement) {
    list.skip("split", "the receipt was made before the settlement", "waits");
    return;
  }
  await list.check("split", () => {
    const hasStakers = settlement.payout.stakers > 0n || receipt.model.split.stakers === 0;
    const payout = payoutOf(receipt, hasStakers);
    for (const key of Object.keys(payout) as (keyof typeof payout)[]) {
      expectSame(key, settlement.payout[key], payout[key]);
    }
    expectSame("fee", settlement.fee, receipt.request.escrow - payout.refund);
    const parts = contributorParts(receipt, payout);
    const payments = parts.map((amount, i) => ({
      contributionId: receipt.claim.list.contributionIds[i],
      to: receipt.contributors[i]?.contributor,
      amount,
    }));
    expectSame("contributors' payments", settlement.paid, payments);
    const total = Object.values(payout).reduce((sum, part) => sum + part, 0n);
    expectSame("sum of all parts", total, receipt.request.escrow);
    return `${settlement.fee} wei divided as the claim's weights say; all parts sum to the escrow`;
  });
}
