import { Command, Option } from "commander";
import { formatEther } from "viem";
import type { ProtocolAddresses } from "../ai/client/chain.ts";
import { rpcSource } from "../ai/client/content.ts";
import {
  acceptContribution,
  cancelContribution,
  createDatanet,
  datanetCount,
  freezeDatanet,
  getContribution,
  getDatanet,
  getSnapshot,
  openContributions,
  releaseStake,
} from "../ai/client/datanets.ts";
import { bondReviewer, vote } from "../ai/client/reviews.ts";
import type { ContentSource } from "../ai/content/source.ts";
import { decodeDocument } from "../ai/datanet/document.ts";
import type { Row } from "../ai/datanet/rows.ts";
import { sleep } from "../base/clock.ts";
import { isCodedError } from "../base/errors.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { parseOpen } from "./amount.ts";
import { type CliContext, contextOf, oneLine, print } from "./context.ts";
import { addContribute } from "./contribute.ts";
import { addAccess } from "./datanet-access.ts";
import { addIncome } from "./datanet-income.ts";
import { addLosses } from "./datanet-losses.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { connectProtocol, type Protocol, parseId } from "./protocol.ts";

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
  addContribute(datanet);
  addLosses(datanet);
  addIncome(datanet);
  addAccess(datanet);
  datanet
    .command("cancel <contribution>")
    .description("take back a commitment that was not revealed, with its stake")
    .action(cancel);
  datanet
    .command("bond <datanet>")
    .description("bind a reviewer's bond, as large as the datanet's stake, before its first vote")
    .action(bond);
  datanet
    .command("review <contribution>")
    .description(
      "vote on a revealed contribution; once all have voted, or in time, the same command opens the vote",
    )
    .option("--reject", "vote against it (rejected: its stake is lost)")
    .option("--reason <text>", "why; the chain keeps the text's hash", "")
    .action(review);
  datanet
    .command("accept <contribution>")
    .description(
      "accept an approved contribution as soon as no older commitment can reveal its rows any more",
    )
    .action(accept);
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

const POLL_MS = 500;

/** What a reviewer sees of a contribution's document, or why nothing. */
type OpenDocument = { name: string; rows: readonly Row[] } | { problem: { code: string; message: string } };

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

async function cancel(contribution: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const id = parseId(contribution, "contribution");
  const { client, at } = await connectProtocol(context);
  const { hash } = await cancelContribution(client, at, requireKey(context), id);
  print(context, { contribution: id, transaction: hash }, [
    `contribution ${id} cancelled in ${hash}; draw its stake with \`openledger account draw\``,
  ]);
}

async function bond(datanet: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const id = parseId(datanet, "datanet");
  const { client, at } = await connectProtocol(context);
  const sent = await bondReviewer(client, at, requireKey(context), id);
  print(context, { datanet: id, bound: sent?.bound ?? 0n, transaction: sent?.hash }, [
    sent === undefined
      ? "the bond is bound already"
      : `bound ${formatEther(sent.bound)} OPEN for votes in datanet ${id} in ${sent.hash}`,
  ]);
}

interface ReviewOptions {
  reject?: boolean;
  reason: string;
}

async function review(contribution: string, options: ReviewOptions, command: Command): Promise<void> {
  const context = contextOf(command);
  const id = parseId(contribution, "contribution");
  const { client, at } = await connectProtocol(context);
  const order = { contributionId: id, approve: options.reject !== true, reason: options.reason };
  const { sent, opensAt } = await vote(client, at, requireKey(context), order);
  const { statusName } = await getContribution(client, at, id);
  const next = statusName === "approved" ? `: \`openledger datanet accept ${id}\` takes it in` : "";
  const line =
    opensAt === undefined
      ? `contribution ${id} is ${statusName}${next}`
      : `the vote on contribution ${id} is cast; run this again once all reviewers have voted, or after ${timeOf(opensAt)}`;
  print(context, { contribution: id, status: statusName, opensAt, transaction: sent?.hash }, [line]);
}

/** A time of the chain. */
function timeOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}

async function accept(contribution: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const id = parseId(contribution, "contribution");
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const { statusName, revealDeadline } = await getContribution(client, at, id);
  if (statusName !== "accepted") {
    while ((await client.public.getBlock()).timestamp <= revealDeadline) await sleep(POLL_MS);
    await acceptContribution(client, at, account, id);
  }
  print(context, { contribution: id, status: "accepted" }, [`contribution ${id} is accepted`]);
}

async function open(datanet: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const source = rpcSource(client);
  const results = [];
  for (const contribution of await openContributions(client, at, parseId(datanet, "datanet"))) {
    const { contributor, contentId } = await getContribution(client, at, contribution);
    results.push({ contribution, contributor, contentId, ...(await readOpen(source, contentId)) });
  }
  const lines = results.flatMap(({ contribution, contributor, contentId, ...found }) =>
    "problem" in found
      ? [
          `contribution ${contribution} by ${contributor}: its document ${contentId} cannot be read`,
          `  ${oneLine(`${found.problem.code}: ${found.problem.message}`)}`,
        ]
      : [
          `contribution ${contribution} by ${contributor}: ${oneLine(found.name)}`,
          ...found.rows.map(({ prompt, completion, before = [] }) => {
            const said = before.map(({ role, content }) => `[${role}] ${oneLine(content)} `).join("");
            return `  ${said}${oneLine(prompt)} -> ${oneLine(completion)}`;
          }),
        ],
  );
  print(context, results, lines.length > 0 ? lines : ["nothing waits for a review"]);
}

/** A document that is missing or broken is one contribution's matter: it must not hide the others. */
async function readOpen(source: ContentSource, contentId: Hash): Promise<OpenDocument> {
  try {
    const { name, rows } = decodeDocument(await source.get(contentId));
    return { name, rows };
  } catch (error) {
    if (!isCodedError(error) || error.code === "RPC_UNREACHABLE") throw error;
    return { problem: { code: error.code, message: error.message } };
  }
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
    `stake released in ${hash}; draw it with \`openledger account draw\``,
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
