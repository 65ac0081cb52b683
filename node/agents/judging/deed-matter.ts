import type { ChainClient, SentTransaction } from "../../ai/client/chain.ts";
import { send } from "../../ai/client/chain.ts";
import { getDispute, type PanelResult, windowsOf } from "../../ai/client/disputes.ts";
import type { ContentSource } from "../../ai/content/source.ts";
import { advanceDispute, type Standing, type StepOptions } from "../../ai/verify/dispute-steps.ts";
import type { Matter } from "../../ai/verify/matter.ts";
import type { AgentAddresses } from "../addresses.ts";
import { getDeed, refutedOf, taintOrder } from "../deeds.ts";
import {
  accusationsIn,
  appealDeedOrder,
  caseOfDeed,
  digestOfDeed,
  judgeDeedOrder,
  valueOfDeed,
  verdictTerms,
} from "../verdicts.ts";
import { judgeDeed } from "./evidence.ts";

export interface DeedMatterOptions extends StepOptions {
  agents: AgentAddresses;
  /** As {@link judgeDeed} has them. */
  content: ContentSource;
  texts: ContentSource;
}

/** Accusations in blocks `from`…`to` as what a verifier judges. */
export async function deedMattersIn(
  options: DeedMatterOptions,
  range: { from: bigint; to: bigint },
): Promise<{ disputeId: bigint; matter: Matter }[]> {
  const found = await accusationsIn(options.client, options.agents, range);
  return found.map(({ deedId, disputeId }) => ({ disputeId, matter: new DeedMatter(deedId, options) }));
}

/** The vote on a deed. */
export async function voteOnDeed(
  client: ChainClient,
  agents: AgentAddresses,
  deedId: bigint,
  followed: boolean,
): Promise<PanelResult> {
  const [deed, found] = [await getDeed(client, agents, deedId), await caseOfDeed(client, agents, deedId)];
  return { value: valueOfDeed(deedId, found, followed), digest: digestOfDeed(deed) };
}

/** A deed that was accused: judged by the rules of its policy; what has none is its operator's (`openledger verifier vote-deed`). */
export class DeedMatter implements Matter {
  readonly facts: { deedId: bigint };
  private readonly options: DeedMatterOptions;
  /** Rounds in which the operator was told. */
  private readonly told = new Set<number>();

  constructor(deedId: bigint, options: DeedMatterOptions) {
    this.facts = { deedId };
    this.options = options;
  }

  async advance(now: bigint): Promise<Standing> {
    const { client, at, agents, account, logger } = this.options;
    const { deedId } = this.facts;
    await this.taint();
    const { status, disputeId } = await caseOfDeed(client, agents, deedId);
    if (status !== "accused") return { kind: "over" };
    const dispute = await getDispute(client, at, disputeId);
    const standing = await advanceDispute(this.options, disputeId, dispute, now);
    if (standing !== "final") return standing;
    const { hash } = await send(client, account, judgeDeedOrder(agents, deedId));
    logger.info({ deedId, transaction: hash }, "acted on a verdict over a deed");
    return { kind: "over" };
  }

  async compute(round: number): Promise<PanelResult | undefined> {
    const { client, at, agents, content, texts, logger } = this.options;
    const { deedId } = this.facts;
    const judged = await judgeDeed({ client, protocol: at, at: agents, content, texts }, deedId);
    if (judged.kind === "not by program") {
      if (!this.told.has(round)) {
        logger.warn(
          { ...this.facts, round, why: judged.why },
          "this verifier is asked about a deed that no program can judge: read its policy and vote with `openledger verifier vote-deed`",
        );
      }
      this.told.add(round);
      return undefined;
    }
    if (judged.kind === "no evidence" && !(await this.isEvidenceOver())) return undefined;
    const finding =
      judged.kind === "found"
        ? judged.finding
        : { followed: false, why: "its agent does not show why it did it" };
    logger.info({ ...this.facts, round, ...finding }, "judged a deed");
    return voteOnDeed(client, agents, deedId, finding.followed);
  }

  async appealFee(): Promise<bigint> {
    return (await verdictTerms(this.options.client, this.options.agents)).panelFee;
  }

  async appeal(): Promise<SentTransaction> {
    const { client, agents, account } = this.options;
    return send(client, account, appealDeedOrder(agents, this.facts.deedId, await this.appealFee()));
  }

  /** Whether the round's time to show evidence is over: a host that shows none has lost by then, and so has an agent. */
  private async isEvidenceOver(): Promise<boolean> {
    const { client, at, agents } = this.options;
    const { disputeId } = await caseOfDeed(client, agents, this.facts.deedId);
    const { timestamp } = await client.public.getBlock();
    return timestamp > windowsOf(await getDispute(client, at, disputeId)).evidence;
  }

  /** A refuted answer is no verdict on who followed it, but its deed earns nothing any more. */
  private async taint(): Promise<void> {
    const { client, at, agents, account, logger } = this.options;
    const deed = await getDeed(client, agents, this.facts.deedId);
    const requestId = deed.isTainted ? undefined : await refutedOf(client, at, deed);
    if (requestId === undefined) return;
    const { hash } = await send(client, account, taintOrder(agents, deed.id, requestId));
    logger.info({ ...this.facts, requestId, transaction: hash }, "tainted a deed: its answer was refuted");
  }
}
