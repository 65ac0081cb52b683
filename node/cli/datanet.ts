import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Command, Option } from "commander";
import { bytesToHex, formatEther } from "viem";
import type { ChainClient, ProtocolAddresses } from "../ai/client/chain.ts";
import { rpcSink, rpcSource } from "../ai/client/content.ts";
import {
  cancelContribution,
  commitContribution,
  contributionOfContent,
  createDatanet,
  datanetCount,
  freezeDatanet,
  getContribution,
  getDatanet,
  getSnapshot,
  openContributions,
  releaseStake,
  revealContribution,
  reviewContribution,
} from "../ai/client/datanets.ts";
import { decodeDocument, encodeDocument } from "../ai/datanet/document.ts";
import { intakeFile } from "../ai/datanet/intake.ts";
import { randomBytes, sleep } from "../base/clock.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { parseOpen } from "./account.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { connectProtocol, type Protocol, parseId } from "./protocol.ts";

const POLL_MS = 250;

/** `openledger datanet ...`: create, contribute, review, freeze, look. */
export function datanetCommand(): Command {
  const datanet = new Command("datanet").description(
    "community data sets: create, contribute, review, freeze",
  );
  datanet
    .command("create <name>")
    .description("start a datanet; its contributors bind a stake, its reviewers decide")
    .addOption(new Option("--licence <id>", "SPDX licence of the data").default("CC-BY-4.0"))
    .option("--uri <uri>", "where people read more", "")
    .option("--stake <open>", "OPEN that each contribution binds", "1")
    .requiredOption("--reviewer <name|address...>", "who may review")
    .option("--quorum <n>", "approvals that accept a contribution", "1")
    .addHelpText("after", "\nExample: openledger datanet create fund-facts --reviewer rita --key olga")
    .action(create);
  datanet
    .command("contribute <datanet> <files...>")
    .description("put .txt, .md or .jsonl files in, each as one contribution: commit, store, reveal")
    .addHelpText("after", "\nExample: openledger datanet contribute 1 notes.md facts.jsonl --key alba")
    .action(contribute);
  datanet
    .command("reveal <contribution> <file>")
    .description("reveal a commitment whose reveal failed")
    .requiredOption("--salt <hex>", "the salt that `contribute` printed")
    .action(reveal);
  datanet
    .command("cancel <contribution>")
    .description("take back a commitment that was not revealed, with its stake")
    .action(cancel);
  datanet
    .command("review <contribution>")
    .description("vote on a revealed contribution")
    .option("--reject", "vote against it (rejected: its stake is lost)")
    .action(review);
  datanet
    .command("open <datanet>")
    .description("contributions that wait for a review, with their rows")
    .action(open);
  datanet
    .command("freeze <datanet>")
    .description("freeze what was accepted so far as a snapshot")
    .action(freeze);
  datanet
    .command("release <contribution>")
    .description("draw an accepted contribution's stake after its period")
    .action(release);
  datanet.command("list").description("all datanets").action(list);
  datanet
    .command("show <datanet> [snapshot]")
    .description("a datanet, or the contributions of one of its snapshots")
    .action(show);
  return datanet;
}

interface CreateOptions {
  licence: string;
  uri: string;
  stake: string;
  reviewer: string[];
  quorum: string;
}

async function create(name: string, options: CreateOptions, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const { datanetId, hash } = await createDatanet(client, at, account, {
    name,
    licence: options.licence,
    uri: options.uri,
    stake: parseOpen(options.stake),
    reviewers: options.reviewer.map((who) => resolveAddress(context, who)),
    quorum: Number(parseId(options.quorum, "quorum")),
  });
  print(context, { datanet: datanetId, transaction: hash }, [`datanet ${datanetId} created in ${hash}`]);
}

async function contribute(
  datanet: string,
  files: string[],
  _options: unknown,
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const datanetId = parseId(datanet, "datanet");
  // All files are read and checked before the first stake is bound.
  const documents = files.map((file) => readContribution(file));
  const protocol = await connectProtocol(context);
  const { stake } = await getDatanet(protocol.client, protocol.at, datanetId);
  for (const { name, document } of documents) await requireNew(protocol, datanetId, name, document.contentId);
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
  contentId: Hash,
): Promise<void> {
  const first = await contributionOfContent(client, at, datanetId, contentId);
  if (first === 0n) return;
  throw cliError("CONTENT_REPEATED", {
    message: `${name} is in datanet ${datanetId} already, as contribution ${first}`,
    fix: "contribute other documents: copies earn nothing",
    facts: { datanetId, contributionId: first, contentId },
  });
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
  return { name, document: encodeDocument({ name, rows }), ignored };
}

async function contributeOne(
  context: CliContext,
  { client, at }: Protocol,
  datanetId: bigint,
  document: ReturnType<typeof encodeDocument>,
  stake: bigint,
) {
  const account = requireKey(context);
  const salt = bytesToHex(randomBytes(32));
  const committed = await commitContribution(client, at, account, { datanetId, document, salt, stake });
  const { contributionId } = committed;
  try {
    await rpcSink(client).put(document.bytes);
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
  const { client, at } = await connectProtocol(context);
  await rpcSink(client).put(document.bytes);
  const salt = options.salt as Hash;
  const { hash } = await revealContribution(client, at, requireKey(context), {
    contributionId,
    document,
    salt,
  });
  print(context, { contribution: contributionId, transaction: hash }, [
    `contribution ${contributionId} revealed in ${hash}`,
  ]);
}

async function cancel(contribution: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const id = parseId(contribution, "contribution");
  const { client, at } = await connectProtocol(context);
  const { hash } = await cancelContribution(client, at, requireKey(context), id);
  print(context, { contribution: id, transaction: hash }, [
    `contribution ${id} cancelled in ${hash}; draw its stake with \`openledger account withdraw\``,
  ]);
}

async function review(contribution: string, options: { reject?: boolean }, command: Command): Promise<void> {
  const context = contextOf(command);
  const id = parseId(contribution, "contribution");
  const { client, at } = await connectProtocol(context);
  const { hash } = await reviewContribution(client, at, requireKey(context), id, options.reject !== true);
  const { statusName } = await getContribution(client, at, id);
  print(context, { contribution: id, status: statusName, transaction: hash }, [
    `contribution ${id} is ${statusName}`,
  ]);
}

async function open(datanet: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const source = rpcSource(client);
  const results = [];
  for (const id of await openContributions(client, at, parseId(datanet, "datanet"))) {
    const { contributor, contentId } = await getContribution(client, at, id);
    const { name, rows } = decodeDocument(await source.get(contentId));
    results.push({ contribution: id, contributor, name, rows });
  }
  const lines = results.flatMap(({ contribution, contributor, name, rows }) => [
    `contribution ${contribution} by ${contributor}: ${name}`,
    ...rows.map(({ prompt, completion }) => `  ${prompt} -> ${completion}`),
  ]);
  print(context, results, lines.length > 0 ? lines : ["nothing waits for a review"]);
}

async function freeze(datanet: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const id = parseId(datanet, "datanet");
  const { client, at } = await connectProtocol(context);
  const { number, root, hash } = await freezeDatanet(client, at, requireKey(context), id);
  print(context, { snapshot: `${id}:${number}`, root, transaction: hash }, [
    `snapshot ${id}:${number} with root ${root}`,
  ]);
}

async function release(contribution: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const { hash } = await releaseStake(client, at, requireKey(context), parseId(contribution, "contribution"));
  print(context, { transaction: hash }, [
    `stake released in ${hash}; draw it with \`openledger account withdraw\``,
  ]);
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const protocol = await connectProtocol(context);
  const count = await datanetCount(protocol.client, protocol.at);
  const datanets = [];
  for (let id = 1n; id <= count; id++)
    datanets.push({ id, ...(await getDatanet(protocol.client, protocol.at, id)) });
  print(
    context,
    datanets,
    datanets.length === 0
      ? ["no datanets yet: start one with `openledger datanet create`"]
      : datanets.map(
          ({ id, name, licence, stake }) => `${id}  ${name}  ${licence}  stake ${formatEther(stake)} OPEN`,
        ),
  );
}

async function show(
  datanet: string,
  snapshot: string | undefined,
  _options: unknown,
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const id = parseId(datanet, "datanet");
  const { client, at } = await connectProtocol(context);
  const found = await getDatanet(client, at, id);
  if (snapshot === undefined) {
    print(context, found, [
      `${found.name} (${found.licence})${found.uri === "" ? "" : `  ${found.uri}`}`,
      `owner      ${found.owner}`,
      `stake      ${formatEther(found.stake)} OPEN for a contribution`,
      `reviewers  ${found.reviewers}, ${found.quorum} of them accept`,
      `accepted   ${found.accepted} contributions, ${found.rows} rows`,
      `snapshots  ${found.snapshots === 0 ? "none: see `openledger datanet freeze`" : `${id}:1 to ${id}:${found.snapshots}`}`,
    ]);
    return;
  }
  await showSnapshot(context, { client, at }, id, Number(parseId(snapshot, "snapshot")));
}

async function showSnapshot(
  context: CliContext,
  { client, at }: { client: Protocol["client"]; at: ProtocolAddresses },
  id: bigint,
  number: number,
): Promise<void> {
  const { root, contributions } = await getSnapshot(client, at, id, number);
  const lines = contributions.map(
    ({ contributionId, contributor, rowCount }) =>
      `  contribution ${contributionId} by ${contributor}: ${rowCount} rows`,
  );
  print(context, { root, contributions }, [`snapshot ${id}:${number}, root ${root}`, ...lines]);
}
