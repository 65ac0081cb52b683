import type { Command } from "commander";
import { formatEther } from "viem";
import type { ChainClient } from "../ai/client/chain.ts";
import { challengeDeposit } from "../ai/client/challenges.ts";
import type { PostedClaim } from "../ai/client/claims.ts";
import { rpcSource } from "../ai/client/content.ts";
import { publishedQuery } from "../ai/client/demands.ts";
import { collectReward, getRequest, rewardOf } from "../ai/client/market.ts";
import { getModel } from "../ai/client/models.ts";
import { type ClaimLie, ClaimLies } from "../ai/watch/claim-lies.ts";
import { IndexCache } from "../ai/watch/indexes.ts";
import { mappedIndexes } from "../ai/watch/mapped-indexes.ts";
import type { Address } from "../chain/types/primitives.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { claimOfRequest, connectProtocol, type Protocol, parseId } from "./protocol.ts";

/** Bytes of a model's index, and of its rows, that one command takes. */
const MOST_BYTES = 2 ** 30;

/** What a command says of each kind of counter-example. */
export const CLAIM_SAYINGS: Readonly<Record<ClaimLie["counter"]["kind"], string>> = {
  score: "the score of a listed row is not what index and query give",
  omission: "a row is missing that scores above one that is listed",
  weights: "the weights do not follow from the listed rows",
  cover: "what it says of verbatim spans is not in the committed rows",
};

/** `openledger dispute rows|collect`: what every watcher checks of a claim, asked by anybody ("was my row missed?"), and what it brings. */
export function addRowsCommands(dispute: Command): void {
  dispute
    .command("rows <request>")
    .description(
      "compare the claim of a request with every row of its model: scores, missed rows, weights, spans; status 1 if it is false",
    )
    .option("--challenge", "show the counter-example on chain; half of what the host loses is yours")
    .action(rows);
  dispute
    .command("collect <request>")
    .description("draw what you get of a host that you showed to have lied, some blocks after it")
    .action(collect);
}

async function rows(text: string, options: { challenge?: boolean }, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = options.challenge ? requireKey(context) : undefined;
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const requestId = parseId(text, "request");
  const posted = await claimOfRequest(protocol, requestId);
  const lie = await findLie(protocol, posted);
  if (lie === undefined) {
    print(context, { request: requestId, isFalse: false }, [
      `the claim of request ${requestId} agrees with every row of model ${posted.modelId}`,
    ]);
    return;
  }
  process.exitCode = 1;
  const { kind } = lie.counter;
  const row = "rowId" in lie.counter ? lie.counter.rowId : undefined;
  const said = `the claim of request ${requestId} is false: ${CLAIM_SAYINGS[kind]}${row === undefined ? "" : ` (row ${row})`}`;
  if (account === undefined) {
    print(context, { request: requestId, isFalse: true, kind, row }, [
      said,
      `show it with --challenge while its window is open, for a deposit of ${formatEther(await challengeDeposit(client, at))} OPEN that comes back`,
    ]);
    return;
  }
  await assertOpen(protocol, posted);
  const { hash } = await lie.refute(account, at.challenges, `claim ${posted.claimHash}`);
  print(context, { request: requestId, isFalse: true, kind, row, transaction: hash }, [
    said,
    `shown on chain in ${hash}; some blocks later \`openledger dispute collect ${requestId}\` draws your half of what its host lost`,
  ]);
}

/** @throws CodedError QUERY_WITHHELD, and what reading of index and rows throws. */
async function findLie({ client, at }: Protocol, posted: PostedClaim): Promise<ClaimLie | undefined> {
  const { requestId, claim, modelId } = posted;
  const query = posted.query === "0x" ? await publishedQuery(client, at, requestId) : posted.query;
  if (query === undefined) {
    throw cliError("QUERY_WITHHELD", {
      message: `the host of request ${requestId} did not publish its query sketch`,
      fix: "a watcher demands it: silence ends the claim; try again after its answer",
      facts: { requestId },
    });
  }
  return claimLies({ client, at }).find(await getModel(client, at, modelId), { claim, query });
}

/** Finds what is false in claims, by the documents that the node has. */
export function claimLies({ client, at }: Protocol): ClaimLies {
  const content = rpcSource(client);
  const indexes = new IndexCache(content, MOST_BYTES, mappedIndexes());
  return new ClaimLies({ client, at, content, indexes, maxRowBytes: MOST_BYTES });
}

/** @throws CodedError CLAIM_DECIDED. */
async function assertOpen({ client, at }: Protocol, { requestId, claimHash }: PostedClaim): Promise<void> {
  const request = await getRequest(client, at, requestId);
  if (request.status === "claimed" && request.claimHash === claimHash) return;
  throw cliError("CLAIM_DECIDED", {
    message: `request ${requestId} is ${request.status}: its claim can no longer be shown false`,
    fix: "nothing is left to do; a running watcher looks at each claim in time",
    facts: { requestId, status: request.status },
  });
}

async function collect(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const requestId = parseId(text, "request");
  const found = await rewardOf(client, at, requestId);
  const reward = await dueReward(client, account.address, found, {
    of: `request ${requestId}`,
    fix: "give the request whose claim you showed false, and the key that you did it with",
  });
  const { hash } = await collectReward(client, at, account, requestId);
  print(context, { request: requestId, reward, transaction: hash }, [
    `${formatEther(reward)} OPEN of request ${requestId} in ${hash}; \`openledger account draw\` takes it from your rewards`,
  ]);
}

/**
 * Wei that wait for whoever showed something false, once nobody can take them any more.
 * @param what of what it comes, and what to do where there is none.
 * @throws CodedError REWARD_ABSENT, REWARD_EARLY.
 */
export async function dueReward(
  client: ChainClient,
  account: Address,
  { challenger, finalBlock, reward }: { challenger: Address; finalBlock: bigint; reward: bigint },
  { of, fix }: { of: string; fix: string },
): Promise<bigint> {
  if (reward === 0n || challenger !== account.toLowerCase()) {
    throw cliError("REWARD_ABSENT", {
      message: `nothing waits for ${account} of ${of}`,
      fix,
      facts: { of, account },
    });
  }
  if ((await client.public.getBlockNumber()) <= finalBlock) {
    throw cliError("REWARD_EARLY", {
      message: `until block ${finalBlock} somebody who announced it earlier can still take it`,
      fix: "try again some blocks later",
      facts: { of, finalBlock },
    });
  }
  return reward;
}
