import { Command } from "commander";
import { formatEther } from "viem";
import { decodeManifest, fetchFiles } from "../ai/attribution/manifest.ts";
import type { ChainClient } from "../ai/client/chain.ts";
import { rpcSource } from "../ai/client/content.ts";
import { getRequest, hashOfTokens, quote, requestInference } from "../ai/client/market.ts";
import { getModel } from "../ai/client/models.ts";
import { parseModelConfig } from "../ai/model/config.ts";
import { requireJson } from "../ai/model/files.ts";
import { loadTokenizer } from "../ai/model/tokenizer.ts";
import { parseReceipt, type Receipt, type ReceiptJson, receiptToJson } from "../ai/receipt/receipt.ts";
import { answerLimit, checkedPrompt } from "../ai/serve/inference.ts";
import { decodeMethod } from "../ai/train/method.ts";
import { sleep } from "../base/clock.ts";
import type { Address } from "../chain/types/primitives.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { connectProtocol, type Protocol, parseId } from "./protocol.ts";

/** Generating, attributing and claiming on a busy machine. */
const ANSWER_MS = 120_000;
const POLL_MS = 500;

/** `openledger ask`: pay for an answer. */
export function askCommand(): Command {
  return new Command("ask")
    .description("pay a model for an answer; its receipt says whose data made it")
    .argument("<model>", "number of the model")
    .argument("<question>")
    .option("--host <name|address>", "who shall answer (default: the node's own host)")
    .option("--wait", "wait until the claim is settled and everybody is paid")
    .addHelpText(
      "after",
      '\nExample: openledger ask 1 "Which plant does Bexanol come from?" --key paula --wait',
    )
    .action(ask);
}

async function ask(
  model: string,
  question: string,
  options: { host?: string; wait?: boolean },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const host = options.host === undefined ? await nodeHost(client) : resolveAddress(context, options.host);
  const order = await priceOf(protocol, parseId(model, "model"), question);
  const { requestId, hash } = await requestInference(client, at, account, { ...order, host });
  let receipt = await answerOf(protocol, requestId, question);
  if (options.wait) receipt = await settledReceipt(protocol, requestId);
  print(context, { request: requestId, transaction: hash, receipt: receiptToJson(receipt) }, [
    receipt.answer,
    "",
    `request ${requestId}, claim ${receipt.claimTransaction}`,
    ...receipt.claim.weights.map(({ contributor, weight }) => `  ${contributor}  weight ${weight}`),
    ...settlementLines(receipt),
    `see \`openledger receipt show ${requestId}\``,
  ]);
}

/** @throws CodedError ANSWER_MISSING, which says how the paid request is not lost. */
async function answerOf({ client }: Protocol, requestId: bigint, question: string): Promise<Receipt> {
  const params = [{ requestId: requestId.toString(), prompt: question }];
  try {
    return parseReceipt(await client.rpc<ReceiptJson>("openledger_ask", params, ANSWER_MS));
  } catch (cause) {
    throw cliError("ANSWER_MISSING", {
      message: `request ${requestId} is paid, but its host gave no answer`,
      fix: `look for it later with \`openledger receipt show ${requestId}\`; when the host's time is over, \`openledger account reclaim ${requestId}\` brings the escrow back`,
      facts: { requestId },
      cause,
    });
  }
}

async function nodeHost(client: ChainClient): Promise<Address> {
  const host = await client.rpc<Address | null>("openledger_host", []);
  if (host) return host;
  throw cliError("HOST_ABSENT", {
    message: `the node at ${client.rpcUrl} does not answer questions`,
    fix: "name a host with --host and talk to its node with --rpc",
  });
}

/**
 * What the request has to say on chain; the escrow covers the longest answer that the method allows.
 * A prompt that no host could answer is refused here, before anything is paid.
 * @throws CodedError PROMPT_EMPTY, CONTEXT_LENGTH_EXCEEDED.
 */
async function priceOf({ client, at }: Protocol, modelId: bigint, question: string) {
  const source = rpcSource(client);
  const { manifestHash } = await getModel(client, at, modelId);
  const manifest = decodeManifest(await source.get(manifestHash));
  const files = await fetchFiles(source, manifest.tokenizer);
  const base = {
    tokenizer: loadTokenizer(files),
    config: parseModelConfig(requireJson(files, "config.json")),
  };
  const method = decodeMethod(await source.get(manifest.method));
  const ids = await checkedPrompt(base, question);
  const limits = { maxTokensIn: ids.length, maxTokensOut: answerLimit({ base, method }, ids.length) };
  const escrow = await quote(client, at, modelId, limits.maxTokensIn, limits.maxTokensOut);
  return { modelId, promptHash: hashOfTokens(ids), ...limits, escrow };
}

async function settledReceipt({ client, at }: Protocol, requestId: bigint): Promise<Receipt> {
  for (;;) {
    const receipt = parseReceipt(
      await client.rpc<ReceiptJson>("openledger_getReceipt", [requestId.toString()]),
    );
    if (receipt.settlement) return receipt;
    const { status } = await getRequest(client, at, requestId);
    if (status === "refuted") {
      throw cliError("CLAIM_REFUTED", {
        message: `the claim for request ${requestId} was proven false; the escrow went back to the payer`,
        fix: "ask again, another host for choice",
        facts: { requestId },
      });
    }
    await sleep(POLL_MS);
  }
}

export function settlementLines({ settlement }: Receipt): string[] {
  if (!settlement) return ["not settled yet: its challenge window is open"];
  const { fee, paid, transactionHash } = settlement;
  return [
    `fee ${formatEther(fee)} OPEN, paid in ${transactionHash}`,
    ...paid.map(({ to, amount }) => `  ${to}  ${formatEther(amount)} OPEN`),
  ];
}
