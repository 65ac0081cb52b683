import type { LocalAccount } from "viem";
import { checkList, checkQuery } from "../../../precompiles/influence-verifier/form.ts";
import { PrecompileRevert } from "../../../precompiles/revert.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { queryBytes } from "../attribution/record.ts";
import { NO_SPANS } from "../attribution/score.ts";
import type { ChainClient, ProtocolAddresses, SentTransaction } from "../client/chain.ts";
import { challengeSalt } from "../client/challenges.ts";
import { hasContextForm } from "../client/earnings.ts";
import {
  type ClosedEpoch,
  challengeEpoch,
  type EpochAddresses,
  type EpochState,
  openLeaf,
} from "../client/epochs.ts";
import type { RegisteredModel } from "../client/models.ts";
import { bytesOfHex } from "../codec/hash.ts";
import type { EpochInference } from "../epoch/epoch.ts";
import { type EpochFault, epochChallengeCall, findEpochFault } from "../epoch/faults.ts";
import type { Published } from "../epoch/published.ts";
import { shownLeaf } from "../epoch/shown.ts";
import type { ClaimLie, ClaimLies } from "./claim-lies.ts";

/** What is false in an epoch. */
export interface EpochLie {
  kind: EpochFault["kind"] | ClaimLie["counter"]["kind"];
  /** Of the leaf, the range or the payout; in the order of its kind. */
  position: number;
  /** Announces and shows it on chain. */
  refute(account: LocalAccount): Promise<SentTransaction>;
}

/** Finds what is false in epochs whose leaves are known: in fees, names, sums and payouts, then in each inference as in any claim. */
export class EpochLies {
  private readonly client: ChainClient;
  private readonly at: ProtocolAddresses & EpochAddresses;
  private readonly claims: ClaimLies;

  /** @param at where the chain's epochs are, beside the rest */
  constructor(client: ChainClient, at: ProtocolAddresses & EpochAddresses, claims: ClaimLies) {
    this.client = client;
    this.at = at;
    this.claims = claims;
  }

  /** @returns undefined where nothing is false */
  async find(
    model: RegisteredModel,
    closed: ClosedEpoch,
    state: EpochState,
    published: Published,
  ): Promise<EpochLie | undefined> {
    return this.inTrees(model, closed, state, published) ?? (await this.inClaims(model, published));
  }

  private inTrees(
    model: RegisteredModel,
    { closing }: ClosedEpoch,
    { modelId, rateIn, rateOut, platformBps }: EpochState,
    { epoch, queries }: Published,
  ): EpochLie | undefined {
    const terms = { modelId, rateIn, rateOut, platformBps, contributorsBps: model.split.contributors };
    const queryOf = new Map(epoch.inferences.map((inference, i) => [inference, queries[i]!]));
    const fault = findEpochFault(epoch, terms, closing.largestNet, (inference) =>
      hasForm(model, inference, queryOf.get(inference)!),
    );
    if (fault === undefined) return undefined;
    const query = fault.kind === "leaf" ? queries[fault.position] : undefined;
    return {
      kind: fault.kind,
      position: "position" in fault ? fault.position : fault.at,
      refute: async (account) => {
        const salt = await challengeSalt(this.client, account, `epoch ${epoch.epochId}`);
        const data = epochChallengeCall(epoch, fault, salt, query);
        return challengeEpoch(this.client, this.at, account, data);
      },
    };
  }

  /** Scores, rows, weights and spans: as of any claim. */
  private async inClaims(
    model: RegisteredModel,
    { epoch, queries }: Published,
  ): Promise<EpochLie | undefined> {
    for (const [position, { claim }] of epoch.inferences.entries()) {
      const lie = await this.claims.find(model, { claim, query: queries[position]! });
      if (lie === undefined) continue;
      return {
        kind: lie.counter.kind,
        position,
        refute: async (account) => {
          await openLeaf(this.client, this.at, account, epoch.epochId, shownLeaf(epoch, position));
          return lie.refute(account, this.at.leafChallenges, `leaf ${claim.requestId}`);
        },
      };
    }
    return undefined;
  }
}

/** Whether list, context and query have the form that the index asks for. */
function hasForm({ index }: RegisteredModel, { claim }: EpochInference, query: Hex): boolean {
  const commitment = { ...index, root: bytesOfHex(index.root), spans: bytesOfHex(index.spans) };
  const bytes = bytesOfHex(query);
  // With spans, the cover stands behind the sketch.
  const sketch = index.spans === NO_SPANS ? bytes : bytes.subarray(0, queryBytes(index.dimension));
  try {
    checkList(commitment, claim.list);
    checkQuery(commitment, sketch);
    return hasContextForm(claim.context);
  } catch (error) {
    if (error instanceof PrecompileRevert) return false;
    throw error;
  }
}
