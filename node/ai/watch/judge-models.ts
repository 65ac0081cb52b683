import { randomBytes } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { FaultProof } from "../attribution/provenance.ts";
import { NO_SPANS } from "../attribution/score.ts";
import type { AttributionIndex } from "../attribution/sketch-index.ts";
import type { SentTransaction } from "../client/chain.ts";
import { challengeSalt } from "../client/challenges.ts";
import {
  type DisputedRecord,
  disputeRecord,
  disputeSpans,
  recordCaseOf,
  recordPanelFee,
} from "../client/model-disputes.ts";
import { getModel, type RegisteredModel } from "../client/models.ts";
import { readParameters } from "../client/parameters.ts";
import {
  answerRecord,
  answerSpans,
  challengeRecord,
  demandedRows,
  demandRecord,
  failSilent,
  type RecordCounter,
  recordDemandOf,
} from "../client/registration.ts";
import { SPANS_ROW } from "../spans/commitment.ts";
import { modelSpans, readRows } from "../spans/model-spans.ts";
import { advanceRecord } from "../verify/record-matter.ts";
import { type FoundFault, findFault, shownExample } from "./check-model.ts";
import type { LoadedIndex } from "./indexes.ts";
import { BLOCK_SECONDS, type JudgeOptions, type Verdict, verdictOf } from "./verdict.ts";

/** Wei that a watcher keeps for counter-examples: panels are asked with what is beyond. */
const KEEP = 5n * 10n ** 18n;

/** The contents of a model may take this part of its window. */
const WAITED = 4;

/** Judges one registration, or a demand or a dispute over it, and acts on it; it keeps nothing from one to the next. */
export class ModelJudge {
  private readonly options: JudgeOptions;

  constructor(options: JudgeOptions) {
    this.options = options;
  }

  /** A registration: a record that is not its row's is shown, an index that nobody can open is demanded. */
  async model(modelId: bigint, now: bigint): Promise<Verdict> {
    const { client, at, account, content, logger } = this.options;
    const model = await getModel(client, at, modelId);
    if (model.status !== "registered" || now > model.pendingUntil) return { kind: "decided" };
    const loaded = await this.indexOf(model);
    if (loaded === undefined) return this.unopened(model, now);
    const fault = await findFault(client, at, content, model, loaded);
    if (fault === undefined) return this.spans(model, loaded);
    logger.warn({ modelId, ...fault }, "a registered index is not what the snapshots say");
    const { index } = loaded;
    if (fault.proof.by === "panel") return this.askPanel(modelId, index, fault, fault.proof.mark);
    const counter = counterOf(fault, fault.proof);
    const salt = await challengeSalt(client, account, `model ${modelId}`);
    const sent = await challengeRecord(client, at, account, modelId, index, counter, salt);
    logger.info({ modelId, transaction: sent.hash }, "a false registration was refuted");
    return { kind: "refuted", reason: "record", transactionHash: sent.hash };
  }

  /** What an index commits of spans: no arithmetic on chain shows that it is false, so verifiers compute it again, once. */
  private async spans(model: RegisteredModel, { manifest }: LoadedIndex): Promise<Verdict> {
    const { client, at, account, content, logger } = this.options;
    const { modelId } = model;
    if (model.index.spans === NO_SPANS) return { kind: "stands" };
    const { set, tokenizer } = await readRows(client, at, content, model, manifest);
    if ((await modelSpans(set, tokenizer)).hash === model.index.spans) return { kind: "stands" };
    const detail = "its spans are not those of its rows";
    logger.warn({ modelId }, "a registered index commits other spans than those of the snapshots' rows");
    return this.panel({ modelId, rowId: SPANS_ROW }, detail, () =>
      disputeSpans(client, at, account, modelId),
    );
  }

  /** A mark that no arithmetic shows to be false: verifiers compute the record again, once. */
  private async askPanel(
    modelId: bigint,
    index: AttributionIndex,
    { rowId, detail }: FoundFault,
    kind: DisputedRecord["kind"],
  ): Promise<Verdict> {
    const { client, at, account } = this.options;
    return this.panel({ modelId, rowId }, detail, () =>
      disputeRecord(client, at, account, modelId, index, { rowId, kind }),
    );
  }

  private async panel(
    what: Pick<DisputedRecord, "modelId" | "rowId">,
    detail: string,
    dispute: () => Promise<SentTransaction>,
  ): Promise<Verdict> {
    const { client, at, account, logger } = this.options;
    const { status } = await recordCaseOf(client, at, what);
    if (status !== "none") return { kind: "stands", detail };
    const fee = await recordPanelFee(client, at);
    const balance = await client.public.getBalance({ address: account.address });
    if (balance < fee + KEEP) return { kind: "stands", detail: `${detail}; there is no money for a panel` };
    const sent = await dispute();
    logger.info({ ...what, transaction: sent.hash }, "asked a panel of verifiers about a record");
    return { kind: "stands", detail: `${detail}; a panel was asked` };
  }

  /** The index as its root commits it; undefined if what the manifest leads to is not that. */
  private async indexOf(model: RegisteredModel): Promise<LoadedIndex | undefined> {
    try {
      return await this.options.indexes.get(model);
    } catch (error) {
      const isMissing = [
        "CONTENT_NOT_FOUND",
        "INDEX_MISMATCH",
        "MANIFEST_INVALID",
        "JSON_NOT_CANONICAL",
      ].some((code) => isCodedError(error, code));
      if (!isMissing) throw error;
      return undefined;
    }
  }

  /** Nobody can look into the index: its owner has to show one record, or the registration fails. */
  private async unopened(model: RegisteredModel, now: bigint): Promise<Verdict> {
    const { client, at, account, logger } = this.options;
    const { modelId } = model;
    const later = async (): Promise<Verdict> => {
      const { pendingUntil } = await getModel(client, at, modelId);
      return { kind: "later", due: now + BLOCK_SECONDS, deadline: pendingUntil };
    };
    const demanded = await demandedRows(client, at, modelId);
    for (const rowId of demanded) {
      const { deadline } = await recordDemandOf(client, at, modelId, rowId);
      if (deadline === 0n) continue;
      if (now <= deadline) return later();
      const sent = await failSilent(client, at, account, modelId, rowId);
      logger.info({ modelId, transaction: sent.hash }, "a registration failed: its records were withheld");
      return { kind: "refuted", reason: "silence", transactionHash: sent.hash };
    }
    // An owner that answers one demand may answer all: each costs the deposit, so one has to do.
    if (demanded.length === 0) {
      // The index may still be on its way to this node, and a demand for it is paid to whoever shows it.
      const { registrationWindow } = await readParameters(client, at);
      const begin = model.pendingUntil - BigInt(registrationWindow - Math.floor(registrationWindow / WAITED));
      if (now < begin) return later();
      const [high, low] = randomBytes(2);
      await demandRecord(client, at, account, modelId, (256 * high! + low!) % model.index.rows);
    }
    return later();
  }

  /** A record that somebody demanded of a pending model: whoever holds the index may show it, and earns the deposit. */
  async answer(modelId: bigint, rowId: number): Promise<Verdict> {
    const { client, at, account, indexes, logger } = this.options;
    const { deadline } = await recordDemandOf(client, at, modelId, rowId);
    if (deadline === 0n) return { kind: "decided" };
    const model = await getModel(client, at, modelId);
    if (rowId === SPANS_ROW) return this.answerSpans(model);
    const { index } = await indexes.get(model);
    const sent = await answerRecord(client, at, account, modelId, index, rowId);
    logger.info({ modelId, rowId, transaction: sent.hash }, "showed a demanded record");
    return { kind: "decided" };
  }

  /** The same of spans: whoever has the rows can compute it. What is false nobody can show, so it fails by silence. */
  private async answerSpans(model: RegisteredModel): Promise<Verdict> {
    const { client, at, account, content, indexes, logger } = this.options;
    const { modelId } = model;
    const { manifest } = await indexes.get(model);
    const { set, tokenizer } = await readRows(client, at, content, model, manifest);
    const { hash, index } = await modelSpans(set, tokenizer);
    if (hash !== model.index.spans) return { kind: "decided" };
    const sent = await answerSpans(client, at, account, modelId, index);
    logger.info({ modelId, transaction: sent.hash }, "showed what an index commits of spans");
    return { kind: "decided" };
  }

  /** Whatever anybody may bring forward of a disputed record: a model with an open dispute serves nobody. */
  async record(modelId: bigint, rowId: number, now: bigint): Promise<Verdict> {
    return verdictOf(await advanceRecord(this.options, { modelId, rowId }, now));
  }
}

/** The call that shows a fault, as the client makes it. */
function counterOf(
  { rowId, places }: FoundFault,
  proof: Exclude<FaultProof, { by: "panel" }>,
): RecordCounter {
  if (proof.by !== "example") return { ...proof, rowId };
  const examples = [shownExample(places, rowId), shownExample(places, proof.earlier)] as const;
  return { ...proof, rowId, examples };
}
