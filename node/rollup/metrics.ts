import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { EngineHeads } from "./forkchoice/engine.ts";
import type { L1Fees } from "./l1/fees.ts";
import type { L1SenderObserver } from "./l1/sender.ts";
import type { L1Heads } from "./l1/watcher.ts";

/** What the rollup's gauges are read from when somebody asks. */
export interface RollupSources {
  heads(): EngineHeads;
  l1Heads(): L1Heads | undefined;
  /** The L1 block that derivation read last. */
  currentL1(): { number: bigint } | undefined;
  isReady(): boolean;
}

/** Heads, with op-node's names where it has them, so that its dashboards show this node too. */
export function measureHeads(registry: Registry, sources: RollupSources): void {
  const registers = [registry];
  const labelNames = ["layer", "type"] as const;
  new Gauge({
    name: "op_node_default_refs_number",
    help: "Number of the block that each head is at.",
    labelNames,
    registers,
    collect() {
      for (const { layer, type, ref } of refs(sources)) this.set({ layer, type }, Number(ref.number));
    },
  });
  new Gauge({
    name: "op_node_default_refs_time",
    help: "Time of the block that each head is at, in seconds since the Unix epoch; time() minus it is the head's lag.",
    labelNames,
    registers,
    collect() {
      for (const { layer, type, ref } of refs(sources))
        if (ref.timestamp !== undefined) this.set({ layer, type }, Number(ref.timestamp));
    },
  });
  new Gauge({
    name: "openledger_unsafe_blocks",
    help: "Blocks that are not safe yet: not derived from L1.",
    registers,
    collect() {
      const { unsafe, safe } = sources.heads();
      this.set(Number(unsafe.number - safe.number));
    },
  });
  new Gauge({
    name: "openledger_derivation_lag_blocks",
    help: "L1 blocks that derivation has not read yet.",
    registers,
    collect() {
      const head = sources.l1Heads()?.latest.number;
      const current = sources.currentL1()?.number;
      if (head !== undefined && current !== undefined) this.set(Number(head - current));
    },
  });
  new Gauge({
    name: "openledger_derivation_ready",
    help: "1 once the stored chain was checked against L1.",
    registers,
    collect() {
      this.set(sources.isReady() ? 1 : 0);
    },
  });
}

interface Ref {
  number: bigint;
  timestamp?: bigint;
}

function refs({ heads, l1Heads, currentL1 }: RollupSources): { layer: string; type: string; ref: Ref }[] {
  const { unsafe, safe, finalized } = heads();
  const l1 = l1Heads();
  const found: [string, string, Ref | undefined][] = [
    ["l2", "l2_unsafe", unsafe],
    ["l2", "l2_safe", safe],
    ["l2", "l2_finalized", finalized],
    ["l1", "l1_head", l1?.latest],
    ["l1", "l1_safe", l1?.safe],
    ["l1", "l1_finalized", l1?.finalized],
    ["l1", "l1_derived", currentL1()],
  ];
  return found.flatMap(([layer, type, ref]) => (ref === undefined ? [] : [{ layer, type, ref }]));
}

/** Counts what goes to L1, by the key's part: `batcher`, `proposer`. */
export interface L1Metrics {
  observer(part: string): L1SenderObserver;
  /** A channel of that many bytes is in L1, in that many transactions. */
  channelSent(sent: { kind: string; bytes: number; transactions: number; blocks: number }): void;
}

/** Metrics of transactions to L1 and of the batcher's channels. */
export function measureL1(registry: Registry): L1Metrics {
  const registers = [registry];
  const transactions = new Counter({
    name: "openledger_l1_transactions_total",
    help: "Transactions to L1 by the part that sends them: sent, sent in place of one before, mined, reverted.",
    labelNames: ["part", "event"] as const,
    registers,
  });
  const fees = new Counter({
    name: "openledger_l1_fees_gwei_total",
    help: "Fees paid on L1, in gwei.",
    labelNames: ["part"] as const,
    registers,
  });
  const offered = new Gauge({
    name: "openledger_l1_offered_gwei",
    help: "What the newest transaction to L1 offers for a gas, in gwei.",
    labelNames: ["part", "kind"] as const,
    registers,
  });
  const channels = new Histogram({
    name: "openledger_batcher_channel_bytes",
    help: "Bytes of the channels that L1 took, by the way they went: calldata or blobs.",
    labelNames: ["kind"] as const,
    buckets: [1_000, 10_000, 50_000, 100_000, 200_000, 400_000, 800_000],
    registers,
  });
  const channelTransactions = new Counter({
    name: "openledger_batcher_transactions_total",
    help: "Transactions that brought channels to L1.",
    labelNames: ["kind"] as const,
    registers,
  });
  const blocks = new Counter({
    name: "openledger_batcher_blocks_total",
    help: "Blocks in the channels that L1 took.",
    labelNames: ["kind"] as const,
    registers,
  });
  return {
    observer: (part) => ({
      submitted({ maxFeePerGas, maxPriorityFeePerGas }: L1Fees, replaces) {
        transactions.inc({ part, event: replaces ? "replaced" : "sent" });
        offered.set({ part, kind: "fee" }, gwei(maxFeePerGas));
        offered.set({ part, kind: "tip" }, gwei(maxPriorityFeePerGas));
      },
      mined({ status, fee }) {
        transactions.inc({ part, event: status === 1 ? "mined" : "reverted" });
        fees.inc({ part }, gwei(fee));
      },
    }),
    channelSent(sent) {
      const { kind } = sent;
      channels.observe({ kind }, sent.bytes);
      channelTransactions.inc({ kind }, sent.transactions);
      blocks.inc({ kind }, sent.blocks);
    },
  };
}

function gwei(wei: bigint): number {
  return Number(wei) / 1e9;
}
