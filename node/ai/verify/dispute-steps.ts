import type { Account } from "viem";
import type { Logger } from "../../base/logger.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { type Dispute, decideDispute, drawPanel, finalAt, windowsOf } from "../client/disputes.ts";
import type { SeedRecorder } from "./seed-recorder.ts";

export interface StepOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: Account;
  seeds: SeedRecorder;
  logger: Logger;
}

/** Where something that verifiers judge stands. */
export type Standing =
  /** Nothing of audits and disputes keeps it from going on. */
  | { kind: "clear" }
  /** It ended, one way or the other. */
  | { kind: "over" }
  /** It is worth another look from second `due` on. */
  | { kind: "later"; due: bigint };

/** Seconds after a step until the next look. */
const STEP_S = 2n;

/** Another look soon: a step was taken. */
export const soon = (now: bigint): Standing => ({ kind: "later", due: now + STEP_S });

/**
 * Takes the step of a dispute that anybody may take: draws its panel, has a round counted.
 * @param now the chain's time in seconds.
 * @returns `final` where the verdict can be acted on.
 */
export async function advanceDispute(
  { client, at, account, seeds, logger }: StepOptions,
  disputeId: bigint,
  dispute: Dispute,
  now: bigint,
): Promise<Standing | "final"> {
  if (dispute.status === "opened") {
    if (!(await seeds.obtain(dispute.seedBlock))) return untilSeed(seeds, dispute.seedBlock, now);
    const { hash } = await drawPanel(client, at, account, disputeId);
    logger.info({ disputeId, transaction: hash }, "drew a panel of verifiers");
    return soon(now);
  }
  if (dispute.status !== "drawn") {
    const isFinal = dispute.status !== "decided" || now >= finalAt(dispute);
    return isFinal ? "final" : { kind: "later", due: finalAt(dispute) };
  }
  const { reveal } = windowsOf(dispute);
  if (now <= reveal) return { kind: "later", due: reveal + 1n };
  const { hash } = await decideDispute(client, at, account, disputeId);
  logger.info({ disputeId, transaction: hash }, "had a round of a dispute counted");
  return soon(now);
}

/** When L1 may have got to a block: it has one a second at most. */
export async function untilSeed(seeds: SeedRecorder, l1Block: bigint, now: bigint): Promise<Standing> {
  const left = await seeds.distance(l1Block);
  return { kind: "later", due: now + (left > STEP_S ? left : STEP_S) };
}
