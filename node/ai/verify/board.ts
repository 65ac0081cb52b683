import { decodeFunctionData } from "viem";
import { epochAuditsAbi } from "../../chain/generated/abi.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { casesIn } from "../client/audits.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { type Claim, postedClaims } from "../client/claims.ts";
import { rpcSource } from "../client/content.ts";
import { shownLeavesOf } from "../client/epoch-demands.ts";
import { epochsIn, getEpoch, isLeafOpened } from "../client/epochs.ts";
import { getRequest } from "../client/market.ts";
import type { ContentSource } from "../content/source.ts";
import { epochIdOfRequest, positionOfRequest } from "../epoch/epoch.ts";
import { publishedEpoch } from "../epoch/published.ts";
import { aiError } from "../errors.ts";

/** Where claims stand that panels run again: in the market, or in epochs. */
export interface ClaimBoard {
  /** The protocol's contracts; `audits` are those of this board's claims. */
  at: ProtocolAddresses;
  /** The claims are epochs' inferences: their requests are not on chain. */
  isOfEpochs: boolean;
  /** A claim of which there is a case. @throws CodedError `CLAIM_MISSING` where it can't be read. */
  claim(requestId: bigint): Promise<Claim>;
  /** Whether a claim can still fall, and which L1 block says what is audited. */
  standing(requestId: bigint): Promise<{ isOpen: boolean; seedBlock: bigint }>;
}

/** Claims of single requests. */
export function marketBoard(client: ChainClient, at: ProtocolAddresses): ClaimBoard {
  return {
    at,
    isOfEpochs: false,
    async claim(requestId) {
      const to = await client.public.getBlockNumber();
      const posted = (await postedClaims(client, at, { from: 0n, to, requestId })).at(-1);
      if (posted === undefined) throw claimMissing(requestId);
      return posted.claim;
    },
    async standing(requestId) {
      const { status, seedBlock } = await getRequest(client, at, requestId);
      return { isOpen: status === "claimed", seedBlock };
    },
  };
}

/**
 * Inferences of epochs, opened as claims.
 * @param content of the epochs' leaves; the node's unless given
 */
export function epochBoard(
  client: ChainClient,
  at: ProtocolAddresses,
  content: ContentSource = rpcSource(client),
): ClaimBoard {
  return {
    at: { ...at, audits: at.epochAudits },
    isOfEpochs: true,
    async claim(requestId) {
      const claim =
        (await claimInCall(client, at, requestId)) ??
        (await claimInLeaves(client, at, content, requestId)) ??
        (await claimInDemand(client, at, requestId));
      if (claim === undefined) throw claimMissing(requestId);
      return claim;
    },
    async standing(requestId) {
      const { status, seedBlock } = await getEpoch(client, at, epochIdOfRequest(requestId));
      return { isOpen: status === "closed", seedBlock };
    },
  };
}

/** The claim in the call that opened a case; the chain says whether it is the inference's. */
async function claimInCall(
  client: ChainClient,
  at: ProtocolAddresses,
  requestId: bigint,
): Promise<Claim | undefined> {
  const cases = await casesIn(client, { audits: at.epochAudits }, { from: 0n, requestId });
  for (const { transactionHash: hash } of cases) {
    const { input } = await client.public.getTransaction({ hash });
    const claim = claimOfCall(input);
    if (claim?.requestId === requestId && (await isLeafOpened(client, at, claim))) return claim;
  }
  return undefined;
}

/** Whoever opens a case by way of another contract hides the claim from no panel: the leaves have it. */
async function claimInLeaves(
  client: ChainClient,
  at: ProtocolAddresses,
  content: ContentSource,
  requestId: bigint,
): Promise<Claim | undefined> {
  const range = { from: 0n, to: await client.public.getBlockNumber(), epochId: epochIdOfRequest(requestId) };
  const [closed] = await epochsIn(client, at, range);
  const published = closed && (await publishedEpoch(content, closed));
  const claim = published?.epoch.inferences[positionOfRequest(requestId)]?.claim;
  return claim && (await isLeafOpened(client, at, claim)) ? claim : undefined;
}

/** Nor does who shows its leaves only where they are demanded. */
async function claimInDemand(
  client: ChainClient,
  at: ProtocolAddresses,
  requestId: bigint,
): Promise<Claim | undefined> {
  const shown = await shownLeavesOf(client, at, epochIdOfRequest(requestId));
  for (const { claim } of shown)
    if (claim.requestId === requestId && (await isLeafOpened(client, at, claim))) return claim;
  return undefined;
}

function claimOfCall(data: Hex): Claim | undefined {
  try {
    const { functionName, args } = decodeFunctionData({ abi: epochAuditsAbi, data });
    return functionName === "audit" || functionName === "dispute" ? args[0] : undefined;
  } catch {
    return undefined;
  }
}

function claimMissing(requestId: bigint) {
  return aiError("CLAIM_MISSING", {
    message: `the chain shows no claim of request ${requestId}`,
    fix: "its epoch's leaves may be on another node: try again, or demand the leaf on chain",
    facts: { requestId },
  });
}
