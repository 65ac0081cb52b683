import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { RegisteredModel } from "../client/models.ts";
import { checkChain, checkSignature } from "./chain-checks.ts";
import { type Check, CheckList } from "./checks.ts";
import { checkPayout } from "./payout-checks.ts";
import type { Receipt } from "./receipt.ts";
import { type Answered, checkAnswer, type RecomputeOptions } from "./recompute.ts";

export interface VerifyOptions extends RecomputeOptions {
  receipt: Receipt;
  /** The chain to compare with; absent: only what the receipt says of the chain is used, and a check says so. */
  chain?: { client: ChainClient; at: ProtocolAddresses };
  /** Told each check as it is done. */
  onCheck?: (check: Check) => void;
}

export interface Verification {
  ok: boolean;
  checks: readonly Check[];
}

/** Recomputes an inference and its payout and compares every number with the receipt and the chain; see {@link checkAnswer}. */
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
  await checkAnswer(list, options, registered, answeredOf(receipt));
  await checkPayout(list, receipt);
  return { ok: list.ok, checks: list.checks };
}

function answeredOf({ request, computed, ...receipt }: Receipt): Answered {
  const { maxTokensIn, maxTokensOut, requestHash } = request;
  return { ...receipt, maxTokensIn, maxTokensOut, requestHash, computed };
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
