import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { type Claim, postedClaims } from "../client/claims.ts";
import { getEpoch, openedLeaf } from "../client/epochs.ts";
import { getRequest } from "../client/market.ts";
import { epochIdOfRequest, positionOfRequest } from "../epoch/epoch.ts";
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
    async claim(requestId) {
      const [epochId, position] = [epochIdOfRequest(requestId), positionOfRequest(requestId)];
      const claim = await openedLeaf(client, at, epochId, position);
      if (claim === undefined) throw claimMissing(requestId);
      return claim;
    },
    async standing(requestId) {
      const { status, seedBlock } = await getEpoch(client, at, epochIdOfRequest(requestId));
      return { isOpen: status === "closed", seedBlock };
    },
  };
}

function claimMissing(requestId: bigint) {
  return aiError("CLAIM_MISSING", {
    message: `the chain shows no claim of request ${requestId}`,
    fix: "it was not posted, or its epoch's inference was not opened yet: look at the request's case",
    facts: { requestId },
  });
}
