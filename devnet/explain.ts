import { Session } from "../native/js/index.ts";
import { decodeManifest, fetchFiles } from "../node/ai/attribution/manifest.ts";
import { connectChain, type ProtocolAddresses } from "../node/ai/client/chain.ts";
import { rpcSource } from "../node/ai/client/content.ts";
import { getSnapshot } from "../node/ai/client/datanets.ts";
import { getModel } from "../node/ai/client/models.ts";
import { loadModel } from "../node/ai/model/load.ts";
import { checkedPrompt, generateAnswer } from "../node/ai/serve/inference.ts";
import { decodeMethod } from "../node/ai/train/method.ts";
import { trainingSet } from "../node/ai/train/snapshot.ts";
import type { Address } from "../node/chain/types/primitives.ts";

/** What the table tells beside the receipts. */
export interface Explanation {
  /** The rows that take part, by row id. */
  rows: ReadonlyMap<number, { prompt: string; completion: string; contributor: Address }>;
  /** What the base model says without the adapter, question by question. */
  baseAnswers: readonly string[];
}

/** Reads the model's rows from a node and asks its base model the same questions without the adapter. */
export async function explain(
  rpcUrl: string,
  modelId: string,
  questions: readonly string[],
): Promise<Explanation> {
  const client = await connectChain(rpcUrl);
  const at = await client.rpc<ProtocolAddresses>("openledger_protocol", []);
  const source = rpcSource(client);
  const registered = await getModel(client, at, BigInt(modelId));
  const manifest = decodeManifest(await source.get(registered.manifestHash));
  const snapshots = [];
  for (const { datanetId, number } of registered.snapshots) {
    snapshots.push(await getSnapshot(client, at, datanetId, number));
  }
  const base = await loadModel(
    await fetchFiles(source, manifest.base),
    await fetchFiles(source, manifest.tokenizer),
  );
  const { examples, places } = await trainingSet(snapshots, (id) => source.get(id), base);
  const rows = new Map(
    examples.map(({ rowId, row }) => [rowId, { ...row, contributor: places[rowId]!.contributor }] as const),
  );
  const { generation } = decodeMethod(await source.get(manifest.method));
  const session = new Session();
  const baseAnswers: string[] = [];
  for (const question of questions) {
    const ids = await checkedPrompt(base, question);
    const { answer } = await generateAnswer(session, base, undefined, ids, generation.maxTokens);
    baseAnswers.push(answer);
  }
  return { rows, baseAnswers };
}
