import { decodeManifest } from "../attribution/manifest.ts";
import type { PanelResult } from "../client/disputes.ts";
import { valueOfSpans } from "../client/model-disputes.ts";
import { getModel } from "../client/models.ts";
import { modelSpans, readRows } from "../spans/model-spans.ts";
import type { RerunContext } from "./rerun-request.ts";

/**
 * Computes again what a registered model's index has to commit of spans, from the rows that the registry froze. No weights are read.
 * @throws CodedError of reading its rows, where this machine can't.
 */
export async function rerunSpans(
  { client, at, content }: Pick<RerunContext, "client" | "at" | "content">,
  modelId: bigint,
): Promise<PanelResult> {
  const registered = await getModel(client, at, modelId);
  const manifest = decodeManifest(await content.get(registered.manifestHash));
  const { set, tokenizer } = await readRows(client, at, content, registered, manifest);
  const { hash, digest } = await modelSpans(set, tokenizer);
  return { value: valueOfSpans(modelId, hash), digest };
}
