import { readFileSync } from "node:fs";
import { Command } from "commander";
import { bytesToHex, formatEther, type LocalAccount } from "viem";
import { z } from "zod";
import { getRequest, requestInference } from "../ai/client/market.ts";
import type { Question } from "../ai/datanet/row-tokens.ts";
import { MAX_MESSAGES, ROW_ROLES, type RowMessage } from "../ai/datanet/rows.ts";
import { receiptMessage } from "../ai/receipt/access.ts";
import { parseReceipt, type Receipt, type ReceiptJson, receiptToJson } from "../ai/receipt/receipt.ts";
import { requestOrder } from "../ai/serve/request-order.ts";
import { randomBytes, sleep } from "../base/clock.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { askByPurse } from "./ask-purse.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { connectProtocol, nodeHost, type Protocol, parseId } from "./protocol.ts";
import { weightLines } from "./weight-lines.ts";

/** Generating, attributing and claiming on a busy machine. */
const ANSWER_MS = 120_000;
const POLL_MS = 500;
const messagesSchema = z
  .array(z.strictObject({ role: z.enum(ROW_ROLES), content: z.string() }))
  .max(MAX_MESSAGES);

/** `openledger ask`: pay for an answer. */
export function askCommand(): Command {
  return new Command("ask")
    .description("pay a model for an answer; its receipt says whose data made it")
    .argument("<model>", "number of the model")
    .argument("<question>")
    .option("--host <name|address>", "who shall answer (default: the node's own host)")
    .option(
      "--messages <file>",
      'JSON: the conversation before the question, [{"role": "user", "content": ...}, ...]',
    )
    .option(
      "--purse",
      "pay out of the purse for the host (`openledger purse fill`): no transaction, one signature",
    )
    .option("--wait", "wait until the claim is settled and everybody is paid")
    .addHelpText(
      "after",
      '\nExample: openledger ask 1 "Which plant does Bexanol come from?" --key paula --wait',
    )
    .action(ask);
}

async function ask(
  model: string,
  prompt: string,
  options: { host?: string; messages?: string; purse?: boolean; wait?: boolean },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const question = { prompt, before: options.messages === undefined ? [] : readMessages(options.messages) };
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const host = options.host === undefined ? await nodeHost(client) : resolveAddress(context, options.host);
  const salt = bytesToHex(randomBytes(32));
  if (options.purse) {
    const asked = { modelId: parseId(model, "model"), question, host, salt, wait: options.wait === true };
    return askByPurse(context, protocol, account, asked);
  }
  const order = await requestOrder({ client, at }, parseId(model, "model"), question, { host, salt });
  const { requestId, hash } = await requestInference(client, at, account, order);
  let receipt = await answerOf(protocol, { requestId, ...question, salt });
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

/** @throws CodedError FILE_UNREADABLE. */
function readMessages(file: string): RowMessage[] {
  try {
    return messagesSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw cliError("FILE_UNREADABLE", {
      message: `${file} holds no conversation`,
      fix: `give JSON such as [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]; roles are ${ROW_ROLES.join(", ")}`,
      cause,
    });
  }
}

/** @throws CodedError ANSWER_MISSING, which says how the paid request is not lost. */
async function answerOf(
  { client }: Protocol,
  question: Question & { requestId: bigint; salt: Hash },
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

export function settlementLines({ settlement }: Receipt): string[] {
  if (!settlement) return ["not settled yet: its challenge window is open"];
  const { fee, payout, paid, transactionHash } = settlement;
  const parts = { ...payout, contributors: 0n, context: 0n };
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
