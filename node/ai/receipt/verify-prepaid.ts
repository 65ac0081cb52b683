import { recoverMessageAddress } from "viem";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { RegisteredModel } from "../client/models.ts";
import { GREEDY } from "../client/request-hash.ts";
import { earnedOf } from "../epoch/epoch.ts";
import { prepaidHash } from "../epoch/prepaid.ts";
import { checkContributors, checkModel } from "./chain-checks.ts";
import { type Check, CheckList, expectSame } from "./checks.ts";
import { checkEpoch } from "./epoch-checks.ts";
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
    await checkContract(list, receipt, chain);
    await checkModel(list, receipt.model, receipt.answer.claim.modelId, chain, (model) => {
      registered = model;
    });
    await checkContributors(list, receipt.answer, chain.client, chain.at);
    receipt = await checkEpoch(list, receipt, chain, source);
  } else list.skip("chain", "not compared with a chain: give a node to do so", "on chain");
  await checkSignature(list, receipt);
  const { answer } = receipt;
  const { requestHash, tokensIn } = answer.claim;
  await checkAnswer(list, options, registered, {
    ...{ ...answer, requestHash, maxTokensIn: tokensIn },
    ...{ sampling: GREEDY, computed: "unsaid", verbatim: undefined },
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

async function checkContract(
  list: CheckList,
  { answer }: PrepaidReceipt,
  { client, at }: NonNullable<VerifyPrepaidOptions["chain"]>,
): Promise<void> {
  await list.check(
    "chain and contract",
    () => {
      expectSame("chain id", answer.chainId, client.chain.id);
      expectSame("contract of purses", answer.epochs, at.epochs);
      return `chain ${client.chain.id}, epochs ${at.epochs}`;
    },
    "on chain",
  );
}

/** It binds the host to this answer, in an epoch or not. */
async function checkSignature(list: CheckList, { answer }: PrepaidReceipt): Promise<void> {
  await list.check("host's signature", async () => {
    const { chainId, epochs, payer, host, claim, hostSignature } = answer;
    const raw = prepaidHash(chainId, epochs, payer, claim);
    const signer = await recoverMessageAddress({ message: { raw }, signature: hostSignature });
    expectSame("signer", signer.toLowerCase(), host);
    return `${host} signed the claim of this answer to ${payer}`;
  });
}

/** Divides the contributors' part of the net fee as the weights say, and compares it with what stands in the epoch. */
async function checkParts(list: CheckList, { answer, model, place, proof }: PrepaidReceipt): Promise<void> {
  if (place === null) {
    list.skip("split", "the answer stands in no epoch yet", "waits");
    return;
  }
  if (!proof?.payouts) {
    list.skip("split", "the epoch's payouts are not to be had", "waits");
    return;
  }
  const { net, payouts } = proof;
  await list.check("split", () => {
    const { payer, claim } = answer;
    const terms = { modelId: claim.modelId, rateIn: 0n, rateOut: 0n, platformBps: 0 };
    const parts = earnedOf({ ...terms, contributorsBps: model.split.contributors }, { payer, net, claim });
    const due = claim.list.contributionIds
      .map((contributionId, i) => ({ contributionId, amount: parts[i] ?? 0n }))
      .filter(({ amount }) => amount > 0n);
    const found = payouts.map(({ contributionId, amount }) => ({ contributionId, amount }));
    const inOrder = (all: typeof due) => [...all].sort((a, b) => Number(a.contributionId - b.contributionId));
    expectSame("contributors' parts", inOrder(found), inOrder(due));
    const sum = due.reduce((all, { amount }) => all + amount, 0n);
    return `${sum} of ${net} wei net divided among ${due.length} contributions as the claim's weights say`;
  });
}
