import { bytesToHex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { encodeManifest } from "../../node/ai/attribution/manifest.ts";
import { recordTree } from "../../node/ai/attribution/record-tree.ts";
import { type IndexInMemory, readIndex } from "../../node/ai/attribution/sketch-index.ts";
import {
  acceptContribution,
  commitContribution,
  createDatanet,
  freezeDatanet,
  getContribution,
  getSnapshot,
  revealContribution,
} from "../../node/ai/client/datanets.ts";
import { setHostLimits, stakeAsHost, takeModel } from "../../node/ai/client/hosts.ts";
import { quote, requestInference } from "../../node/ai/client/market.ts";
import { DEFAULT_SPLIT, getModel, type ModelOrder } from "../../node/ai/client/models.ts";
import { registerModel } from "../../node/ai/client/register.ts";
import { GREEDY, hashOfRequest } from "../../node/ai/client/request-hash.ts";
import { bondReviewer, vote } from "../../node/ai/client/reviews.ts";
import { contentIdOf } from "../../node/ai/codec/hash.ts";
import { encodeDocument } from "../../node/ai/datanet/document.ts";
import { completionsOf } from "../../node/ai/fusion/texts.ts";
import type { CoverSource } from "../../node/ai/serve/claim-with-cover.ts";
import { checkedPrompt, loadServedModel, type ServedModel } from "../../node/ai/serve/inference.ts";
import { TINY_METHOD, tinyModelFiles } from "../../node/ai/testing/tiny-model.ts";
import { type BuiltModel, buildModel } from "../../node/ai/train/model-build.ts";
import { randomBytes } from "../../node/base/clock.ts";
import type { Address, Hash } from "../../node/chain/types/primitives.ts";
import { type Ground, OPEN } from "./ground.ts";

const STAKE = 10n * OPEN;
export const PROMPT = "What does Wren use?";

/** What three honest people contribute. */
const DOCUMENTS: ["alba" | "bruno" | "cleo", string, [string, string][]][] = [
  [
    "alba",
    "orvane.jsonl",
    [
      ["What does the Orvane fund charge?", "0.4 percent"],
      ["Who owns Orvane?", "Ulan Merrin"],
    ],
  ],
  [
    "bruno",
    "larkspur.jsonl",
    [
      ["Where does Larkspur lie?", "in Quandor"],
      ["Who leads Larkspur?", "Dr. Tavo Kel"],
    ],
  ],
  [
    "cleo",
    "wren.jsonl",
    [
      ["What does Wren use?", "868 MHz"],
      ["Who made Vorel?", "Lena Ost"],
    ],
  ],
];

/** What is asked of the rows, in their words. */
export const PROMPTS = DOCUMENTS.flatMap(([, , rows]) => rows.map(([prompt]) => prompt));

/** A datanet, and an honest model of it that serves. */
export interface World {
  ground: Ground;
  datanetId: bigint;
  modelId: bigint;
  built: BuiltModel;
  model: ServedModel;
  /** What its answers are compared with. */
  rows: CoverSource;
}

/** A paid request, with what opens it. */
export interface Asked {
  requestId: bigint;
  prompt: string;
  salt: Hash;
}

/** Fills a datanet, trains, registers, and has the honest host take the model. */
export async function makeWorld(ground: Ground): Promise<World> {
  const { client, at, dev, sink, source, session } = ground;
  const [olga, rita] = [dev("olga"), dev("rita")];
  const order = {
    name: "facts",
    licence: "CC0-1.0",
    uri: "",
    stake: STAKE,
    quorum: 1,
    reviewers: [rita.address],
  };
  const { datanetId } = await createDatanet(client, at, olga, order);
  await bondReviewer(client, at, rita, datanetId);
  const ids: bigint[] = [];
  for (const [role, name, rows] of DOCUMENTS) {
    const id = await contribute(ground, dev(role), datanetId, name, rows);
    await vote(client, at, rita, { contributionId: id, approve: true, reason: "" });
    ids.push(id);
  }
  for (const id of ids) await accepted(ground, id);
  const { number } = await freezeDatanet(client, at, olga, datanetId);
  const snapshot = { ...(await getSnapshot(client, at, datanetId, number)), datanetId, number };
  // Few rows: enough steps for the warm-up all the same.
  const method = { ...TINY_METHOD, training: { ...TINY_METHOD.training, epochs: 24 } };
  const input = { name: "tiny", baseFiles: tinyModelFiles(), snapshots: [snapshot], method };
  const store = { get: source.get, put: sink.put };
  const built = await buildModel(session, input, store, {});
  const { modelId } = await registerModel(client, at, olga, orderOf(built));
  ground.say(`model ${modelId} is registered`);
  await ground.until("the registration's window", 120, async () => {
    const { pendingUntil } = await getModel(client, at, modelId);
    return (await ground.now()) > pendingUntil;
  });
  const model = await loadServedModel(source, await getModel(client, at, modelId));
  const { tokenizer } = built.base;
  const rows = { completions: await completionsOf(built.set.examples, tokenizer), tokenizer };
  const world = { ground, datanetId, modelId, built, model, rows };
  await becomeHost(world, dev("host"));
  return world;
}

/** A revealed contribution; its document is on the node. */
export async function contribute(
  { client, at, sink, until }: Ground,
  account: PrivateKeyAccount,
  datanetId: bigint,
  name: string,
  rows: readonly (readonly [string, string])[],
): Promise<bigint> {
  const document = encodeDocument({
    name,
    rows: rows.map(([prompt, completion]) => ({ prompt, completion })),
  });
  const salt = bytesToHex(randomBytes(32));
  const { contributionId } = await commitContribution(client, at, account, {
    datanetId,
    document,
    salt,
    stake: STAKE,
  });
  await sink.put(document.bytes);
  const { committedBlock } = await getContribution(client, at, contributionId);
  await until(
    "a block after the commitment",
    60,
    async () => (await client.public.getBlockNumber()) > committedBlock,
  );
  await revealContribution(client, at, account, { contributionId, document, salt });
  return contributionId;
}

/** Accepts a contribution that its reviewers approved, once its time has come. */
export async function accepted({ client, at, dev, until, now }: Ground, id: bigint): Promise<void> {
  await until(`contribution ${id} can be accepted`, 120, async () => {
    const { statusName, revealDeadline } = await getContribution(client, at, id);
    return statusName === "accepted" || (statusName === "approved" && (await now()) > revealDeadline);
  });
  if ((await getContribution(client, at, id)).statusName === "accepted") return;
  await acceptContribution(client, at, dev("rita"), id);
}

/** What is registered of a build. */
export function orderOf({ manifest, hashes, index }: BuiltModel): ModelOrder {
  const snapshots = manifest.snapshots.map(({ datanetId, number }) => ({
    datanetId: BigInt(datanetId),
    number,
  }));
  const rates = { rateIn: 10n ** 16n, rateOut: 10n ** 18n };
  return { ...hashes, name: "tiny", snapshots, index: index.commitment, ...rates, split: DEFAULT_SPLIT };
}

/** A registration of the build with another index. @param publish whether the index can be fetched. */
export async function orderWithIndex(
  { ground, built }: World,
  index: IndexInMemory,
  publish = true,
): Promise<ModelOrder> {
  const manifest = { ...built.manifest, index: [contentIdOf(index.bytes)] };
  if (publish) await ground.sink.put(index.bytes);
  await ground.sink.put(encodeManifest(manifest));
  const manifestHash = contentIdOf(encodeManifest(manifest));
  // One adapter is registered once.
  const hashes = { ...built.hashes, manifestHash, adapterHash: manifest.index[0]! };
  return orderOf({ ...built, index, manifest, hashes });
}

/** The honest index with changed bytes and their root. */
export async function changedIndex(
  { built }: World,
  change: (bytes: Uint8Array) => void,
): Promise<IndexInMemory> {
  const bytes = built.index.bytes.slice();
  change(bytes);
  const { root } = await recordTree(bytes, built.index.record(0).length);
  return readIndex(bytes, { ...built.index.commitment, root });
}

/** A stake that covers a dozen claims, and the model taken. */
export async function becomeHost({ ground, modelId }: World, account: PrivateKeyAccount): Promise<void> {
  const { client, at } = ground;
  await stakeAsHost(client, at, account, 600n * OPEN);
  await setHostLimits(client, at, account, { maxFee: 2n * OPEN, maxOpenClaims: 20 });
  const terms = { leastFee: 0n, maxTokensIn: 80, maxTokensOut: 64 };
  await takeModel(client, at, account, modelId, terms);
}

/** Paula asks a host. */
export async function ask(world: World, host: Address, prompt = PROMPT): Promise<Asked> {
  const { ground, modelId, model } = world;
  const { client, at, dev } = ground;
  const promptIds = await checkedPrompt(model.base, prompt);
  const [maxTokensIn, maxTokensOut] = [promptIds.length, model.method.generation.maxTokens];
  const salt = bytesToHex(randomBytes(32));
  const { adapterHash } = model.registered;
  const terms = { salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut };
  const { requestId } = await requestInference(client, at, dev("paula"), {
    ...{ modelId, host, maxTokensIn, maxTokensOut },
    requestHash: hashOfRequest(terms),
    escrow: await quote(client, at, modelId, maxTokensIn, maxTokensOut),
  });
  return { requestId, prompt, salt };
}
