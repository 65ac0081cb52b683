import { isCodedError } from "../../base/errors.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { appealVerdict, evidenceIn, panelFee } from "../client/audits.ts";
import type { SentTransaction } from "../client/chain.ts";
import type { Claim } from "../client/claims.ts";
import type { PanelResult } from "../client/disputes.ts";
import { type ClaimBoard, marketBoard } from "./board.ts";
import type { Standing, StepOptions } from "./dispute-steps.ts";
import { Docket } from "./docket.ts";
import { type OpenedRequest, openEvidence } from "./evidence.ts";
import type { Matter } from "./matter.ts";
import type { RerunTask } from "./rerun.ts";
import { refusal } from "./rerun-request.ts";

export interface ClaimMatterOptions extends StepOptions {
  address: Address;
  /** Of the account: opens what hosts sealed to it. */
  privateKey: Hex;
  /** Fetches evidence by its hash. */
  evidence: (hash: Hash) => Promise<Uint8Array>;
  rerun: (task: RerunTask, ms: number) => Promise<PanelResult>;
}

/** A claim whose request is run again. */
export class ClaimMatter implements Matter {
  readonly facts: { requestId: bigint };
  private readonly options: ClaimMatterOptions;
  private readonly board: ClaimBoard;
  private readonly docket: Docket;
  private posted: Claim | undefined;

  /** @param board where the claim stands; the market unless given. */
  constructor(requestId: bigint, options: ClaimMatterOptions, board?: ClaimBoard) {
    this.facts = { requestId };
    this.board = board ?? marketBoard(options.client, options.at);
    this.options = { ...options, at: this.board.at };
    this.docket = new Docket(options, this.board);
  }

  async advance(now: bigint): Promise<Standing> {
    return this.docket.advance(await this.claim(), now);
  }

  async compute(round: number, ms: number): Promise<PanelResult | undefined> {
    const { client, at, address, privateKey, evidence, rerun } = this.options;
    const { requestId } = this.facts;
    const hash = await evidenceIn(client, at, requestId, round);
    if (hash === undefined) return undefined;
    let request: OpenedRequest;
    try {
      request = openEvidence(await evidence(hash), { requestId, round }, { address, privateKey });
    } catch (error) {
      // A host that shows the panel nothing has not shown its claim. What a node gives that has another hash is the node's lie.
      if (isCodedError(error, "EVIDENCE_INVALID") || isCodedError(error, "CONTENT_TOO_LARGE"))
        return refusal("evidence");
      throw error;
    }
    // A request of the market stands on chain; what an epoch's inference was asked, its own claim says.
    if (!this.board.isOfEpochs) return rerun({ requestId, request }, ms);
    const { modelId, requestHash } = await this.claim();
    return rerun({ requestId, request, asked: { modelId, requestHash } }, ms);
  }

  appealFee(): Promise<bigint> {
    return panelFee(this.options.client, this.options.at);
  }

  async appeal(): Promise<SentTransaction> {
    const { client, at, account } = this.options;
    return appealVerdict(client, at, account, await this.claim());
  }

  private async claim(): Promise<Claim> {
    this.posted ??= await this.board.claim(this.facts.requestId);
    return this.posted;
  }
}
