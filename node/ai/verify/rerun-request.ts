import type { Session } from "../../../native/js/index.ts";
import { isCodedError } from "../../base/errors.ts";
import { ZERO_HASH } from "../../chain/constants.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { valueOfClaim } from "../client/audits.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { ClaimWithQuery } from "../client/claims.ts";
import type { PanelResult } from "../client/disputes.ts";
import { getRequest, type MarketRequest } from "../client/market.ts";
import { getModel, type RegisteredModel } from "../client/models.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import { keccakOf } from "../codec/hash.ts";
import type { ContentSource } from "../content/source.ts";
import { ContextRows } from "../context/compose.ts";
import { trueClaim } from "../serve/claim-with-cover.ts";
import {
  checkedPrompt,
  type Inference,
  loadServedModel,
  runInference,
  type ServedModel,
} from "../serve/inference.ts";
import { type CommittedRows, committedRows } from "../spans/model-spans.ts";
import type { OpenedRequest } from "./evidence.ts";
import type { AskedInEpoch } from "./rerun.ts";

export interface RerunContext {
  client: ChainClient;
  at: ProtocolAddresses;
  content: ContentSource;
  session: Session;
  /** Most bytes of one model in memory. */
  maxModelBytes?: number;
}

/** What came out, and the claim that an honest host would have posted; none where nothing can come out. */
export interface Rerun extends PanelResult {
  honest: ClaimWithQuery | undefined;
}

/**
 * What all say of a request that can't be run as its evidence has it: no claim has this value.
 * @param reason the same words on every verifier.
 */
export function refusal(reason: "evidence" | "prompt" | "answer"): Rerun {
  const digest = keccakOf(new TextEncoder().encode(`openledger/rerun/${reason}`));
  return { value: ZERO_HASH, digest, honest: undefined };
}

/**
 * Runs a request again, bit for bit as its host had to.
 * @param asked what its claim says, where the request is not on chain: an inference of an epoch, whose evidence names its limit too.
 * @throws CodedError of loading the model and its rows, where this machine can't: who can't compute says nothing, and a panel of which
 * nobody can, ends undecided and costs nobody a stake.
 */
export async function rerunRequest(
  { client, at, content, session, maxModelBytes: maxBytes }: RerunContext,
  requestId: bigint,
  { prompt, before, salt, maxTokensOut: opened }: OpenedRequest,
  asked?: AskedInEpoch,
  signal?: AbortSignal,
): Promise<Rerun> {
  const request = asked ? { ...asked, requestId } : await getRequest(client, at, requestId);
  const registered = await getModel(client, at, request.modelId);
  const model = await loadServedModel(content, registered, { maxBytes });
  const { adapterHash } = registered;
  let promptIds: number[];
  try {
    promptIds = await checkedPrompt(model.base, { prompt, before });
  } catch (error) {
    // The same on every machine: what can't be asked was never answered.
    if (isCodedError(error) && error.severity === "input") return refusal("prompt");
    throw error;
  }
  const { maxTokensIn, maxTokensOut } =
    "maxTokensIn" in request ? request : { maxTokensIn: promptIds.length, maxTokensOut: opened };
  if (maxTokensOut === undefined) return refusal("evidence");
  const terms = { salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut };
  if (hashOfRequest(terms) !== request.requestHash) return refusal("evidence");
  const rows = rowsOnce({ client, at, content }, registered, model);
  const shown = async () => new ContextRows((await rows()).set.examples);
  const inference = await runInference(session, model, { prompt, before }, maxTokensOut, {
    rows: shown,
    signal,
  });
  const honest = await honestClaim(model, inference, request, rows);
  // No host can claim what has no cover.
  if (honest === undefined) return refusal("answer");
  return { value: valueOfClaim(honest.claim), digest: digestOf(inference.logits), honest };
}

/** Reads a model's rows when they are asked for first; those of an index that commits spans are compared with it. */
function rowsOnce(
  { client, at, content }: Pick<RerunContext, "client" | "at" | "content">,
  registered: RegisteredModel,
  { manifest }: Pick<ServedModel, "manifest">,
): () => Promise<CommittedRows> {
  let reading: Promise<CommittedRows> | undefined;
  return () => {
    reading ??= committedRows(client, at, content, registered, manifest);
    return reading;
  };
}

/** The claim that an honest host posts; none where the index commits spans and the answer is too long for a cover. */
async function honestClaim(
  { index }: Pick<ServedModel, "index">,
  inference: Inference,
  request: Pick<MarketRequest, "requestId" | "modelId" | "requestHash">,
  rows: () => Promise<CommittedRows>,
): Promise<ClaimWithQuery | undefined> {
  try {
    return await trueClaim(inference, request, index, rows);
  } catch (error) {
    if (isCodedError(error, "ANSWER_TOO_LONG")) return undefined;
    throw error;
  }
}

/** keccak256 over the logits of the answer's tokens, each as float32 little endian. */
function digestOf(logits: Float32Array): Hash {
  const view = new DataView(new ArrayBuffer(4 * logits.length));
  for (const [i, logit] of logits.entries()) view.setFloat32(4 * i, logit, true);
  return keccakOf(new Uint8Array(view.buffer));
}
