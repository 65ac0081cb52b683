import { BaseError, ContractFunctionRevertedError, ContractFunctionZeroDataError } from "viem";
import { fetchFiles } from "../../ai/attribution/manifest.ts";
import type { ChainClient, ProtocolAddresses } from "../../ai/client/chain.ts";
import { postedClaims } from "../../ai/client/claims.ts";
import { getRequest, type MarketRequest } from "../../ai/client/market.ts";
import { getModel, type RegisteredModel } from "../../ai/client/models.ts";
import { GREEDY, hashOfRequest, hashOfTokens } from "../../ai/client/request-hash.ts";
import type { ContentSource } from "../../ai/content/source.ts";
import { parseModelConfig } from "../../ai/model/config.ts";
import { requireJson } from "../../ai/model/files.ts";
import { loadTokenizer } from "../../ai/model/tokenizer.ts";
import { checkedManifest, checkedPrompt } from "../../ai/serve/inference.ts";
import { isCodedError } from "../../base/errors.ts";
import { swapPoolAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { AgentAddresses } from "../addresses.ts";
import { getAgent } from "../agents.ts";
import { callOfDeed, type DeedRecord, deedsBecauseOf, getDeed } from "../deeds.ts";
import { MAX_POLICY_BYTES, rulesOfPolicy, type SwapPolicy } from "../policy.ts";
import { decodeRationale, MAX_RATIONALE_BYTES, type Rationale } from "../rationale.ts";
import { type DeedMatterOfFact, type Finding, type HeardAnswer, judgeSwap } from "./judge.ts";

export interface DeedContext {
  client: ChainClient;
  protocol: ProtocolAddresses;
  at: AgentAddresses;
  /** Has models' files. */
  content: ContentSource;
  /** Has policies and rationales: a stranger chose them, so it gives nothing longer than {@link MAX_TEXT_BYTES}. */
  texts: ContentSource;
}

/** Longest policy or rationale in bytes. */
export const MAX_TEXT_BYTES = Math.max(MAX_POLICY_BYTES, MAX_RATIONALE_BYTES);

/** What a program can say of a deed: a finding, that its evidence is not there, or why a person has to look. */
export type Judgement =
  | { kind: "found"; finding: Finding }
  | { kind: "no evidence" }
  | { kind: "not by program"; why: string };

const byHand = (why: string): Judgement => ({ kind: "not by program", why });

/**
 * Judges a deed by the rules of its policy, as far as a program can.
 * @throws CodedError of the node and the content store where they can't be asked.
 */
export async function judgeDeed(context: DeedContext, deedId: bigint): Promise<Judgement> {
  const { client, at } = context;
  const deed = await getDeed(client, at, deedId);
  const policy = await policyOf(context, deed.policy);
  if (policy === undefined) return byHand("its policy has no rules that a program reads");
  const { account } = await getAgent(client, at, deed.agentId);
  const call = await callOfDeed(client, account, deed);
  if (call === undefined) return byHand("its transaction does not show its call");
  const rationale = await rationaleOf(context, deed.rationale);
  if (rationale === "missing") return { kind: "no evidence" };
  const facts: DeedMatterOfFact = {
    ...{ account, call },
    because: deed.because,
    isRepeated: await isRepeated(context, deed),
    blockNumber: deed.blockNumber,
  };
  const answer = await heard(context, deed, rationale);
  const quoted = (swap: { kind: "buy" | "sell"; amount: bigint }, block: bigint) =>
    quoteAt(client, policy.pool, swap, block);
  return { kind: "found", finding: await judgeSwap(policy, facts, answer, quoted) };
}

/** What an amount would have brought in the state after a block; undefined where what should be the pool gives no price. */
export async function quoteAt(
  client: ChainClient,
  pool: Address,
  { kind, amount }: { kind: "buy" | "sell"; amount: bigint },
  blockNumber: bigint,
): Promise<bigint | undefined> {
  const args = [amount, kind === "buy"] as const;
  const read = { address: pool, abi: swapPoolAbi, functionName: "quote", args, blockNumber } as const;
  try {
    return await client.public.readContract(read);
  } catch (error) {
    const isPools = (cause: unknown) =>
      cause instanceof ContractFunctionRevertedError || cause instanceof ContractFunctionZeroDataError;
    if (error instanceof BaseError && error.walk(isPools) !== null) return undefined;
    throw error;
  }
}

/** Rules that can be read; a text that is not there, or not valid, has none. */
async function policyOf({ texts }: DeedContext, hash: Hash): Promise<SwapPolicy | undefined> {
  const bytes = await textOf(texts, hash);
  if (bytes === undefined) return undefined;
  try {
    return rulesOfPolicy(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** A rationale that is no rationale opens nothing. */
async function rationaleOf({ texts }: DeedContext, hash: Hash): Promise<Rationale | "missing" | undefined> {
  const bytes = await textOf(texts, hash);
  if (bytes === undefined) return "missing";
  try {
    return decodeRationale(bytes);
  } catch {
    return undefined;
  }
}

async function textOf(texts: ContentSource, hash: Hash): Promise<Uint8Array | undefined> {
  try {
    return await texts.get(hash);
  } catch (error) {
    // Whoever asks elsewhere finds neither.
    if (isCodedError(error, "CONTENT_NOT_FOUND") || isCodedError(error, "CONTENT_TOO_LARGE"))
      return undefined;
    throw error;
  }
}

async function isRepeated({ client, at }: DeedContext, deed: DeedRecord): Promise<boolean> {
  for (const requestId of deed.because) {
    const [first] = await deedsBecauseOf(client, at, deed.agentId, requestId);
    if (first !== undefined && first.id !== deed.id) return true;
  }
  return false;
}

/** Question and answer, each only where it is what the chain has the hash of. */
async function heard(
  context: DeedContext,
  deed: DeedRecord,
  rationale: Rationale | undefined,
): Promise<HeardAnswer> {
  const { client, protocol } = context;
  const requestId = deed.because[0]!;
  const request = await getRequest(client, protocol, requestId);
  const nothing = { model: request.modelId, question: undefined, text: undefined, quotedAt: 0n };
  if (rationale === undefined || rationale.requestId !== requestId) return nothing;
  const reader = await readerOf(context, await getModel(client, protocol, request.modelId));
  const isAsked = (await requestHashOf(reader, request, rationale)) === request.requestHash;
  return {
    model: request.modelId,
    question: isAsked ? rationale.prompt : undefined,
    text: await claimedText(context, reader, requestId, rationale.outputIds),
    quotedAt: rationale.quotedAt,
  };
}

/** As much of a model as its questions and answers take. */
export interface ModelReader {
  registered: RegisteredModel;
  base: Parameters<typeof checkedPrompt>[0] & { tokenizer: ReturnType<typeof loadTokenizer> };
}

/** @throws CodedError of the content store, and of files that are no tokenizer. */
export async function readerOf(
  { content }: Pick<DeedContext, "content">,
  registered: RegisteredModel,
): Promise<ModelReader> {
  const files = await fetchFiles(content, (await checkedManifest(content, registered)).tokenizer);
  const config = parseModelConfig(requireJson(files, "config.json"));
  return { registered, base: { tokenizer: loadTokenizer(files), config } };
}

async function requestHashOf(
  { registered, base }: ModelReader,
  { maxTokensIn, maxTokensOut }: MarketRequest,
  { prompt, salt }: Rationale,
): Promise<Hash | undefined> {
  try {
    const promptIds = await checkedPrompt(base, prompt);
    const { adapterHash } = registered;
    return hashOfRequest({ salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut });
  } catch (error) {
    // What can't be asked was not asked.
    if (isCodedError(error) && error.severity === "input") return undefined;
    throw error;
  }
}

/** The answer's text by its tokens; undefined unless they are those that the request's host claimed. */
export async function claimedText(
  { client, protocol }: Pick<DeedContext, "client" | "protocol">,
  { base }: Pick<ModelReader, "base">,
  requestId: bigint,
  outputIds: readonly number[],
): Promise<string | undefined> {
  const to = await client.public.getBlockNumber();
  const posted = (await postedClaims(client, protocol, { from: 0n, to, requestId })).at(-1);
  if (posted === undefined || posted.claim.outputHash !== hashOfTokens(outputIds)) return undefined;
  return (await base.tokenizer.decode([...outputIds], true)).trim();
}
