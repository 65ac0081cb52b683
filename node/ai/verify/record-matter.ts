import type { SentTransaction } from "../client/chain.ts";
import { getContribution } from "../client/datanets.ts";
import { getDispute, type PanelResult } from "../client/disputes.ts";
import {
  appealRecord,
  concludeRecord,
  type DisputedRecord,
  endGoneRecord,
  recordCaseOf,
  recordPanelFee,
} from "../client/model-disputes.ts";
import { advanceDispute, type Standing, type StepOptions } from "./dispute-steps.ts";
import type { Matter } from "./matter.ts";

/** Takes the next step of a disputed record that anybody may take. `now` is the chain's time in seconds. */
export async function advanceRecord(
  options: StepOptions,
  record: Pick<DisputedRecord, "modelId" | "rowId">,
  now: bigint,
): Promise<Standing> {
  const { client, at, account, logger } = options;
  const facts = { modelId: record.modelId, rowId: record.rowId };
  const { status, disputeId, contributionId, wasGone } = await recordCaseOf(client, at, record);
  if (status !== "open") return { kind: "over" };
  const dispute = await getDispute(client, at, disputeId);
  const isJudged = dispute.status === "decided" || dispute.status === "undecided";
  const isGone = async () => (await getContribution(client, at, contributionId)).skippedFrom !== 0;
  if (!wasGone && !isJudged && (await isGone())) {
    const { hash } = await endGoneRecord(client, at, account, record);
    logger.info({ ...facts, transaction: hash }, "ended a dispute over a row that was taken out");
    return { kind: "over" };
  }
  const standing = await advanceDispute(options, disputeId, dispute, now);
  if (standing !== "final") return standing;
  const { hash } = await concludeRecord(client, at, account, record);
  logger.info({ ...facts, transaction: hash }, "acted on a verdict over a record");
  return { kind: "over" };
}

export interface RecordMatterOptions extends StepOptions {
  rerun: (task: { modelId: bigint; rowId: number }, ms: number) => Promise<PanelResult>;
}

/** A record of a pending index, or by `SPANS_ROW` its spans, computed again; all that it takes is public. */
export class RecordMatter implements Matter {
  readonly facts: { modelId: bigint; rowId: number };
  private readonly options: RecordMatterOptions;

  constructor({ modelId, rowId }: Pick<DisputedRecord, "modelId" | "rowId">, options: RecordMatterOptions) {
    this.facts = { modelId, rowId };
    this.options = options;
  }

  advance(now: bigint): Promise<Standing> {
    return advanceRecord(this.options, this.facts, now);
  }

  compute(_round: number, ms: number): Promise<PanelResult> {
    return this.options.rerun(this.facts, ms);
  }

  appealFee(): Promise<bigint> {
    return recordPanelFee(this.options.client, this.options.at);
  }

  appeal(): Promise<SentTransaction> {
    const { client, at, account } = this.options;
    return appealRecord(client, at, account, this.facts);
  }
}
