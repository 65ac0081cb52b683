import type { Session } from "../../../native/js/index.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { encodeBasis } from "../attribution/basis-file.ts";
import { buildIndex, fitModelBasis } from "../attribution/build.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getSnapshot } from "../client/datanets.ts";
import { getRequest, hashOfClaim, hashOfTokens, postedClaims, settlementOf } from "../client/market.ts";
import { getModel, type RegisteredModel } from "../client/models.ts";
import { contentIdOf } from "../codec/hash.ts";
import type { ContentSource } from "../content/source.ts";
import {
  checkedPrompt,
  type Inference,
  loadServedModel,
  runInference,
  type ServedModel,
} from "../serve/inference.ts";
import { decodeSnapshot, type Snapshot, type TrainingExample, trainingSet } from "../train/snapshot.ts";
import { trainAdapter } from "../train/train.ts";
import { type Check, CheckFailed, CheckList, expectSame } from "./checks.ts";
import { contributorParts, payoutOf } from "./payout.ts";
import type { Receipt } from "./receipt.ts";

export interface VerifyOptions {
  receipt: Receipt;
  /** Documents by hash: a node's, or a folder's. */
  source: ContentSource;
  session: Session;
  /** The chain to compare with; absent: only what the receipt says of the chain is used, and a check says so. */
  chain?: { client: ChainClient; at: ProtocolAddresses };
  /** Make the index again from the snapshots' rows and the adapter. */
  index?: boolean;
  /** Replay the fine-tuning. */
  train?: boolean;
  signal?: AbortSignal;
  /** Told each check as it is done. */
  onCheck?: (check: Check) => void;
  /** Told how far the long ones are. */
  onProgress?: (stage: string, done: number, total: number) => void;
}

export interface Verification {
  ok: boolean;
  checks: readonly Check[];
}

/**
 * Recomputes an inference and its payout and compares every number with the receipt and the chain. Nothing that is
 * fetched is believed: contents are checked against their hashes, hashes against the registry.
 */
export async function verifyReceipt(options: VerifyOptions): Promise<Verification> {
  const { receipt, chain } = options;
  const list = new CheckList(options.onCheck);
  let registered = modelOfReceipt(receipt);
  if (chain) {
    await checkChain(list, receipt, chain.client, chain.at, (model) => {
      registered = model;
    });
  } else list.skip("chain", "not compared with a chain: give a node to do so");
  let model: ServedModel | undefined;
  await list.check("documents", async () => {
    model = await loadServedModel(options.source, registered);
    const files =
      model.manifest.base.length + model.manifest.tokenizer.length + model.manifest.adapter.length;
    return `${files} files, method, basis and index of ${model.index.records.length} rows have their hashes`;
  });
  if (model) {
    await checkInference(list, options, model);
    if (options.index || options.train) await checkTraining(list, options, model);
  }
  await checkPayout(list, receipt);
  return { ok: list.ok, checks: list.checks };
}

/** What the receipt says is registered. */
function modelOfReceipt({ model, request }: Receipt): RegisteredModel {
  return {
    ...model,
    modelId: request.modelId,
    active: true,
    rateIn: request.rateIn,
    rateOut: request.rateOut,
  };
}

async function checkChain(
  list: CheckList,
  receipt: Receipt,
  client: ChainClient,
  at: ProtocolAddresses,
  onModel: (model: RegisteredModel) => void,
): Promise<void> {
  const { requestId, modelId } = receipt.request;
  await list.check("chain and contract", () => {
    expectSame("chain id", receipt.chainId, client.chain.id);
    expectSame("market", receipt.market, at.market);
    return `chain ${client.chain.id}, market ${at.market}`;
  });
  await list.check("model on chain", async () => {
    const model = await getModel(client, at, modelId);
    onModel(model);
    const {
      name,
      owner,
      baseHash,
      adapterHash,
      tokenizerHash,
      methodHash,
      manifestHash,
      snapshots,
      index,
      split,
    } = model;
    const found = {
      ...{ name, owner, baseHash, adapterHash, tokenizerHash, methodHash, manifestHash },
      snapshots: snapshots.map(({ datanetId, number }) => ({ datanetId, number })),
      index: { ...index },
      split: { ...split },
    };
    for (const key of Object.keys(receipt.model) as (keyof typeof found)[]) {
      expectSame(key, receipt.model[key], found[key]);
    }
    return `model ${modelId} has the receipt's hashes, commitment and split`;
  });
  await list.check("claim on chain", async () => {
    const request = await getRequest(client, at, requestId);
    for (const key of Object.keys(receipt.request) as (keyof Receipt["request"])[]) {
      expectSame(key, receipt.request[key], request[key]);
    }
    expectSame("claim hash", receipt.claimHash, request.claimHash);
    expectSame(
      "hash of the receipt's claim",
      await hashOfClaim(client, at, receipt.claim),
      request.claimHash,
    );
    const to = await client.public.getBlockNumber();
    const posted = await postedClaims(client, at, { from: 0n, to, requestId });
    const found = posted.find((item) => item.transactionHash === receipt.claimTransaction);
    if (!found)
      throw new CheckFailed(`the transaction ${receipt.claimTransaction} posted no claim of this request`);
    expectSame("proved", receipt.proved, found.proved);
    return `request ${requestId} is ${request.status}, its claim is the receipt's`;
  });
  if (!receipt.settlement) list.skip("settlement on chain", "the receipt was made before the settlement");
  else await list.check("settlement on chain", () => checkSettlement(receipt, client, at));
}

async function checkSettlement(
  receipt: Receipt,
  client: ChainClient,
  at: ProtocolAddresses,
): Promise<string> {
  const settlement = await settlementOf(client, at, receipt.request.requestId);
  if (!settlement) throw new CheckFailed("the chain has no settlement of this request");
  const { blockNumber, ...found } = settlement;
  const said = receipt.settlement!;
  expectSame("fee", said.fee, found.fee);
  for (const key of Object.keys(said.payout) as (keyof typeof said.payout)[]) {
    expectSame(key, said.payout[key], found.payout[key]);
  }
  expectSame("credits", said.paid, found.paid);
  expectSame("transaction", said.transactionHash, found.transactionHash);
  return `block ${blockNumber} holds the receipt's fee, division and ${found.paid.length} credits`;
}

async function checkInference(list: CheckList, options: VerifyOptions, model: ServedModel): Promise<void> {
  const { receipt, session, signal } = options;
  await list.check("prompt", async () => {
    const ids = await checkedPrompt(model.base, receipt.prompt);
    expectSame("prompt hash", hashOfTokens(ids), receipt.request.promptHash);
    expectSame("prompt tokens", receipt.claim.tokensIn, ids.length);
    return `${ids.length} tokens with the request's hash`;
  });
  let again: Inference | undefined;
  const recomputed = (): Inference => {
    if (again) return again;
    throw new CheckFailed("the answer could not be recomputed");
  };
  await list.check("answer", async () => {
    again = await runInference(session, model, receipt.prompt, receipt.request.maxTokensOut, signal);
    expectSame("answer tokens", receipt.outputIds, again.outputIds);
    expectSame("answer", receipt.answer, again.answer);
    expectSame("answer's hash", receipt.claim.outputHash, again.claim.outputHash);
    expectSame("number of answer tokens", receipt.claim.tokensOut, again.claim.tokensOut);
    return `the same ${again.outputIds.length} tokens: ${JSON.stringify(again.answer)}`;
  });
  await list.check("query sketch", () => {
    expectSame("query sketch", receipt.claim.query, recomputed().claim.query);
    return `the same ${model.index.commitment.dimension} integers and exponent`;
  });
  await list.check("scores", () => {
    const { claim, scores } = recomputed();
    expectSame("best rows and scores", receipt.claim.rows, claim.rows);
    return `the best ${claim.rows.length} of ${scores.length} rows, the same scores`;
  });
  await list.check("weights", () => {
    const { weights } = recomputed().claim;
    expectSame("weights", receipt.claim.weights, weights);
    return `the same weights of ${weights.length} contributors`;
  });
}

async function checkTraining(list: CheckList, options: VerifyOptions, model: ServedModel): Promise<void> {
  const { session, signal, source } = options;
  let rows: TrainingExample[] | undefined;
  await list.check("training rows", async () => {
    const snapshots = await snapshotsOf(options, model);
    const set = await trainingSet(snapshots, (contentId) => source.get(contentId));
    expectSame("rows", model.manifest.rows, set.examples.length);
    expectSame("copies left out", model.manifest.copies, set.copies);
    for (const [i, { exampleHash, contributor }] of set.examples.entries()) {
      const record = model.index.records[i]!;
      expectSame(`example of row ${i}`, record.exampleHash, exampleHash);
      expectSame(`contributor of row ${i}`, record.contributor, contributor);
    }
    rows = set.examples;
    return `${rows.length} rows of ${snapshots.length} snapshots, each with its contributor`;
  });
  if (!rows) return;
  const examples = rows;
  let adapter = model.adapter;
  const progress = (stage: string) => ({
    signal,
    onProgress: ({ done, total }: { done: number; total: number }) =>
      options.onProgress?.(stage, done, total),
  });
  if (options.train) {
    await list.check("fine-tuning", async () => {
      const trained = await trainAdapter(session, model.base, examples, model.method, progress("train"));
      const hash = contentIdOf(trained.files.get("adapter_model.safetensors")!);
      expectSame("adapter hash", options.receipt.model.adapterHash, hash);
      adapter = trained.native;
      return `${trained.losses.length} steps lead to the same adapter ${hash}`;
    });
  }
  if (!options.index) return;
  await list.check("index", async () => {
    const basis = await fitModelBasis(session, model.base, adapter, examples, model.method, progress("fit"));
    expectSame("basis", model.manifest.basis, contentIdOf(encodeBasis(basis)));
    const index = await buildIndex(
      session,
      model.base,
      adapter,
      basis,
      examples,
      model.method,
      progress("sketch"),
    );
    expectSame("index commitment", options.receipt.model.index, index.commitment);
    return `basis and ${index.records.length} records are the same: root ${index.commitment.root}`;
  });
}

/** The snapshots' contributions, from content; the roots are the registry's where there is a chain. */
async function snapshotsOf({ chain, source }: VerifyOptions, model: ServedModel): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for (const [i, { content, root, datanetId, number }] of model.manifest.snapshots.entries()) {
    const registered = model.registered.snapshots[i];
    expectSame(
      "snapshot",
      { datanetId, number },
      registered && { ...registered, datanetId: String(registered.datanetId) },
    );
    const snapshot = decodeSnapshot(await source.get(content));
    expectSame(`root of snapshot ${datanetId}:${number}`, snapshot.root, root);
    if (chain) {
      const { root: onChain } = await getSnapshot(chain.client, chain.at, BigInt(datanetId), number);
      expectSame(`root of snapshot ${datanetId}:${number} on chain`, root, onChain);
    }
    snapshots.push(snapshot);
  }
  expectSame("number of snapshots", snapshots.length, model.registered.snapshots.length);
  return snapshots;
}

async function checkPayout(list: CheckList, receipt: Receipt): Promise<void> {
  const { settlement } = receipt;
  if (!settlement) {
    list.skip("split", "the receipt was made before the settlement");
    return;
  }
  await list.check("split", () => {
    const hasStakers = settlement.payout.stakers > 0n || receipt.model.split.stakers === 0;
    const payout = payoutOf(receipt, hasStakers);
    for (const key of Object.keys(payout) as (keyof typeof payout)[]) {
      expectSame(key, settlement.payout[key], payout[key]);
    }
    expectSame("fee", settlement.fee, receipt.request.escrow - refundOfUnused(receipt));
    const parts = contributorParts(receipt, payout);
    const credits = receipt.claim.weights
      .map(({ contributor }, i) => ({ to: contributor, amount: parts[i]! }))
      .filter(({ amount }) => amount > 0n);
    expectSame("contributors' credits", settlement.paid.slice(0, credits.length), credits);
    checkOthers(receipt, settlement.paid.slice(credits.length), payout);
    const total = settlement.paid.reduce((sum, { amount }) => sum + amount, 0n);
    expectSame("sum of all parts", total + payout.stakers, receipt.request.escrow);
    return `${settlement.fee} wei divided as the claim's weights say; all parts sum to the escrow`;
  });
}

/** After the contributors come the model's owner, the host, the treasury and the payer, without parts of 0. */
function checkOthers(
  receipt: Receipt,
  paid: readonly { to: Address; amount: bigint }[],
  payout: ReturnType<typeof payoutOf>,
): void {
  const expected = [
    { to: receipt.model.owner, amount: payout.owner },
    { to: receipt.request.host, amount: payout.host },
    { to: undefined, amount: payout.platform },
    { to: receipt.request.payer, amount: payout.refund },
  ].filter(({ amount }) => amount > 0n);
  expectSame("number of other credits", paid.length, expected.length);
  for (const [i, { to, amount }] of expected.entries()) {
    expectSame("credit", paid[i], { to: to ?? paid[i]!.to, amount });
  }
}

function refundOfUnused(receipt: Receipt): bigint {
  const earned = {
    ...receipt,
    claim: { ...receipt.claim, weights: [{ contributor: receipt.market, weight: 1n }] },
  };
  return payoutOf(earned, true).refund;
}
