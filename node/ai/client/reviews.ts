import { type Account, encodeFunctionData, keccak256, stringToBytes } from "viem";
import { datanetRegistryAbi as abi, reviewersAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { getContribution, getDatanet } from "./datanets.ts";
import { asCodedError } from "./refusals.ts";

type At = Pick<ProtocolAddresses, "datanets">;

/** What a reviewer says of a contribution; the chain keeps the reason's hash. */
export interface Vote {
  contributionId: bigint;
  approve: boolean;
  reason: string;
}

const NO_REASON: Hash = `0x${"00".repeat(32)}`;

/** Binds what is missing of a reviewer's bond: the datanet's stake. Undefined where nothing is missing. */
export async function bondReviewer(
  client: ChainClient,
  at: At & Pick<ProtocolAddresses, "reviewers">,
  account: Account,
  datanetId: bigint,
): Promise<(SentTransaction & { bound: bigint }) | undefined> {
  const args = [datanetId, account.address] as const;
  const place = { address: at.reviewers, abi: reviewersAbi } as const;
  const bond = await client.public.readContract({ ...place, functionName: "bondOf", args });
  const { stake } = await getDatanet(client, at, datanetId);
  const bound = stake - bond.amount;
  if (bond.isBonded && bound === 0n) return undefined;
  const data = encodeFunctionData({ abi: reviewersAbi, functionName: "bondReviewer", args: [datanetId] });
  return { ...(await send(client, account, { to: at.reviewers, data, value: bound })), bound };
}

/** The calls of a vote, in their order. */
export interface Ballot {
  commit: Hex;
  open: Hex;
}

/**
 * Votes as far as it can be done now: commits to the vote, and opens it once its time has come. Called again with the same vote it
 * goes on. The salt follows from the account's signature, so that nothing has to be kept in between.
 * @returns what was sent, if anything; `opensAt`: while the vote is hidden, the chain's second after which it opens at the latest.
 * @throws CodedError `SIGNER_UNSUITABLE` for an account that signs no messages, and as {@link send}.
 */
export async function vote(
  client: ChainClient,
  at: At,
  account: Account,
  order: Vote,
): Promise<{ sent: SentTransaction | undefined; opensAt: bigint | undefined }> {
  const { commit, open } = await ballotOf(client, at, account, order);
  const to = at.datanets;
  const refusal = (data: Hex) => refusalOf(client, account, to, data);
  let sent: SentTransaction | undefined;
  const unheard = await refusal(commit);
  if (unheard === undefined) sent = await send(client, account, { to, data: commit });
  const closed = await refusal(open);
  const isCast = sent !== undefined || unheard === "AlreadyVoted";
  if (closed === "NotRevealTime" && isCast) {
    const { voteDeadline } = await getContribution(client, at, order.contributionId);
    return { sent, opensAt: voteDeadline };
  }
  // Where neither is possible, the refusal of the one that belongs now says why.
  const data = closed === "VoteMissing" || closed === "NotRevealTime" ? commit : open;
  return { sent: await send(client, account, { to, data }), opensAt: undefined };
}

/** The calls of a vote; its salt follows from the account's signature. @throws CodedError `SIGNER_UNSUITABLE`. */
export async function ballotOf(
  client: ChainClient,
  { datanets }: At,
  account: Account,
  { contributionId, approve, reason }: Vote,
): Promise<Ballot> {
  if (account.type !== "local") {
    throw aiError("SIGNER_UNSUITABLE", {
      message: "this account cannot sign the message that a vote's salt is made of",
      fix: "vote with a key of your own",
    });
  }
  const message = `OpenLedger vote: chain ${client.chain.id}, registry ${datanets}, contribution ${contributionId}`;
  const salt = keccak256(await account.signMessage({ message }));
  const reasonHash = hashOfReason(reason);
  const voteHash = await client.public.readContract({
    address: datanets,
    abi,
    functionName: "voteHashOf",
    args: [contributionId, account.address, approve, reasonHash, salt],
  });
  return {
    commit: encodeFunctionData({ abi, functionName: "commitVote", args: [contributionId, voteHash] }),
    open: encodeFunctionData({
      abi,
      functionName: "revealVote",
      args: [contributionId, approve, reasonHash, salt],
    }),
  };
}

/** The name of the error with which the registry refuses the call now; undefined if it does not. */
export async function refusalOf(
  client: ChainClient,
  account: Account | Address,
  to: Address,
  data: Hex,
): Promise<string | undefined> {
  try {
    await client.public.call({ account, to, data });
    return undefined;
  } catch (cause) {
    const error = asCodedError(cause);
    if (error.code !== "TRANSACTION_REVERTED") throw error;
    return String(error.facts.error);
  }
}

/** One reviewer's vote to take an accepted contribution out; the quorum does it, and a stake that is still held is lost. */
export function voteExclude(
  client: ChainClient,
  { datanets }: Pick<ProtocolAddresses, "datanets">,
  account: Account,
  contributionId: bigint,
  reason: string,
): Promise<SentTransaction> {
  const args = [contributionId, hashOfReason(reason)] as const;
  return send(client, account, {
    to: datanets,
    data: encodeFunctionData({ abi, functionName: "voteExclude", args }),
  });
}

const hashOfReason = (reason: string): Hash => (reason === "" ? NO_REASON : keccak256(stringToBytes(reason)));
