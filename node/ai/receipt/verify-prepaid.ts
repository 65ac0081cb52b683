import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { RegisteredModel } from "../client/models.ts";
import { GREEDY } from "../client/request-hash.ts";
import { checkContributors, checkModel } from "./chain-checks.ts";
import { type Check, CheckList } from "./checks.ts";
import { checkEpoch } from "./epoch-checks.ts";
import { checkParts, checkPromise, checkPurses } from "./prepaid-checks.ts";
import type { PrepaidReceipt } from "./prepaid-receipt.ts";
import { checkAnswer, type RecomputeOptions } from "./recompute.ts";
import type { Verification } from "./verify.ts";

export interface VerifyPrepaidOptions extends RecomputeOptions {
  receipt: PrepaidReceipt;
  /** The chain to compare with; absent: only what the receipt says is used, and a check says so. */
  chain?: { client: ChainClient; at: ProtocolAddresses };
  /** Told each check as it is done. */
  onCheck?: (check: Check) => void;
}

/**
 * Recomputes an answer that a purse paid for, and what it paid contributors, and compares every number with the receipt, with its epoch on
 * chain and with the model's documents; see `checkAnswer`.
 */
export async function verifyPrepaid(options: VerifyPrepaidOptions): Promise<Verification> {
  const { chain, source } = options;
  const list = new CheckList(options.onCheck);
  let { receipt } = options;
  let registered = modelOfReceipt(receipt);
  if (chain) {
    await checkPurses(list, receipt, chain);
    await checkModel(list, receipt.model, receipt.answer.claim.modelId, chain, (model) => {
      registered = model;
    });
    await checkContributors(list, receipt.answer, chain.client, chain.at);
    receipt = await checkEpoch(list, receipt, chain, source);
  } else list.skip("chain", "not compared with a chain: give a node to do so", "on chain");
  await checkPromise(list, receipt);
  const { answer } = receipt;
  const { requestHash, tokensIn } = answer.claim;
  await checkAnswer(list, options, registered, {
    ...{ ...answer, requestHash, maxTokensIn: tokensIn },
    ...{ sampling: GREEDY, computed: "unsaid" },
  });
  await checkParts(list, receipt);
  return { ok: list.ok, checks: list.checks };
}

/** What the receipt says is registered. */
function modelOfReceipt({ model, answer }: PrepaidReceipt): RegisteredModel {
  const { rateIn, rateOut, claim } = answer;
  return {
    ...{ ...model, modelId: claim.modelId, rateIn, rateOut },
    ...{ status: "registered", open: true, pendingUntil: 0n },
  };
}
