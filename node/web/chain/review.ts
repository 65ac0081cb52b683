import { encodeFunctionData, zeroAddress } from "viem";
import { privateKeyToAccount, toAccount } from "viem/accounts";
import type { SentTransaction } from "../../ai/client/chain.ts";
import { getDatanet } from "../../ai/client/datanets.ts";
import { ballotOf, refusalOf, type Vote } from "../../ai/client/reviews.ts";
import { reviewersAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import type { Protocol } from "./connection.tsx";
import type { Signer } from "./signer.ts";
import { signText, transact } from "./transact.ts";

/** What stands between an account and a vote in a datanet. */
export interface Standing {
  isReviewer: boolean;
  /** Wei of the bond that is missing. */
  missing: bigint;
}

/** How an account stands in a datanet. */
export async function standingOf(
  { client, at }: Protocol,
  datanetId: bigint,
  account: Address | undefined,
): Promise<Standing> {
  const args = [datanetId, account ?? zeroAddress] as const;
  const place = { address: at.reviewers, abi, args } as const;
  const [isReviewer, bond, { stake }] = await Promise.all([
    client.public.readContract({ ...place, functionName: "isReviewer" }),
    client.public.readContract({ ...place, functionName: "bondOf" }),
    getDatanet(client, at, datanetId),
  ]);
  return { isReviewer, missing: bond.isBonded && bond.amount >= stake ? 0n : stake - bond.amount };
}

/** Binds what is missing of a reviewer's bond. */
export function bind(
  { client, at }: Protocol,
  signer: Signer,
  datanetId: bigint,
  missing: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "bondReviewer", args: [datanetId] });
  return transact(client, signer, { to: at.reviewers, data, value: missing });
}

/** Where a vote stands after a step: hidden until it is opened, or open. */
export type VoteState = "committed" | "opened";

/** Takes the next step of a vote: commits to it, or opens it once its time has come. Done again with the same vote it goes on. */
export async function stepVote({ client, at }: Protocol, signer: Signer, order: Vote): Promise<VoteState> {
  const { commit, open } = await ballotOf(client, at, signingAccount(client, signer), order);
  const to = at.datanets;
  const closed = await refusalOf(client, signer.address, to, open);
  if (closed === undefined) {
    await transact(client, signer, { to, data: open });
    return "opened";
  }
  if (closed === "NotRevealTime" && (await refusalOf(client, signer.address, to, commit)) !== undefined) {
    throw webError("VOTE_HIDDEN", {
      message: "Your vote is in. It opens when all reviewers have voted, or when the time for votes is over.",
      fix: "Come back then and give the same vote with the same reason: it opens.",
    });
  }
  await transact(client, signer, { to, data: commit });
  // With all votes in, it can be opened at once.
  if ((await refusalOf(client, signer.address, to, open)) !== undefined) return "committed";
  await transact(client, signer, { to, data: open });
  return "opened";
}

/** The signer as an account that signs messages; transactions go another way. */
function signingAccount(client: Protocol["client"], signer: Signer) {
  if (signer.kind === "devnet") return privateKeyToAccount(signer.account.privateKey as Hex);
  const refuse = () => Promise.reject(new Error("this account signs messages alone"));
  return toAccount({
    address: signer.address,
    signMessage: ({ message }) => signText(client, signer, String(message)),
    signTransaction: refuse,
    signTypedData: refuse,
  });
}
