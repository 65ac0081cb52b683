import { isCodedError } from "../../base/errors.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { appealVerdict, evidenceIn, panelFee } from "../client/audits.ts";
import type { SentTransaction } from "../client/chain.ts";
import { type Claim, postedClaims } from "../client/claims.ts";
import type { PanelResult } from "../client/disputes.ts";
import type { Standing, StepOptions } from "./dispute-steps.ts";
import { Docket } from "./docket.ts";
import { type OpenedRequest, openEvidence } from "./evidence.ts";
import type { Matter } from "./matter.ts";
import { refusal } from "./rerun-request.ts";

export interface ClaimMatterOptions extends StepOptions {
  address: Address;
  /** Of the account: opens what hosts sealed to it. */
  privateKey: Hex;
  /** Fetches evidence by its hash. */
  evidence: (hash: Hash) => Promise<Uint8Array>;
  rerun: (task: { requestId: bigint; request: OpenedRequest }, ms: number) => Promise<PanelResult>;
}

/** A claim whose request is run again. */
export class ClaimMatter implements Matter {
  readonly facts: { requestId: bigint };
  private readonly options: ClaimMatterOptions;
  private readonly docket: Docket;
  private posted: Claim | undefined;

  constructor(requestId: bigint, options: ClaimMatterOptions) {
    this.facts = { requestId };
    this.options = options;
    this.docket = new Docket(options);
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
    return rerun({ requestId, request }, ms);
  }

  appealFee(): Promise<bigint> {
    return panelFee(this.options.client, this.options.at);
  }

  async appeal(): Promise<SentTransaction> {
    const { client, at, account } = this.options;
    return appealVerdict(client, at, account, await this.claim());
  }

  private async claim(): Promise<Claim> {
    const { client, at } = this.options;
    const { requestId } = this.facts;
    const to = await client.public.getBlockNumber();
    this.posted ??= (await postedClaims(client, at, { from: 0n, to, requestId })).at(-1)!.claim;
    return this.posted;
  }
}
