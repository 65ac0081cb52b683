import { setImmediate } from "node:timers/promises";
import { monotonicMs } from "../../../base/clock.ts";
import { TX_GAS } from "../../../chain/rules/chain-spec.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { BuildBudget, CandidateOutcome, CandidateSource } from "../executor.ts";
import type { BlockBuilder } from "./block-builder.ts";
import { MachineFault, type Refusal, type SignedTx } from "./machine.ts";
import type { TxOutcome } from "./outcome.ts";

/** Candidates taken at once. */
const BATCH = 32;
/** Transactions between two turns of the event loop: what comes in meanwhile waits for no more than these. */
const TURN = 4;
/** A transaction may take this long whatever its gas. */
const GRACE_MS = 100;
/** Transactions of one block that may break the EVM; after them it is sealed. */
const MAX_FAULTS = 3;
const TOO_SLOW = "took longer than its gas allows";

type Tried = "included" | "skipped" | { invalid: string; sender: boolean; fault: boolean };

/**
 * Fills a block from the pool until it has nothing more, the block is full, or the budget is spent. A transaction can't be
 * stopped while it runs, so the time is looked at between two of them.
 * @param slowestNsPerGas what the executor's slowest gas takes; a transaction beyond it is dropped with its sender's others
 */
export async function fillBlock(
  builder: BlockBuilder,
  source: CandidateSource,
  budget: BuildBudget,
  slowestNsPerGas: number,
): Promise<void> {
  const deadline = budget.deadline ?? Number.POSITIVE_INFINITY;
  const isSpent = () => budget.signal?.aborted === true || monotonicMs() >= deadline;
  const stopwatch = new Stopwatch();
  let faults = 0;
  while (!isSpent() && faults < MAX_FAULTS && builder.gasLeft() >= TX_GAS) {
    const candidates = source.take({ baseFee: builder.baseFee, count: BATCH });
    if (candidates.length === 0) return;
    const waiting = new Set<Address>();
    const settled: CandidateOutcome[] = [];
    for (const [index, candidate] of candidates.entries()) {
      if (index % TURN === TURN - 1) await setImmediate();
      const stop = isSpent() || faults >= MAX_FAULTS || waiting.has(candidate.from);
      const outcome = stop ? "skipped" : await tryOne(builder, candidate, slowestNsPerGas, stopwatch);
      if (typeof outcome === "object" && outcome.fault) faults++;
      if (outcome !== "included") waiting.add(candidate.from);
      settled.push({ transaction: candidate, outcome });
    }
    source.settle(settled);
    await setImmediate();
  }
}

async function tryOne(
  builder: BlockBuilder,
  candidate: SignedTx,
  slowestNsPerGas: number,
  stopwatch: Stopwatch,
): Promise<Tried> {
  stopwatch.begin();
  const accept = ({ gasUsed }: TxOutcome): Refusal | undefined => {
    const allowed = GRACE_MS + (Number(gasUsed) * slowestNsPerGas) / 1e6;
    return stopwatch.elapsed() > allowed ? { reason: TOO_SLOW, later: false } : undefined;
  };
  try {
    const refused = await builder.offer(candidate, accept);
    if (refused === undefined) return "included";
    if (refused.later) return "skipped";
    return { invalid: refused.reason, sender: refused.reason === TOO_SLOW, fault: false };
  } catch (error) {
    if (!(error instanceof MachineFault)) throw error;
    return { invalid: error.message, sender: true, fault: true };
  }
}

/** A transaction that took less is nobody's worry, and not worth asking the system for processor times. */
const SHORT_MS = 5;
/** The processor time that a transaction began at may be read so long before: asking costs more than a transfer does. */
const STALE_MS = 20;

/** Times transactions: a machine that is busy with something else doesn't count. */
class Stopwatch {
  private start = monotonicMs();
  private cpu = process.cpuUsage();
  private cpuAt = this.start;

  begin(): void {
    this.start = monotonicMs();
    if (this.start - this.cpuAt > STALE_MS) this.read();
  }

  /** Milliseconds that the transaction took, in wall and in this process's processor time: the smaller. */
  elapsed(): number {
    const wall = monotonicMs() - this.start;
    if (wall < SHORT_MS) return wall;
    const { user, system } = process.cpuUsage(this.cpu);
    this.read();
    return Math.min(wall, (user + system) / 1000);
  }

  private read(): void {
    this.cpu = process.cpuUsage();
    this.cpuAt = monotonicMs();
  }
}
