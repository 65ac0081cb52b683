import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { Session } from "../../native/js/index.ts";
import { NO_SPANS } from "../ai/attribution/score.ts";
import { rpcSource } from "../ai/client/content.ts";
import { folderSource } from "../ai/content/folder-source.ts";
import { cachedSource } from "../ai/content/source.ts";
import { NAT_UNITS } from "../ai/context/nats.ts";
import { dropsOf, partsOf, sharesOf } from "../ai/context/rule.ts";
import { type ReceiptUse, receiptMessage } from "../ai/receipt/access.ts";
import type { Check } from "../ai/receipt/checks.ts";
import { exportEvidence } from "../ai/receipt/evidence.ts";
import {
  isPrepaidReceipt,
  type PrepaidReceipt,
  parsePrepaidReceipt,
  prepaidReceiptToJson,
} from "../ai/receipt/prepaid-receipt.ts";
import { parseReceipt, type Receipt, type ReceiptJson, receiptToJson } from "../ai/receipt/receipt.ts";
import { verifyReceipt } from "../ai/receipt/verify.ts";
import { verifyPrepaid } from "../ai/receipt/verify-prepaid.ts";
import { type Progress, startProgress } from "../base/progress.ts";
import type { Hash, Hex } from "../chain/types/primitives.ts";
import { settlementLines } from "./ask.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { fetchPrepaidReceipt, prepaidLines } from "./prepaid.ts";
import { connectProtocol, type Protocol, parseId } from "./protocol.ts";
import { weightLines } from "./weight-lines.ts";

/** What the commands take: the receipt of a single request, or of an answer that a purse paid for. */
type AnyReceipt = Receipt | PrepaidReceipt;

/** `openledger receipt ...`: show, verify, export. */
export function receiptCommand(): Command {
  const receipt = new Command("receipt").description(
    "what an answer was made of, and the check of every number in it; it is its payer's (--key) until it is published; prepaid answers by their id",
  );
  receipt
    .command("show <receipt>")
    .description(
      "a receipt by request number, by the id of a prepaid answer, or from a file; with --out it is written to a file",
    )
    .option("--out <file>", "write the receipt as JSON")
    .action(show);
  receipt
    .command("verify <receipt>")
    .description(
      "recompute answer, query sketch, scores, weights, split and whose rows they are; status 0 only if all are equal",
    )
    .option(
      "--dir <folder>",
      "take the documents from an exported folder, not from the node, and skip the chain",
    )
    .option("--index", "make the whole index again from the rows")
    .option("--train", "replay the fine-tuning to the same adapter hash (minutes)")
    .addHelpText(
      "after",
      "\nEach line says how it is known: recomputed here, on chain, proved by the chain's own arithmetic, or waiting for a window.\nThe query sketch and the answer are shown by re-execution alone: the chain checks scores, order and weights.",
    )
    .action(verify);
  receipt
    .command("publish <request>")
    .description("let everybody read the receipt of a request that you paid")
    .action(publish);
  receipt
    .command("export <receipt> <folder>")
    .description("write the receipt's documents into a folder, for `verify --dir`")
    .action(exportTo);
  return receipt;
}

/**
 * A file's receipt, or a node's: by the request's number a published one, or with the payer's --key any; by a prepaid answer's id with that key.
 * @throws CodedError RECEIPT_UNREADABLE and what reading them throws.
 */
async function readReceipt(context: CliContext, text: string): Promise<AnyReceipt> {
  if (/^\d{1,18}$/.test(text)) {
    const protocol = await connectProtocol(context);
    const signature = context.key === undefined ? [] : [await signFor(context, protocol, text, "read")];
    return parseReceipt(
      await protocol.client.rpc<ReceiptJson>("openledger_getReceipt", [text, ...signature]),
    );
  }
  if (/^0x[0-9a-f]{64}$/.test(text))
    return fetchPrepaidReceipt(await connectProtocol(context), requireKey(context), text as Hash);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(text, "utf8"));
  } catch (cause) {
    throw cliError("RECEIPT_UNREADABLE", {
      message: `${text} is neither a request's number, nor a prepaid answer's id, nor a file with a receipt`,
      fix: "give one of them; `receipt show <number or id> --out <file>` writes such a file",
      cause,
    });
  }
  return isPrepaidReceipt(json) ? parsePrepaidReceipt(json) : parseReceipt(json);
}

const isPrepaid = (receipt: AnyReceipt): receipt is PrepaidReceipt => isPrepaidReceipt(receipt);

const toJson = (receipt: AnyReceipt) =>
  isPrepaid(receipt) ? prepaidReceiptToJson(receipt) : receiptToJson(receipt);

function signFor(
  context: CliContext,
  { client, at }: Protocol,
  request: string,
  use: ReceiptUse,
): Promise<Hex> {
  const message = receiptMessage(client.chain.id, at.market, parseId(request, "request"), use);
  return requireKey(context).signMessage({ message });
}

async function publish(request: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const protocol = await connectProtocol(context);
  const id = parseId(request, "request").toString();
  await protocol.client.rpc<boolean>("openledger_publishReceipt", [
    id,
    await signFor(context, protocol, id, "publish"),
  ]);
  print(context, { request: id, published: true }, [`everybody may read the receipt of request ${id} now`]);
}

async function show(text: string, options: { out?: string }, command: Command): Promise<void> {
  const context = contextOf(command);
  const receipt = await readReceipt(context, text);
  if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(toJson(receipt), null, 2)}\n`);
  print(context, toJson(receipt), isPrepaid(receipt) ? linesOfPrepaid(receipt) : linesOf(receipt));
}

function linesOfPrepaid(receipt: PrepaidReceipt): string[] {
  return [
    ...prepaidLines(receipt),
    ...verbatimLines({ ...receipt.answer, model: receipt.model }),
    ...contextLines(receipt.answer),
    ...discountLines(receipt.answer),
  ];
}

function linesOf(receipt: Receipt): string[] {
  const { model, claim, request } = receipt;
  return [
    `question  ${receipt.prompt}`,
    `answer    ${receipt.answer}`,
    `model     ${request.modelId} ${model.name}, ${model.index.rows} rows`,
    `claim     ${receipt.claimTransaction} (${receipt.proved ? "proved on chain" : "optimistic"})`,
    ...claim.list.rowIds.map((rowId, i) => `  row ${rowId}  score ${claim.list.scores[i]}`),
    ...verbatimLines(receipt),
    ...contextLines(receipt),
    ...discountLines(receipt),
    ...weightLines(receipt),
    ...settlementLines(receipt),
  ];
}

/** Spans of the answer, and the rows that they and influence choose together: what a model that commits spans pays by. */
function verbatimLines({
  verbatim,
  answer,
  model,
}: Pick<Receipt, "verbatim" | "answer" | "model">): string[] {
  if (verbatim === undefined) return [];
  const { information, free, spans, list } = verbatim;
  const quoted = ({ text, tokens }: (typeof spans)[number]) =>
    text ? JSON.stringify(answer.slice(text.start, text.end).trim()) : `${tokens.end - tokens.start} tokens`;
  return [
    `verbatim  ${spans.length} spans; ${free} of ${information} bits are left to influence alone ${model.index.spans === NO_SPANS ? " (not part of the claim)" : "; paid is influence among the rows that hold the words"}`,
    ...spans.map((span) => `  ${quoted(span)}  ${span.information} bits, first in row ${span.rowId}`),
    ...list.rowIds.map((rowId, i) => `  row ${rowId}  score ${list.scores[i]} counts ${list.gains[i]} of 16`),
  ];
}

/** Rows that stood in the prompt with their shares, and what base, training and rows made of the answer's log p. */
function contextLines({ context, claim }: Pick<Receipt, "context" | "claim">): string[] {
  if (context === undefined) return [];
  const { total, base, training, context: added } = partsOf(context);
  const nats = (units: number) => (units / NAT_UNITS).toFixed(3);
  const [drops, shares] = [dropsOf(context), sharesOf(context)];
  return [
    `context   ${context.rows.length} rows stood before the question; log p of the answer ${nats(total)} nats = base ${nats(base)}, training ${nats(training)}, rows ${nats(added)}; ${claim.context.partBps / 100} % of the contributors' part is theirs`,
    ...context.rows.map(({ rowId, gain }, i) => {
      const [drop, share] = [drops[i]!, shares[i]!];
      const said = `${nats(Math.abs(drop))} nats ${drop < 0 ? "more" : "less"}`;
      return `  row ${rowId}  without it the base has ${said}; it says ${gain} of 16 of the answer; ${share === 0 ? "no share" : `share ${(share / 100).toFixed(2)} %`}`;
    }),
  ];
}

/** What training earned of its part, and what the base model answers by itself. */
function discountLines({ discount, claim }: Pick<Receipt, "discount" | "claim">): string[] {
  if (discount === undefined) return [];
  const own = JSON.stringify(discount.answer);
  return [`earned    ${claim.earnedBps / 100} % of training's part; the base model by itself answers ${own}`];
}

interface VerifyFlags {
  dir?: string;
  index?: boolean;
  train?: boolean;
}

async function verify(text: string, flags: VerifyFlags, command: Command): Promise<void> {
  const context = contextOf(command);
  const receipt = await readReceipt(context, text);
  const protocol = flags.dir === undefined ? await connectProtocol(context) : undefined;
  const source = protocol ? rpcSource(protocol.client) : folderSource(flags.dir!);
  const lines: string[] = [];
  let stage: string | undefined;
  let progress: Progress | undefined;
  const options = {
    source: cachedSource(source),
    session: new Session(),
    chain: protocol,
    index: flags.index,
    train: flags.train,
    onCheck: (check: Check) => {
      progress?.finish();
      progress = undefined;
      stage = undefined;
      lines.push(checkLine(check));
      if (!context.json) process.stdout.write(`${lines.at(-1)}\n`);
    },
    onProgress: (name: string, done: number, total: number) => {
      if (name !== stage) progress = startProgress({ label: name });
      stage = name;
      progress?.update(done, undefined, total);
    },
  };
  const result = isPrepaid(receipt)
    ? await verifyPrepaid({ ...options, receipt })
    : await verifyReceipt({ ...options, receipt });
  const verdict = result.ok
    ? "all checks hold: the receipt is equal to what was recomputed"
    : "the receipt does NOT hold";
  if (context.json) print(context, result, []);
  else process.stdout.write(`${verdict}\n`);
  if (!result.ok) process.exitCode = 1;
}

function checkLine({ name, grounds, ok, detail }: Check): string {
  return `${ok === undefined ? "--  " : ok ? "ok  " : "FAIL"} ${grounds.padEnd(15)}  ${name}: ${detail}`;
}

async function exportTo(text: string, folder: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const receipt = await readReceipt(context, text);
  const { client } = await connectProtocol(context);
  const { files, bytes } = await exportEvidence(receipt, toJson(receipt), rpcSource(client), folder);
  print(context, { folder, files, bytes }, [
    `${files} documents, ${bytes} bytes in ${folder}`,
    `verify them with \`openledger receipt verify ${folder}/receipt.json --dir ${folder}\``,
  ]);
}
