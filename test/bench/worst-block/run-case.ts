import { setTimeout as pause } from "node:timers/promises";
import { hexToBytes } from "viem";
import type { Address } from "../../../node/chain/types/primitives.ts";
import type { ExecutorKind } from "../../../node/execution/evm/create-executor.ts";
import { SENDER, signed } from "../../support/small-chain.ts";
import { cpuClock, wallClock } from "../figure.ts";
import { address } from "./assembler.ts";
import { MAIN, type Work, type WorstCase } from "./case.ts";
import { blockShare } from "./transactions.ts";
import { type DiskState, makeWorld, type World } from "./world.ts";

/** Gas of a block, beside its first deposit. */
export const BLOCK_GAS = 30_000_000;
const LEAST_GAS = 150_000;
/**
 * A case is warm once two runs that follow each other ran at the same pace, or after so many processor seconds or runs: by then
 * the tiers of JavaScript and WebAssembly are up.
 */
const WARM = { pace: 1.2, leastSeconds: 0.08, seconds: 0.8, runs: 10 };
/** For the compilers' own threads to end, in ms. */
const SETTLE_MS = 60;
const PROBE: Address = address(0xc0de0009);
const CALL_GAS = 90_000_000n;

export interface CaseOptions {
  kind: ExecutorKind;
  disk: DiskState | undefined;
  /** Processor seconds that one measured run may take: with more, less gas is run and the time scaled. */
  budget: number;
  /** Nothing runs before the measured block. */
  cold?: boolean;
}

/** One measured case. Seconds are those of a block of 30 million gas, scaled where less was run. */
export interface CaseRow {
  name: string;
  /** Processor seconds of all threads. */
  seconds: number;
  wallSeconds: number;
  mgasPerSecond: number;
  /** Million gas of the run that was measured. */
  mgasRun: number;
  isFull: boolean;
  /** Why the transactions did not end as the case wants, or why there is no figure. */
  fault: string | undefined;
}

interface Run {
  /** Gas, or what of the block else was used up. */
  used: number;
  limit: number;
  cpu: number;
  wall: number;
  statuses: readonly (0 | 1)[];
}

/** Runs one case until it is warm, then measures it. @throws whatever the executor throws. */
export async function runCase(worstCase: WorstCase, options: CaseOptions): Promise<CaseRow> {
  const work = await worstCase.make();
  const probed = work.probe === undefined ? [] : [[PROBE, work.probe.code] as const];
  const world = makeWorld(
    { ...work, accounts: [...(work.accounts ?? []), ...probed] },
    options.kind,
    options.disk,
  );
  const run = (gas: number) => runOnce(world, work, gas);
  const measured = options.cold ? await run(coldGas(work)) : await measure(run, work, options.budget);
  const fault = (await probe(world, work)) ?? endFault(work, measured) ?? (await reasonFault(world, work));
  const { used, cpu, wall } = measured;
  const most = work.most ?? BLOCK_GAS;
  return {
    name: worstCase.name,
    seconds: (cpu * BLOCK_GAS) / used,
    wallSeconds: (wall * BLOCK_GAS) / used,
    mgasPerSecond: used / cpu / 1e6,
    mgasRun: used / 1e6,
    isFull: measured.limit >= most && most === BLOCK_GAS,
    fault,
  };
}

const coldGas = (work: Work): number => work.most ?? BLOCK_GAS;

function leastGas({ data, least = LEAST_GAS, disk }: Work): number {
  const bytes = typeof data === "string" ? (data.length - 2) / 2 : 0;
  return Math.max(least, disk ? 300_000 : 0, 80_000 + 46 * bytes);
}

const pace = ({ cpu, used }: Run): number => cpu / Math.max(used, 1);

async function measure(run: (gas: number) => Promise<Run>, work: Work, budget: number): Promise<Run> {
  const most = work.most ?? BLOCK_GAS;
  const least = Math.min(most, leastGas(work));
  let gas = least;
  let last = await run(gas);
  let spent = last.cpu;
  for (let n = 1; n < WARM.runs && spent < WARM.seconds; n++) {
    const left = ((WARM.seconds * 0.5) / Math.max(last.cpu, 1e-4)) * last.used;
    gas = Math.max(least, Math.min(most, Math.floor(left), gas * 6));
    const before = pace(last);
    last = await run(gas);
    spent += last.cpu;
    const change = before / pace(last);
    if (spent > WARM.leastSeconds && change < WARM.pace && change > 1 / WARM.pace) break;
  }
  await pause(SETTLE_MS);
  const predicted = (last.cpu * most) / Math.max(last.used, 1);
  const wanted = predicted <= budget ? most : Math.max(least, Math.floor((most * budget) / predicted));
  // Long before its budget's end a case needs no second look; a slow one that was run at its least gas is measured already.
  if (wanted === gas && last.cpu > budget) return last;
  const runs: Run[] = [await run(wanted)];
  if (runs[0]!.cpu < 0.5 && runs[0]!.cpu > 0.15) runs.push(await run(wanted));
  return runs.toSorted((a, b) => a.cpu - b.cpu)[Math.floor((runs.length - 1) / 2)]!;
}

async function envelopes(work: Work, gas: number): Promise<Uint8Array[]> {
  if (work.block !== undefined) return work.block(gas);
  return [await signed({ nonce: 0, to: MAIN, gas: BigInt(gas), data: dataOf(work, gas) })];
}

const dataOf = ({ data = "0x" }: Work, gas: number) => (typeof data === "string" ? data : data(gas));

async function runOnce(world: World, work: Work, gas: number): Promise<Run> {
  const transactions = await envelopes(work, gas);
  const attributes = world.small.attributes(transactions);
  const { executor, close } = await world.open();
  globalThis.gc?.();
  const [cpu, wall] = [cpuClock(), wallClock()];
  const { receipts } = await executor.build(world.small.head, attributes);
  const run = { cpu: cpuClock() - cpu, wall: wallClock() - wall };
  await close();
  const ours = receipts.slice(1);
  const shareOf = (gasUsed: bigint, i: number) =>
    work.block === undefined ? Number(gasUsed) : blockShare(transactions[i]!, Number(gasUsed));
  return {
    ...run,
    limit: gas,
    used: ours.reduce((sum, { gasUsed }, i) => sum + shareOf(gasUsed, i), 0),
    statuses: ours.map(({ status }) => status),
  };
}

/** Whether what a case calls answers as it should. */
async function probe(world: World, { probe: wanted, data }: Work): Promise<string | undefined> {
  if (wanted === undefined) return undefined;
  const { error, answer } = await ask(world, PROBE, typeof data === "string" ? data : "0x", CALL_GAS);
  if (error !== undefined) return `the call in question failed: ${error}`;
  return answer === wanted.want ? undefined : `the call in question gave ${answer}, not ${wanted.want}`;
}

async function ask(world: World, to: Address, data: `0x${string}`, gas: bigint) {
  const { executor, close } = await world.open();
  const { error, returnData } = await executor.call(world.small.head, {
    from: SENDER.address.toLowerCase() as Address,
    to,
    value: 0n,
    data: hexToBytes(data),
    gas,
    gasPrice: 0n,
  });
  await close();
  return { error: error?.reason, answer: returnData.at(-1) };
}

/** Whether all transactions ended as they should, with about all of the gas. */
function endFault(work: Work, { statuses, used, limit }: Run): string | undefined {
  const want = work.ends === "out of gas" || work.fails === true ? 0 : 1;
  const others = statuses.filter((status) => status !== want).length;
  const fate = want === 0 ? "succeeded" : "failed";
  if (others > 0) return `${others} of ${statuses.length} transactions ${fate}`;
  const share = used / limit;
  const unused = want === 0 ? 0.2 : (work.unused ?? 0.25);
  return share < 1 - unused ? `only ${(share * 100).toFixed(0)} % of the gas was used` : undefined;
}

/** An endless loop must end for want of gas: any other failure takes all gas as well, but long before. */
async function reasonFault(world: World, work: Work): Promise<string | undefined> {
  if (work.ends !== "out of gas" || work.block !== undefined) return undefined;
  const gas = leastGas(work);
  const { error = "nothing" } = await ask(world, MAIN, dataOf(work, gas), BigInt(gas));
  return /out of gas|gas uint64 overflow/i.test(error) ? undefined : `it ended with: ${error}`;
}
