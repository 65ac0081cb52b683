import { readdirSync } from "node:fs";
import { join } from "node:path";
import { hexToBytes } from "@ethereumjs/util";
import { outputAtBlock } from "../../node/app/readers.ts";
import { decodeBlock } from "../../node/chain/codec/block.ts";
import { receiptsRoot } from "../../node/chain/trie-root.ts";
import type { L1Block } from "../../node/chain/types/l1.ts";
import type { RollupConfig } from "../../node/chain/types/rollup.ts";
import type { StateReader } from "../../node/execution/evm/executor.ts";
import { createMemoryNode } from "../actions/memory-node.ts";
import { type SafeBlock, Verifier } from "../actions/verifier.ts";
import { type RecordedBlock, readRecording } from "../support/recordings.ts";
import { assertEqual, type GroupResult, GroupRun } from "./group.ts";
import { isRecording, readRecordedL1 } from "./recording.ts";

/** L1 blocks of a recording, one added after the other; an older number takes the newer ones away. */
class GrowingL1 {
  private blocks: L1Block[] = [];

  readonly at = (number: bigint): L1Block | undefined => {
    const first = this.blocks[0];
    return first && this.blocks[Number(number - first.number)];
  };

  add(block: L1Block): void {
    this.blocks = [...this.blocks.filter(({ number }) => number < block.number), block];
  }
}

async function checkBlock(
  run: GroupRun,
  recorded: RecordedBlock,
  own: SafeBlock | undefined,
  rollup: RollupConfig,
  state: StateReader,
) {
  const check = (what: string, compare: (own: SafeBlock) => void | Promise<void>) =>
    run.case(`block ${recorded.number} ${what}`, () => {
      if (own === undefined) throw new Error("not derived");
      return compare(own);
    });
  await check("hash", ({ block }) => assertEqual(block.hash, recorded.hash, "hash"));
  await check("receipts root", ({ receipts }) => {
    const expected = decodeBlock(hexToBytes(recorded.raw), rollup).header.receiptsRoot;
    assertEqual(receiptsRoot(receipts), expected, "receipts root");
  });
  await check("output root", async ({ block: { hash, header }, ref }) => {
    const store = {
      canonicalHash: () => hash,
      header: () => header,
      ref: () => ref,
      oldestState: () => 0n,
    };
    const output = await outputAtBlock({ store, state, rollup }, header.number);
    assertEqual(output.withdrawalStorageRoot, recorded.withdrawalStorageRoot, "withdrawals' storage root");
    assertEqual(output.outputRoot, recorded.outputRoot, "output root");
  });
}

async function runScenario(folder: string, name: string): Promise<GroupResult> {
  const run = new GroupRun(`op-recordings/${name}`);
  const { rollup, genesis, blocks } = readRecording(folder);
  const recordedL1 = readRecordedL1(folder);
  const node = createMemoryNode(genesis, rollup);
  const l1 = new GrowingL1();
  const { l1Chain, blobs } = recordedL1;
  const { build } = node;
  const verifier = new Verifier({ rollup, l1Chain, genesis: node.genesis, build, l1: l1.at, blobs });
  await run.case("derivation reads all of L1", async () => {
    for (const block of recordedL1.blocks) {
      l1.add(block);
      await verifier.derive();
    }
    assertEqual(verifier.origin.hash, recordedL1.blocks.at(-1)?.hash, "last L1 block read");
  });
  for (const [l1Number, l1Hash, number, hash] of recordedL1.safe) {
    await run.case(`safe head after L1 block ${l1Number}`, () => {
      assertEqual(l1.at(BigInt(l1Number))?.hash, l1Hash, "L1 block");
      const safe = verifier.safeAfter(BigInt(l1Number));
      assertEqual(Number(safe.ref.number), number, "number");
      assertEqual(safe.ref.hash, hash, "hash");
    });
  }
  for (const recorded of blocks)
    await checkBlock(run, recorded, verifier.at(recorded.number), rollup, node.state);
  return run.result;
}

async function tryScenario(folder: string, name: string): Promise<GroupResult> {
  try {
    return await runScenario(folder, name);
  } catch (error) {
    const run = new GroupRun(`op-recordings/${name}`);
    await run.case("all", () => Promise.reject(error));
    return run.result;
  }
}

/**
 * Chains recorded from the reference nodes: recorded L1 blocks in, every L2 block's hash, receipts root and output root and
 * the safe head after every L1 block out. One result a scenario, of all or of the one that is named.
 */
export async function runOpRecordings(folder: string, scenario?: string): Promise<GroupResult[]> {
  const results: GroupResult[] = [];
  for (const name of readdirSync(folder).sort()) {
    const isWanted = scenario === undefined || scenario === name;
    if (isWanted && isRecording(join(folder, name)))
      results.push(await tryScenario(join(folder, name), name));
  }
  return results;
}
