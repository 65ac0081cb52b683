import { z } from "zod";
import { type Check, checkOutput } from "../../devnet/checks.ts";
import { describeError } from "../../node/base/errors.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { bookLines, faultsOf, readBooks } from "./books.ts";
import { DAY_S } from "./calendar.ts";
import { type Ground, openGround } from "./ground.ts";
import { autumn, type Story, spring, summer, winter } from "./story.ts";

const say = (line: string) => void process.stdout.write(`${line}\n`);

const QUARTERS: readonly (readonly [name: string, live: (story: Story) => Promise<void>])[] = [
  ["winter", winter],
  ["spring", spring],
  ["summer", summer],
  ["autumn", autumn],
];
const QUARTER_S = 91 * DAY_S;
const YEAR_S = 365 * DAY_S;
/** Days in which the second node gets the last blocks from L1. */
const LAST_BATCH_DAYS = 30;

/** A quarter's story, then quiet until its end. @throws when the story is longer. */
async function live(story: Story, index: number): Promise<void> {
  const { calendar, client } = story.ground;
  const [name, tell] = QUARTERS[index]!;
  const from = await client.public.getBlockNumber();
  say(`${name}, from block ${from}`);
  await tell(story);
  const end = index === QUARTERS.length - 1 ? YEAR_S : (index + 1) * QUARTER_S;
  const late = (await calendar.now()) - story.began - end;
  if (late > 0) throw new Error(`the story of ${name} takes ${Math.ceil(late / DAY_S)} days too long`);
  await calendar.reach(story.began + end);
  const to = await client.public.getBlockNumber();
  const date = new Date((story.began + end) * 1_000).toISOString().slice(0, 10);
  say(`  ${to - from} blocks, until ${date}; ${await secondNode(story.ground)}`);
}

/** What the second node says of its newest block: the first one's, or an error. */
async function secondNode({ client, second }: Ground): Promise<string> {
  const { number, hash } = await second.public.getBlock();
  const own = await client.public.getBlock({ blockNumber: number });
  if (own.hash !== hash)
    throw new Error(`block ${number} is ${own.hash} to the first node, ${hash} to the second`);
  return `the second node agrees at block ${number}`;
}

/** Whether the second node has come to the same last block from L1 alone, and to the outputs there. */
async function agree(ground: Ground, last: bigint): Promise<boolean> {
  const { calendar, client, second, l1, chain } = ground;
  const isThere = async () => (await second.public.getBlockNumber()) >= last;
  await calendar.until(`the second node is at block ${last}`, LAST_BATCH_DAYS, isThere, 1);
  const [mine, others] = [client, second].map(({ public: node }) => node.getBlock({ blockNumber: last }));
  const [{ hash }, other] = [await mine!, await others!];
  say(
    `the second node's block ${last} is ${other.hash}${hash === other.hash ? ", as the first one's" : `, not ${hash}`}`,
  );
  const urls = { l1Url: l1.rpcUrl, sequencerUrl: client.rpcUrl, verifierUrl: second.rpcUrl };
  const { signal } = ground;
  const output = await checkOutput({ ...urls, contracts: chain.deployment.contracts, block: last, signal });
  say(checkLine(output));
  return hash === other.hash && output.holds;
}

function checkLine({ what, holds, detail }: Check): string {
  return `${holds ? "" : "NOT: "}${what}: ${detail}`;
}

/** A year from genesis, then its books. @returns whether all is as it has to be. */
async function liveYear(ground: Ground): Promise<boolean> {
  const { client, calendar, cli } = ground;
  const { timestamp } = await client.public.getBlock({ blockNumber: 0n });
  const story: Story = { ground, began: Number(timestamp) };
  for (let index = 0; index < QUARTERS.length; index++) await live(story, index);
  const last = await client.public.getBlockNumber();
  const isSame = await agree(ground, last);
  await calendar.stop();
  const named = z.array(z.object({ name: z.string(), address: z.string() }));
  const keys = named.parse(await cli.json(["account", "list"])) as { name: string; address: Address }[];
  const books = await readBooks(ground, last, keys);
  for (const line of bookLines(books)) say(line);
  const faults = faultsOf(books);
  for (const fault of faults) say(`FAULT ${fault}`);
  if (faults.length > 0 || !isSame) return false;
  say("books add up");
  return true;
}

async function main(): Promise<number> {
  const stopped = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => stopped.abort(new Error("stopped")));
  const ended = new Promise<never>((_, reject) => {
    stopped.signal.addEventListener("abort", () => reject(stopped.signal.reason), { once: true });
  });
  // Whoever waits for it meets it; until then it is nobody's.
  ended.catch(() => undefined);
  let ground: Ground | undefined;
  try {
    ground = await openGround(say, stopped.signal);
    return (await Promise.race([liveYear(ground), ground.calendar.broken(), ended])) ? 0 : 1;
  } catch (error) {
    say(describeError(error));
    return 1;
  } finally {
    await ground?.stop();
  }
}

if (process.argv.length > 2) {
  say(
    "npm run year takes no arguments: it lives a year (half an hour and more) and prints every contract's books",
  );
  process.exitCode = process.argv[2] === "--help" ? 0 : 1;
} else process.exitCode = await main();
