import type { CodedError } from "../../base/errors.ts";
import type { MarketRequest } from "../client/market.ts";
import { aiError } from "../errors.ts";

/** What a host takes on itself at most. What it takes of each model stands on chain. */
export interface HostLimits {
  /** Requests that are answered or wait for it. */
  maxQueue: number;
  /** Bytes of one model in memory. */
  maxModelBytes: number;
  /** Time for one answer, in ms, its turn awaited. */
  answerMs: number;
  /** Claims that wait for their settlement; their bonds are at stake. */
  maxOpenClaims: number;
  /** Tokens of one prompt. */
  maxTokensIn: number;
  /** Tokens of one answer that a request may pay for. */
  maxTokensOut: number;
  /** Wei that a request must pay at least for a thousand tokens of an answer. */
  leastRateOut: bigint;
  /** Answers that purses pay for and no settled epoch has; their fees and bonds are at stake. */
  maxPrepaid: number;
  /** Of one model, for an epoch to be closed. */
  epochAnswers: number;
  /** Seconds for which the oldest of them waits at most until then. */
  epochSeconds: number;
  /** The only models that are served; absent: all that the host took on chain. */
  models?: readonly bigint[];
}

export const DEFAULT_HOST_LIMITS: HostLimits = {
  maxQueue: 32,
  maxModelBytes: 8 * 2 ** 30,
  answerMs: 300_000,
  maxOpenClaims: 1_000,
  maxTokensIn: 65_536,
  maxTokensOut: 65_536,
  leastRateOut: 0n,
  maxPrepaid: 65_536,
  epochAnswers: 1_024,
  epochSeconds: 3_600,
};

/** What this host took on itself, before a model is loaded for it. @throws CodedError `REQUEST_NOT_TAKEN`, `HOST_BUSY`. */
export function requireWithin(request: MarketRequest, limits: HostLimits, openClaims: number): void {
  const { requestId, maxTokensIn, maxTokensOut, rateOut } = request;
  requireClaimRoom(limits, openClaims);
  const bounds: [what: string, value: number | bigint, isWithin: boolean, limit: number | bigint][] = [
    ["prompt tokens", maxTokensIn, maxTokensIn <= limits.maxTokensIn, limits.maxTokensIn],
    ["answer tokens", maxTokensOut, maxTokensOut <= limits.maxTokensOut, limits.maxTokensOut],
    ["wei for a thousand answer tokens", rateOut, rateOut >= limits.leastRateOut, limits.leastRateOut],
  ];
  const broken = bounds.find(([, , isWithin]) => !isWithin);
  if (broken === undefined) return;
  const [what, value, , limit] = broken;
  throw aiError("REQUEST_NOT_TAKEN", {
    message: `request ${requestId} has ${value} ${what}; this host's limit is ${limit}`,
    fix: "make a request within the limit, or name another host; the escrow comes back after the deadline",
    facts: { requestId, what, value, limit },
  });
}

/** Its claims that are open, and those that it is making, with one more. @throws CodedError `HOST_BUSY`. */
export function requireClaimRoom({ maxOpenClaims: limit }: HostLimits, openClaims: number): void {
  if (openClaims < limit) return;
  throw aiError("HOST_BUSY", {
    message: `this host has ${openClaims} claims open, and stakes bonds for ${limit} at most`,
    fix: "ask again once some of them are settled, after their window: the request stays paid until it can be cancelled",
    facts: { openClaims, limit },
  });
}

/** It has as much to do as it takes on. */
export function hostBusy(limit: number): CodedError {
  return aiError("HOST_BUSY", {
    message: `this host has ${limit} questions to answer already`,
    fix: "ask again in a moment: the request stays paid",
    facts: { limit },
  });
}
