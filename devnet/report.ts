import { z } from "zod";
import { sleep } from "../node/base/clock.ts";
import { startProgress } from "../node/base/progress.ts";
import type { PreparedChain } from "../node/deploy/chain-files.ts";
import {
  type Check,
  type CheckContext,
  checkAnswers,
  checkBalances,
  checkBond,
  checkConservation,
  checkHome,
  checkOutput,
  checkPayouts,
  checkSameChain,
  checkVote,
} from "./checks.ts";
import { CliRunner } from "./cli-runner.ts";
import { devnetError } from "./errors.ts";
import { explain } from "./explain.ts";
import { Journal } from "./journal.ts";
import { jsonRpc } from "./json-rpc.ts";
import type { Layout } from "./layout.ts";
import { type JobContext, type JobResult, runMainJob } from "./main-job.ts";
import type { DevnetOptions } from "./options.ts";
import { checkReceipts } from "./receipt-checks.ts";
import { checkLines, jobLines } from "./table.ts";

/** L2 blocks of two seconds, L1 channels of two blocks: safe within seconds; this allows for a busy machine. */
const SAFE_MS = 240_000;
/** A stock chain has no job: this many blocks are compared. */
const STOCK_BLOCKS = 10n;

/** Runs the job (or takes up its results), prints the table and a line for each check; true if all hold. */
export async function runAndReport(
  options: DevnetOptions,
  layout: Layout,
  chain: PreparedChain,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const urls = {
    l1Url: `http://127.0.0.1:${options.l1Port}`,
    sequencerUrl: `http://127.0.0.1:${options.sequencerPort}`,
    verifierUrl: `http://127.0.0.1:${options.verifierPort}`,
  };
  const shared = { ...urls, contracts: chain.deployment.contracts, signal };
  if (options.stock) return reportStock({ ...shared, block: STOCK_BLOCKS });
  const job = await mainJob(options, layout, say, signal);
  const cliFor = (rpcUrl: string) =>
    new CliRunner({ dataDir: layout.root, rpcUrl, l1RpcUrl: urls.l1Url, signal });
  const block = await lastBlockOf(urls.sequencerUrl, job, signal);
  await waitUntilSafe(shared, block);
  const context: CheckContext = { ...shared, block };
  const texts = job.questions.map(({ question }) => question.question);
  const explanation = await explain(urls.sequencerUrl, job.model, texts);
  const batch = await batchOf(context, block);
  const checks: Check[] = [
    await checkSameChain(context),
    await checkBalances(context),
    await checkOutput(context),
    checkPayouts(job),
    await checkConservation(context),
    await checkHome(context, job),
    ...checkAnswers(job),
    checkBond(job),
    ...checkVote(job),
    ...(await checkReceipts(cliFor(urls.verifierUrl), layout, job)),
  ];
  return print([...jobLines(job, explanation, batch), ...checkLines(checks)], checks);
}

/** Runs the main job; when a part of it fails, the others' commands end too. */
async function mainJob(
  options: DevnetOptions,
  layout: Layout,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<JobResult> {
  const failed = new AbortController();
  try {
    return await runMainJob(jobOf(options, layout, say, AbortSignal.any([signal, failed.signal])));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}

/** What the devnet's jobs work with. */
export function jobOf(
  { l1Port, sequencerPort, base }: DevnetOptions,
  layout: Layout,
  say: (line: string) => void,
  signal: AbortSignal,
): JobContext {
  const rpcUrl = `http://127.0.0.1:${sequencerPort}`;
  const l1RpcUrl = `http://127.0.0.1:${l1Port}`;
  const cli = new CliRunner({ dataDir: layout.root, rpcUrl, l1RpcUrl, signal });
  return { cli, journal: new Journal(layout.job), layout, rpcUrl, base, say, signal };
}

async function reportStock(context: CheckContext): Promise<boolean> {
  await waitUntilSafe(context, context.block);
  const checks = [
    await checkSameChain(context),
    await checkBalances(context),
    await checkConservation(context),
  ];
  return print(checkLines(checks), checks);
}

function print(lines: readonly string[], checks: readonly Check[]): boolean {
  process.stdout.write(`${lines.join("\n")}\n`);
  return checks.every(({ holds }) => holds);
}

const transactionSchema = z.looseObject({ blockNumber: z.string() });

/** B: the last block with one of the job's transactions, as the chain has them now. */
async function lastBlockOf(url: string, job: JobResult, signal: AbortSignal): Promise<bigint> {
  const hashes = [job.falseClaim.challengeTransaction].concat(
    job.questions.map(({ receipt }) => receipt.settlement.transactionHash),
  );
  let last = 0n;
  for (const hash of hashes) {
    const found = transactionSchema.parse(await jsonRpc(url, "eth_getTransactionReceipt", [hash], signal));
    const number = BigInt(found.blockNumber);
    if (number > last) last = number;
  }
  return last;
}

const statusSchema = z.looseObject({ safe_l2: z.looseObject({ number: z.number() }) });

async function waitUntilSafe(
  { sequencerUrl, verifierUrl, signal }: Omit<CheckContext, "block">,
  block: bigint,
) {
  const progress = startProgress({
    label: `block ${block} safe on both nodes`,
    total: Number(block),
    unit: "blocks",
  });
  const deadline = AbortSignal.timeout(SAFE_MS);
  for (;;) {
    const safe: number[] = [];
    for (const url of [sequencerUrl, verifierUrl]) {
      const status = statusSchema.parse(await jsonRpc(url, "optimism_syncStatus", [], signal));
      safe.push(status.safe_l2.number);
    }
    const both = Math.min(...safe);
    if (BigInt(both) >= block) break;
    progress.update(both);
    if (deadline.aborted) {
      throw devnetError("BLOCK_NOT_SAFE", {
        message: `block ${block} is not safe after ${SAFE_MS / 1000} s: the nodes are at ${safe.join(" and ")}`,
        fix: "look at the batcher's lines in the sequencer's log and at the second node's log",
        facts: { block, safe },
      });
    }
    await sleep(500, signal);
  }
  progress.finish();
}

const safeAtSchema = z.looseObject({ safeHead: z.looseObject({ number: z.number() }) });
const l1BlockSchema = z.looseObject({
  number: z.string(),
  transactions: z.array(z.looseObject({ hash: z.string(), to: z.string().nullable() })),
});

/** The L1 transaction with which `block` became safe: in the first L1 block after which the second node counts it so. */
async function batchOf({ l1Url, verifierUrl, signal }: CheckContext, block: bigint) {
  const rollup = z
    .looseObject({
      batch_inbox_address: z.string(),
      genesis: z.looseObject({ l1: z.looseObject({ number: z.number() }) }),
    })
    .parse(await jsonRpc(verifierUrl, "optimism_rollupConfig", [], signal));
  const safeAt = async (number: number) =>
    BigInt(
      safeAtSchema.parse(
        await jsonRpc(verifierUrl, "optimism_safeHeadAtL1Block", [`0x${number.toString(16)}`], signal),
      ).safeHead.number,
    );
  const current = z
    .looseObject({ current_l1: z.looseObject({ number: z.number() }) })
    .parse(await jsonRpc(verifierUrl, "optimism_syncStatus", [], signal));
  let low = rollup.genesis.l1.number;
  let high = current.current_l1.number;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((await safeAt(middle)) >= block) high = middle;
    else low = middle;
  }
  const l1 = l1BlockSchema.parse(
    await jsonRpc(l1Url, "eth_getBlockByNumber", [`0x${high.toString(16)}`, true], signal),
  );
  const batch = l1.transactions.find(
    ({ to }) => to?.toLowerCase() === rollup.batch_inbox_address.toLowerCase(),
  );
  return batch && { transaction: batch.hash, l1Block: BigInt(high) };
}
