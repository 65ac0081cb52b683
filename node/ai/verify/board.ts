import { decodeFunctionData } from "viem";
import { epochAuditsAbi } from "../../chain/generated/abi.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { casesIn } from "../client/audits.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { type Claim, postedClaims } from "../client/claims.ts";
import { getEpoch, isLeafOpened } from "../client/epochs.ts";
import { getRequest } from "../client/market.ts";
import { epochIdOfRequest } from "../epoch/epoch.ts";
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

/** Inferences of epochs, opened as claims. */
export function epochBoard(client: ChainClient, at: ProtocolAddresses): ClaimBoard {
  return {
    at: { ...at, audits: at.epochAudits },
    isOfEpochs: true,
    claim: (requestId) => claimOfCase(client, at, requestId),
    async standing(requestId) {
      const { status, seedBlock } = await getEpoch(client, at, epochIdOfRequest(requestId));
      return { isOpen: status === "closed", seedBlock };
    },
  };
}

/** The claim in the call that opened a case; the chain says whether it is the inference's. */
async function claimOfCase(client: ChainClient, at: ProtocolAddresses, requestId: bigint): Promise<Claim> {
  const cases = await casesIn(client, { audits: at.epochAudits }, { from: 0n, requestId });
  for (const { transactionHash: hash } of cases) {
    const { input } = await client.public.getTransaction({ hash });
    const claim = claimOfCall(input);
    if (claim?.requestId === requestId && (await isLeafOpened(client, at, claim))) return claim;
  }
  throw claimMissing(requestId);
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
    fix: "it may have been opened by another contract's call: look at the case's transaction",
    facts: { requestId },
  });
}
