import { recoverMessageAddress } from "viem";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { earnedOf } from "../epoch/epoch.ts";
import { prepaidHash } from "../epoch/prepaid.ts";
import { type CheckList, expectSame } from "./checks.ts";
import type { PrepaidReceipt } from "./prepaid-receipt.ts";

/** The answer is of this chain, and of its purses. */
export async function checkPurses(
  list: CheckList,
  { answer }: PrepaidReceipt,
  { client, at }: { client: ChainClient; at: ProtocolAddresses },
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
export async function checkPromise(list: CheckList, { answer }: PrepaidReceipt): Promise<void> {
  await list.check("host's signature", async () => {
    const { chainId, epochs, payer, host, claim, hostSignature } = answer;
    const raw = prepaidHash(chainId, epochs, payer, claim);
    const signer = await recoverMessageAddress({ message: { raw }, signature: hostSignature });
    expectSame("signer", signer.toLowerCase(), host);
    return `${host} signed the claim of this answer to ${payer}`;
  });
}

/** Divides the contributors' part of the net fee as the weights say, and compares it with what stands in the epoch. */
export async function checkParts(
  list: CheckList,
  { answer, model, place, proof }: PrepaidReceipt,
): Promise<void> {
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
    const terms = { contributorsBps: model.split.contributors };
    const due = earnedOf(terms, { net, claim: answer.claim }).filter(({ amount }) => amount > 0n);
    const found = payouts.map(({ contributionId, amount }) => ({ contributionId, amount }));
    const inOrder = (all: typeof due) => [...all].sort((a, b) => Number(a.contributionId - b.contributionId));
    expectSame("contributors' parts", inOrder(found), inOrder(due));
    const sum = due.reduce((all, { amount }) => all + amount, 0n);
    return `${sum} of ${net} wei net divided among ${due.length} contributions as the claim's weights say`;
  });
}
