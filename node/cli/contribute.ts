import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { bytesToHex, formatEther } from "viem";
import type { ChainClient } from "../ai/client/chain.ts";
import { requireRoom, rpcSink } from "../ai/client/content.ts";
import {
  commitContribution,
  contributionOfRows,
  getDatanet,
  isReviewer,
  revealContribution,
} from "../ai/client/datanets.ts";
import { uploadsOf } from "../ai/content/upload-order.ts";
import { type EncodedDocument, encodeDocument } from "../ai/datanet/document.ts";
import { intakeFile } from "../ai/datanet/intake.ts";
import { checkRowLengths } from "../ai/datanet/row-tokens.ts";
import { parseModelConfig } from "../ai/model/config.ts";
import { readModelFolder, requireJson, TEXT_FILES } from "../ai/model/files.ts";
import { loadTokenizer } from "../ai/model/tokenizer.ts";
import { randomBytes, sleep } from "../base/clock.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { connectProtocol, type Protocol, parseId, SHIPPED_BASE } from "./protocol.ts";

const POLL_MS = 250;

/** Adds `datanet contribute` and `datanet reveal`. */
export function addContribute(datanet: Command): void {
  datanet
    .command("contribute <datanet> <files...>")
    .description("put .txt, .md, .jsonl or .csv files in, each as one contribution: commit, store, reveal")
    .option("--base <folder>", "base model whose context every row must fit (default: the shipped one)")
    .addHelpText("after", "\nExample: openledger datanet contribute 1 notes.md facts.jsonl --key alba")
    .action(contribute);
  datanet
    .command("reveal <contribution> <file>")
    .description("reveal a commitment whose reveal failed")
    .requiredOption("--salt <hex>", "the salt that `contribute` printed")
    .action(reveal);
}

async function contribute(
  datanet: string,
  files: string[],
  options: { base?: string },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const datanetId = parseId(datanet, "datanet");
  // All files are read and checked before the first stake is bound.
  const documents = files.map((file) => readContribution(file));
  await requireFit(documents, options.base ?? SHIPPED_BASE);
  const protocol = await connectProtocol(context);
  const { stake, ...seats } = await getDatanet(protocol.client, protocol.at, datanetId);
  await noteOwnQuorum(context, protocol, datanetId, seats);
  for (const { name, document } of documents) await requireNew(protocol, datanetId, name, document.rowsRoot);
  const results = [];
  for (const { name, document, ignored } of documents) {
    const contribution = await contributeOne(context, protocol, datanetId, document, stake);
    results.push({ file: name, rows: document.rowCount, ignored, ...contribution });
  }
  print(
    context,
    results,
    results.map(
      ({ file, rows, contributionId }) =>
        `${file}: ${rows} rows revealed as contribution ${contributionId} (stake ${formatEther(stake)} OPEN)`,
    ),
  );
}

/** @throws CodedError CONTENT_REPEATED: its reveal would be refused, with the stake bound already. */
async function requireNew(
  { client, at }: Protocol,
  datanetId: bigint,
  name: string,
  rowsRoot: Hash,
): Promise<void> {
  const first = await contributionOfRows(client, at, datanetId, rowsRoot);
  if (first === 0n) return;
  throw cliError("CONTENT_REPEATED", {
    message: `the rows of ${name} are in datanet ${datanetId} already, as contribution ${first}`,
    fix: "contribute other documents: copies earn nothing",
    facts: { datanetId, contributionId: first, rowsRoot },
  });
}

/** Says before the stake is bound that the contributor is one of so few reviewers that the others are no quorum. */
async function noteOwnQuorum(
  context: CliContext,
  { client, at }: Protocol,
  datanetId: bigint,
  { reviewers, quorum }: { reviewers: number; quorum: number },
): Promise<void> {
  const { address } = requireKey(context);
  if (reviewers > quorum || !(await isReviewer(client, at, datanetId, address))) return;
  process.stderr.write(
    `note: nobody reviews an own contribution, and datanet ${datanetId} has ${reviewers - 1} other reviewers for a quorum of ${quorum}: ` +
      "until its reviewers change it can only expire, which gives the stake back\n",
  );
}

function readContribution(file: string) {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw cliError("FILE_UNREADABLE", {
      message: `${file} cannot be read`,
      fix: "check the path",
      cause,
    });
  }
  const name = basename(file);
  const { rows, ignored } = intakeFile(name, bytes);
  return { name, rows, document: encodeDocument({ name, rows }), ignored };
}

/** @throws CodedError ROW_TOO_LONG, and those of the model's files. */
async function requireFit(
  documents: readonly ReturnType<typeof readContribution>[],
  base: string,
): Promise<void> {
  const files = await readModelFolder(base, TEXT_FILES);
  const { contextLength } = parseModelConfig(requireJson(files, "config.json"));
  const tokenizer = loadTokenizer(files);
  for (const { name, rows } of documents) await checkRowLengths(name, rows, tokenizer, contextLength);
}

async function contributeOne(
  context: CliContext,
  { client, at }: Protocol,
  datanetId: bigint,
  document: EncodedDocument,
  stake: bigint,
) {
  const account = requireKey(context);
  await requireRoom(client, account.address, { bytes: document.bytes.length, spends: stake });
  const salt = bytesToHex(randomBytes(32));
  const committed = await commitContribution(client, at, account, { datanetId, document, salt, stake });
  const { contributionId } = committed;
  try {
    await rpcSink(client, uploadsOf(client.chain, account)).put(document.bytes);
    await nextBlock(client, committed.receipt.blockNumber);
    const revealed = await revealContribution(client, at, account, { contributionId, document, salt });
    return { contributionId, contentId: document.contentId, commit: committed.hash, reveal: revealed.hash };
  } catch (cause) {
    throw cliError("CONTRIBUTION_NOT_REVEALED", {
      message: `contribution ${contributionId} is committed, but it could not be revealed`,
      fix: `once the cause is gone: openledger datanet reveal ${contributionId} <the same file> --salt ${salt}; or take the stake back with \`openledger datanet cancel ${contributionId}\``,
      facts: { contributionId, salt },
      cause,
    });
  }
}

/** The registry takes a reveal only in a later block than its commitment: nobody can copy it within one. */
async function nextBlock(client: ChainClient, after: bigint): Promise<void> {
  while ((await client.public.getBlockNumber()) <= after) await sleep(POLL_MS);
}

async function reveal(
  contribution: string,
  file: string,
  options: { salt: string },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const contributionId = parseId(contribution, "contribution");
  if (!/^0x[0-9a-f]{64}$/.test(options.salt)) {
    throw cliError("SALT_INVALID", {
      message: "--salt is not 0x and 64 lower-case hex digits",
      fix: "give the salt that `datanet contribute` printed",
    });
  }
  const { document } = readContribution(file);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  await rpcSink(client, uploadsOf(client.chain, account)).put(document.bytes);
  const salt = options.salt as Hash;
  const { hash } = await revealContribution(client, at, account, {
    contributionId,
    document,
    salt,
  });
  print(context, { contribution: contributionId, transaction: hash }, [
    `contribution ${contributionId} revealed in ${hash}`,
  ]);
}
