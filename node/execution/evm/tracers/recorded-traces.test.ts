import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { vectorsFolder } from "../../../../test/conformance/group.ts";
import { Ancestors } from "../../../../test/support/ancestors.ts";
import { jsonDifference } from "../../../../test/support/json-difference.ts";
import { readGzipLines, readRecording } from "../../../../test/support/recordings.ts";
import { hexToBytes } from "../../../base/bytes.ts";
import { decodeBlock } from "../../../chain/codec/block.ts";
import { packBlock } from "../../../chain/codec/packed-block.ts";
import type { Block } from "../../../chain/types/block.ts";
import { makeGenesis } from "../../state/genesis-state.ts";
import { MemoryDatabase } from "../../state/memory-database.ts";
import { createExecutor } from "../create-executor.ts";
import type { TracerSpec } from "./spec.ts";

const vectors = vectorsFolder();

interface RecordedTrace {
  block: number;
  tracer: "callTracer" | "prestateTracer";
  tracerConfig: { withLog?: boolean; diffMode?: boolean };
  result: unknown;
}

function specOf({ tracer, tracerConfig }: RecordedTrace): TracerSpec {
  if (tracer === "callTracer")
    return { name: tracer, onlyTopCall: false, withLog: tracerConfig.withLog ?? false };
  const diffMode = tracerConfig.diffMode ?? false;
  return { name: tracer, diffMode, disableCode: false, disableStorage: false, includeEmpty: false };
}

/** Words for which op-revm and ethereumjs have none of their own, in frames of precompiles and of halts found first. */
const ALIKE = /"error":"(?!execution reverted)[^"]*"/g;

function comparable(text: string): unknown {
  return JSON.parse(text.replace(ALIKE, '"error":"halt"'));
}

async function replay(scenario: string) {
  const folder = join(vectors!, "op-recordings", scenario);
  const { genesis, rollup, blocks } = readRecording(folder);
  const database = new MemoryDatabase();
  const start = makeGenesis(genesis);
  database.write(start.stateWrites);
  const ancestors = new Ancestors(start.block);
  const options = {
    rollup,
    openledger: { attributionTime: undefined },
    stateDatabase: database,
    ancestorHash: ancestors.hash,
  };
  const wasm = createExecutor({ kind: "wasm", ...options });
  const chain: Block[] = [start.block];
  for (const { raw } of blocks.slice(1)) {
    const block = decodeBlock(hexToBytes(raw), rollup);
    const executed = await wasm.check(chain.at(-1)!.header, block);
    database.write(executed.state.writes);
    ancestors.add(block);
    chain.push(block);
  }
  const traces = readGzipLines<RecordedTrace>(join(folder, "traces.jsonl.gz"));
  return { chain, traces, executors: { wasm, ts: createExecutor({ kind: "ts", ...options }) } };
}

const SCENARIOS = ["jovian-span-brotli", "blobs", "fork-ladder"];

describe.skipIf(vectors === undefined)("traces recorded from op-geth", () => {
  it.each(SCENARIOS)("are the same from both executors: %s", { timeout: 600_000 }, async (scenario) => {
    expect(existsSync(join(vectors!, "op-recordings", scenario))).toBe(true);
    const { chain, traces, executors } = await replay(scenario);
    const differences: string[] = [];
    for (const trace of traces) {
      const [parent, block] = [chain[trace.block - 1]!.header, chain[trace.block]!];
      for (const [kind, executor] of Object.entries(executors)) {
        const subject = { kind: "block", block: packBlock(block) } as const;
        const text = await executor.trace(parent, { subject, tracer: specOf(trace) });
        const difference = jsonDifference(comparable(text), comparable(JSON.stringify(trace.result)));
        if (difference === undefined) continue;
        differences.push(
          `${kind} ${trace.tracer} ${JSON.stringify(trace.tracerConfig)} ${trace.block}: ${difference}`,
        );
      }
    }
    expect(differences).toEqual([]);
    expect(traces.length).toBeGreaterThanOrEqual(12);
  });
});
