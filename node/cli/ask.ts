import { Command } from "commander";
import { bytesToHex, formatEther, type LocalAccount } from "viem";
import { decodeManifest, fetchFiles } from "../ai/attribution/manifest.ts";
import type { ChainClient } from "../ai/client/chain.ts";
import { rpcSource } from "../ai/client/content.ts";
import { hostTerms } from "../ai/client/hosts.ts";
import { getRequest, quote, requestInference } from "../ai/client/market.ts";
import { getModel } from "../ai/client/models.ts";
import { GREEDY, hashOfRequest } from "../ai/client/request-hash.ts";
import { parseModelConfig } from "../ai/model/config.ts";
import { requireJson } from "../ai/model/files.ts";
import { loadTokenizer } from "../ai/model/tokenizer.ts";
import { receiptMessage } from "../ai/receipt/access.ts";
import { parseReceipt, type Receipt, type ReceiptJson, receiptToJson } from "../ai/receipt/receipt.ts";
import { answerLimit, checkedPrompt } from "../ai/serve/inference.ts";
import { decodeMethod } from "../ai/train/method.ts";
import { randomBytes, sleep } from "../base/clock.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
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
  const salt = bytesToHex(randomBytes(32));
  const order = await priceOf(protocol, parseId(model, "model"), question, { host, salt });
  const { requestId, hash } = await requestInference(client, at, account, order);
  let receipt = await answerOf(protocol, { requestId, prompt: question, salt });
  if (options.wait) receipt = await settledReceipt(protocol, account, requestId);
  print(context, { request: requestId, transaction: hash, receipt: receiptToJson(receipt) }, [
    receipt.answer,
    "",
    `request ${requestId}, claim ${receipt.claimTransaction}`,
    ...weightLines(receipt),
    ...settlementLines(receipt),
    `see \`openledger receipt show ${requestId}\` with the same --key`,
  ]);
}

/** @throws CodedError ANSWER_MISSING, which says how the paid request is not lost. */
async function answerOf(
  { client }: Protocol,
  question: { requestId: bigint; prompt: string; salt: Hash },
): Promise<Receipt> {
  const { requestId } = question;
  const params = [{ ...question, requestId: requestId.toString() }];
  try {
    return parseReceipt(await client.rpc<ReceiptJson>("openledger_ask", params, ANSWER_MS));
  } catch (cause) {
    throw cliError("ANSWER_MISSING", {
      message: `request ${requestId} is paid, but its host gave no answer`,
      fix: `look for it later with \`openledger receipt show ${requestId}\`; when the host's time is over, \`openledger account reclaim ${requestId}\` brings the escrow back`,
      facts: { requestId, salt: question.salt },
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
async function priceOf(
  { client, at }: Protocol,
  modelId: bigint,
  question: string,
  { host, salt }: { host: Address; salt: Hash },
) {
  const source = rpcSource(client);
  const { manifestHash, adapterHash } = await getModel(client, at, modelId);
  const terms = await hostTerms(client, at, modelId, host);
  if (!terms.accepted) {
    throw cliError("HOST_ABSENT", {
      message: `the host ${host} does not take model ${modelId}`,
      fix: "name another host with --host; a host takes a model with `openledger host take`",
      facts: { modelId, host },
    });
  }
  const manifest = decodeManifest(await source.get(manifestHash));
  const files = await fetchFiles(source, manifest.tokenizer);
  const base = {
    tokenizer: loadTokenizer(files),
    config: parseModelConfig(requireJson(files, "config.json")),
  };
  const method = decodeMethod(await source.get(manifest.method));
  const promptIds = await checkedPrompt(base, question);
  const longest = answerLimit({ base, method }, promptIds.length);
  const maxTokensIn = promptIds.length;
  const maxTokensOut = Math.min(longest, terms.maxTokensOut);
  const limits = { maxTokensIn, maxTokensOut };
  const requestHash = hashOfRequest({ salt, promptIds, adapterHash, sampling: GREEDY, ...limits });
  const escrow = await quote(client, at, modelId, maxTokensIn, maxTokensOut);
  return { modelId, host, requestHash, ...limits, escrow };
}

async function settledReceipt(
  { client, at }: Protocol,
  account: LocalAccount,
  requestId: bigint,
): Promise<Receipt> {
  const message = receiptMessage(client.chain.id, at.market, requestId, "read");
  const params = [requestId.toString(), await account.signMessage({ message })];
  for (;;) {
    const receipt = parseReceipt(await client.rpc<ReceiptJson>("openledger_getReceipt", params));
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

/** Who is paid for an answer, by the weights of the rows that made it. */
export function weightLines({ claim, contributors }: Receipt): string[] {
  return contributors.map(
    ({ contributionId, contributor }, i) =>
      `  contribution ${contributionId} of ${contributor}  weight ${claim.list.weights[i]}`,
  );
}

export function settlementLines({ settlement }: Receipt): string[] {
  if (!settlement) return ["not settled yet: its challenge window is open"];
  const { fee, payout, paid, transactionHash } = settlement;
  const parts = { ...payout, contributors: 0n };
  return [
    `fee ${formatEther(fee)} OPEN, paid in ${transactionHash}`,
    ...paid.map(({ to, contributionId, amount }) => {
      return `  ${to}  ${formatEther(amount)} OPEN for contribution ${contributionId}`;
    }),
    ...Object.entries(parts)
      .filter(([, amount]) => amount > 0n)
      .map(([part, amount]) => `  ${part}  ${formatEther(amount)} OPEN`),
  ];
}
