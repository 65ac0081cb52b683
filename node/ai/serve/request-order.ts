import type { Address, Hash } from "../../chain/types/primitives.ts";
import { fetchFiles } from "../attribution/manifest.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { rpcSource } from "../client/content.ts";
import { hostTerms } from "../client/hosts.ts";
import { quote } from "../client/market.ts";
import { getModel } from "../client/models.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import type { ContentSource } from "../content/source.ts";
import type { Question } from "../datanet/row-tokens.ts";
import { aiError } from "../errors.ts";
import { parseModelConfig } from "../model/config.ts";
import { requireJson } from "../model/files.ts";
import { loadTokenizer } from "../model/tokenizer.ts";
import { decodeMethod } from "../train/method.ts";
import { claimableTokens } from "./claim-with-cover.ts";
import { answerLimit, checkedManifest, checkedPrompt } from "./inference.ts";

/** What a request says on chain; the escrow, in wei, covers the longest answer that the method allows. */
export interface RequestOrder {
  modelId: bigint;
  host: Address;
  requestHash: Hash;
  maxTokensIn: number;
  maxTokensOut: number;
  escrow: bigint;
}

/**
 * The request for an answer to a question. What no host could answer is refused here, before anything is paid.
 * @param content of the model's documents; the node's unless given.
 * @throws CodedError `HOST_ABSENT` where the host does not take the model, `PROMPT_EMPTY`, `CONTEXT_LENGTH_EXCEEDED`, and of the content.
 */
export async function requestOrder(
  { client, at, content }: { client: ChainClient; at: ProtocolAddresses; content?: ContentSource },
  modelId: bigint,
  question: Question,
  { host, salt }: { host: Address; salt: Hash },
): Promise<RequestOrder> {
  const source = content ?? rpcSource(client);
  const registered = await getModel(client, at, modelId);
  const terms = await hostTerms(client, at, modelId, host);
  if (!terms.accepted) {
    throw aiError("HOST_ABSENT", {
      message: `the host ${host} does not take model ${modelId}`,
      fix: "name another host with --host; a host takes a model with `openledger host take`",
      facts: { modelId, host },
    });
  }
  const manifest = await checkedManifest(source, registered);
  const files = await fetchFiles(source, manifest.tokenizer);
  const base = {
    tokenizer: loadTokenizer(files),
    config: parseModelConfig(requireJson(files, "config.json")),
  };
  const method = decodeMethod(await source.get(manifest.method));
  const promptIds = await checkedPrompt(base, question);
  const maxTokensIn = promptIds.length;
  const longest = answerLimit({ base, method }, promptIds.length);
  const maxTokensOut = Math.min(longest, terms.maxTokensOut, claimableTokens(registered.index, method));
  const limits = { maxTokensIn, maxTokensOut };
  const { adapterHash } = registered;
  const requestHash = hashOfRequest({ salt, promptIds, adapterHash, sampling: GREEDY, ...limits });
  const escrow = await quote(client, at, modelId, maxTokensIn, maxTokensOut);
  return { modelId, host, requestHash, ...limits, escrow };
}
