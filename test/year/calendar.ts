import { monotonicMs, sleep } from "../../node/base/clock.ts";
import { createL1Rpc, type L1Rpc } from "../../node/rollup/l1/rpc.ts";

/** Seconds between two blocks, of L1 as of L2. */
export const BLOCK_S = 900;
export const DAY_S = 86_400;

/** Milliseconds of a tick at least: what people do meanwhile has to get into a block. */
const TICK_MS = 200;
/** Blocks of a tick while nobody does anything: a day. */
const LEAP = 96;
/** Longest wait for the first node to build what L1's time allows. */
const PATIENCE_MS = 120_000;
/**
 * L2 blocks that the second node may be behind before time goes slowly: half a day, so that its watcher sees what it may answer in time;
 * while nobody does anything far less than the sequencing window.
 */
const MOST_BEHIND = 48;
const MOST_BEHIND_QUIET = 700;

interface Head {
  number: number;
  timestamp: number;
}

/** Who follows L1's time, by their URLs. */
interface Nodes {
  first: string;
  second: string;
}

/**
 * The year's clock: it mines L1's blocks, each 15 minutes after the one before, as fast as the nodes follow them. The sequencer builds by
 * L1's time, so all times on both chains are real to the contracts.
 */
export class Calendar {
  private readonly l1: L1Rpc;
  private first: L1Rpc | undefined;
  private second: L1Rpc | undefined;
  private pace = 1;
  /** Second at which time goes slowly again. */
  private goal: number | undefined;
  private isOver = false;
  private running: Promise<void> = Promise.resolve();
  private failure: unknown;

  constructor(l1: L1Rpc) {
    this.l1 = l1;
  }

  /** Begins to mine. */
  async start(): Promise<void> {
    await this.l1("anvil_setBlockTimestampInterval", [BLOCK_S]);
    this.running = this.tick().catch((error: unknown) => {
      this.failure = error;
    });
  }

  /** From now on no time passes that these have not lived through. */
  follow({ first, second }: Nodes): void {
    this.first = createL1Rpc({ url: first });
    this.second = createL1Rpc({ url: second });
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  /** Rejects when the nodes don't follow any more: then no time passes, and whoever waits for some waits for ever. */
  async broken(): Promise<never> {
    await this.running;
    if (this.failure !== undefined) throw this.failure;
    return new Promise(() => undefined);
  }

  /** Seconds of L2's clock. */
  async now(): Promise<number> {
    return (await headOf(this.first!)).timestamp;
  }

  /** Time passes faster while `work` goes on. @param pace blocks of a tick. */
  async at<T>(pace: number, work: () => Promise<T>): Promise<T> {
    const before = this.pace;
    this.pace = pace;
    try {
      return await work();
    } finally {
      this.pace = before;
    }
  }

  /** Lets time pass until L2's clock shows `time`; nobody does anything meanwhile. */
  async reach(time: number): Promise<void> {
    this.goal = time;
    while ((await this.now()) < time) await this.turn();
    this.goal = undefined;
    await this.together();
  }

  /** Looks until there is something. @throws when `days` of the chain's clock have passed without. */
  async until<T>(
    what: string,
    days: number,
    look: () => Promise<T | undefined | false>,
    pace = 4,
  ): Promise<T> {
    const deadline = (await this.now()) + days * DAY_S;
    return this.at(pace, async () => {
      for (;;) {
        const found = await look();
        if (found !== undefined && found !== false) return found;
        if ((await this.now()) > deadline) throw new Error(`${what}: not within ${days} days`);
        await this.turn();
      }
    });
  }

  /** Until the second node is not far behind any more. */
  private async together(): Promise<void> {
    while ((await this.behind()) > MOST_BEHIND) await this.turn();
  }

  private async behind(): Promise<number> {
    return (await headOf(this.first!)).number - (await headOf(this.second!)).number;
  }

  /** Until the next tick is over. */
  private async turn(): Promise<void> {
    const { timestamp } = await headOf(this.l1);
    while ((await this.now()) <= timestamp) {
      if (this.failure !== undefined) throw this.failure;
      if (this.isOver) throw new Error("the year was stopped");
      await sleep(50);
    }
  }

  private async tick(): Promise<void> {
    while (!this.isOver) {
      const earliest = sleep(TICK_MS);
      await this.l1("anvil_mine", [`0x${(await this.blocksNow()).toString(16)}`]);
      await earliest;
      if (this.first !== undefined) await this.caughtUp(this.first);
    }
  }

  /** While the second node is far behind, a block a tick: L1 has to go on for it to get its batches. */
  private async blocksNow(): Promise<number> {
    const wanted = await this.blocksWanted();
    if (wanted === 1 || this.first === undefined || this.second === undefined) return wanted;
    const behind = await this.behind();
    return behind > (this.goal === undefined ? MOST_BEHIND : MOST_BEHIND_QUIET) ? 1 : wanted;
  }

  private async blocksWanted(): Promise<number> {
    if (this.goal === undefined) return this.pace;
    const left = Math.ceil((this.goal - (await headOf(this.l1)).timestamp) / BLOCK_S);
    return Math.max(1, Math.min(left, LEAP));
  }

  private async caughtUp(node: L1Rpc): Promise<void> {
    const { timestamp } = await headOf(this.l1);
    const patience = monotonicMs() + PATIENCE_MS;
    while ((await headOf(node)).timestamp < timestamp) {
      if (monotonicMs() > patience) throw new Error("the first node does not follow L1's time");
      await sleep(20);
    }
  }
}

async function headOf(rpc: L1Rpc): Promise<Head> {
  const block = (await rpc("eth_getBlockByNumber", ["latest", false])) as Record<keyof Head, string>;
  return { number: Number(block.number), timestamp: Number(block.timestamp) };
}
