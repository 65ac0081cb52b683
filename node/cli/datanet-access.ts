import type { Command } from "commander";
import { formatEther } from "viem";
import { accessLicence, accessOf, accessPrice, buyAccess, setAccessOrder } from "../ai/client/access.ts";
import { send } from "../ai/client/chain.ts";
import { countVote, curatorOf, drawCuration, uncountedVotes } from "../ai/client/curation.ts";
import { getDatanet } from "../ai/client/datanets.ts";
import { parseOpen } from "./amount.ts";
import { contextOf, oneLine, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { parsePercent } from "./model-origins.ts";
import { connectProtocol, parseId, parseSnapshot } from "./protocol.ts";

/** Adds to `openledger datanet` the terms of access for training, and what reviewers share of it. */
export function addAccess(datanet: Command): void {
  datanet
    .command("access <datanet>")
    .description("on what terms models are trained on a datanet's snapshots, and what each costs")
    .action(show);
  datanet
    .command("set-access <datanet>")
    .description(
      "as its owner, set the terms of later sales; what is not given is free, open and by its own licence",
    )
    .option("--per-snapshot <open>", "OPEN for a snapshot", "0")
    .option("--per-row <open>", "OPEN for each of its rows", "0")
    .option(
      "--curation <percent>",
      "part of the price that the reviewers share; contributors have the rest",
      "0",
    )
    .option(
      "--royalty <percent>",
      "what a model's owner gives on to the contributors of each fee's part",
      "0",
    )
    .option("--licence <text>", "SPDX expression, text, or hash of a text that lies elsewhere", "")
    .option("--close", "sell no more access")
    .action(set);
  datanet
    .command("buy <snapshot>")
    .description("buy access to a snapshot for all your models; it keeps its terms, whatever is set later")
    .option("--most <open>", "most OPEN to pay", "0")
    .action(buy);
  datanet
    .command("curation <datanet> [reviewer]")
    .description(
      "have a reviewer's opened votes counted (yours, unless another's), and draw its share of what access was sold for since; anybody may",
    )
    .action(curate);
}

async function show(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const id = parseId(text, "datanet");
  const { licence: own, snapshots } = await getDatanet(client, at, id);
  const terms = await accessOf(client, at, id);
  const licence = (await accessLicence(client, at, id)) ?? own;
  const prices = [];
  for (let number = 1; number <= snapshots; number++)
    prices.push({ number, price: await accessPrice(client, at, { datanetId: id, number }) });
  print(context, { datanet: id, ...terms, licenceText: licence, prices }, [
    `licence    ${oneLine(licence)}`,
    `price      ${formatEther(terms.perSnapshot)} OPEN for a snapshot, ${formatEther(terms.perRow)} OPEN for each row`,
    `reviewers  share ${terms.curationBps / 100} % of it, contributors the rest`,
    `royalty    ${terms.royaltyBps / 100} % of what a model's owner gets`,
    `sales      ${terms.closed ? "closed: nobody else gets access" : "open"}`,
    ...prices.map(({ number, price }) => `snapshot ${id}:${number}  ${formatEther(price)} OPEN`),
  ]);
}

interface SetOptions {
  perSnapshot: string;
  perRow: string;
  curation: string;
  royalty: string;
  licence: string;
  close?: boolean;
}

async function set(text: string, options: SetOptions, command: Command): Promise<void> {
  const context = contextOf(command);
  const id = parseId(text, "datanet");
  const terms = {
    perSnapshot: parseOpen(options.perSnapshot),
    perRow: parseOpen(options.perRow),
    curationBps: parsePercent(options.curation),
    royaltyBps: parsePercent(options.royalty),
    closed: options.close === true,
  };
  const { client, at } = await connectProtocol(context);
  const { hash } = await send(client, requireKey(context), setAccessOrder(at, id, terms, options.licence));
  print(context, { datanet: id, ...terms, transaction: hash }, [
    `later access to datanet ${id} is on these terms: ${hash}; \`openledger datanet access ${id}\` shows them`,
  ]);
}

async function buy(text: string, { most }: { most: string }, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const place = parseSnapshot(text);
  const { client, at } = await connectProtocol(context);
  const terms = await accessOf(client, at, place.datanetId);
  const price = await accessPrice(client, at, place);
  const agreed = parseOpen(most);
  if (price > agreed) {
    throw cliError("PRICE_NOT_AGREED", {
      message: `access to snapshot ${text} costs ${formatEther(price)} OPEN, and ${formatEther(agreed)} was agreed to`,
      fix: `agree with --most ${formatEther(price)}`,
      facts: { price, agreed },
    });
  }
  const { hash } = await buyAccess(client, at, account, place, price, terms);
  print(context, { snapshot: text, price, royaltyBps: terms.royaltyBps, transaction: hash }, [
    `access to snapshot ${text} bought for ${formatEther(price)} OPEN in ${hash}`,
    `models over it give ${terms.royaltyBps / 100} % of their owner's part to its contributors`,
  ]);
}

async function curate(
  text: string,
  who: string | undefined,
  _options: unknown,
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const id = parseId(text, "datanet");
  const reviewer = who === undefined ? account.address : resolveAddress(context, who);
  const { client, at } = await connectProtocol(context);
  const counted = await uncountedVotes(client, at, id, reviewer);
  for (const contribution of counted) await countVote(client, at, account, contribution, reviewer);
  const { shares, amount } = await curatorOf(client, at, id, reviewer);
  const drawn = amount === 0n ? undefined : await drawCuration(client, at, account, id, reviewer);
  print(
    context,
    { datanet: id, reviewer, counted, shares, drawn: drawn?.amount ?? 0n, transaction: drawn?.hash },
    [
      `${reviewer} has ${shares} counted votes in datanet ${id}, ${counted.length} of them new`,
      drawn === undefined
        ? "nothing waits for it"
        : `${formatEther(drawn.amount)} OPEN in ${drawn.hash}; \`openledger account draw\` draws it`,
    ],
  );
}
