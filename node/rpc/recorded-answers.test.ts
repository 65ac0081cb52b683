import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { vectorsFolder } from "../../test/conformance/group.ts";
import { Ancestors } from "../../test/support/ancestors.ts";
import { EXECUTOR } from "../../test/support/executor-kind.ts";
import { jsonDifference } from "../../test/support/json-difference.ts";
import { MemoryChain } from "../../test/support/memory-chain.ts";
import { readGzipLines, readRecording } from "../../test/support/recordings.ts";
import { hexToBytes } from "../base/bytes.ts";
import { decodeBlock } from "../chain/codec/block.ts";
import { createExecutor } from "../execution/evm/create-executor.ts";
import { createStateReader } from "../execution/evm/state-reader.ts";
import { makeGenesis } from "../execution/state/genesis-state.ts";
import { MemoryDatabase } from "../execution/state/memory-database.ts";
import { createDispatcher } from "./dispatch.ts";
import { nodeRpcMethods } from "./node-methods.ts";
import { DEFAULT_RPC_LIMITS } from "./server.ts";

const vectors = vectorsFolder();

interface RecordedAnswer {
  target: "el" | "cl";
  method: string;
  params: unknown[];
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

/** `eth_config` crashes in op-geth on such a chain. */
const NOT_COMPARED = ["eth_config"];

async function replay(scenario: string) {
  const folder = join(vectors!, "op-recordings", scenario);
  const { genesis, rollup, blocks } = readRecording(folder);
  const database = new MemoryDatabase();
  const ancestors = new Ancestors();
  const executor = createExecutor({
    kind: EXECUTOR,
    rollup,
    openledger: { attributionTime: undefined },
    stateDatabase: database,
    ancestorHash: ancestors.hash,
  });
  const chain = new MemoryChain();
  const start = makeGenesis(genesis);
  database.write(start.stateWrites);
  chain.append(start.block, []);
  ancestors.add(start.block);
  let parent = start.block.header;
  const receipts: string[] = [];
  for (const recorded of blocks.slice(1)) {
    const executed = await executor.check(parent, decodeBlock(hexToBytes(recorded.raw), rollup));
    database.write(executed.state.writes);
    chain.append(executed.block, executed.receipts);
    ancestors.add(executed.block);
    parent = executed.block.header;
  }
  const methods = nodeRpcMethods({
    chain,
    state: createStateReader(database),
    simulator: executor,
    rollup,
    version: "test",
  });
  const dispatcher = createDispatcher(methods, DEFAULT_RPC_LIMITS, (method, error) => {
    receipts.push(`${method}: ${String(error)}`);
  });
  const ask = async (method: string, params: unknown[]) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    return JSON.parse((await dispatcher.handle(body, { connection: undefined }))!);
  };
  return { folder, blocks, ask };
}

describe.skipIf(vectors === undefined)("RPC answers recorded from op-geth", () => {
  it.each(["jovian-span-brotli", "fork-ladder"])(
    "are the same from this node: %s",
    {
      timeout: 300_000,
    },
    async (scenario) => {
      const { folder, blocks, ask } = await replay(scenario);
      const differences: string[] = [];
      const answers = readGzipLines<RecordedAnswer>(join(folder, "rpc.jsonl.gz")).filter(
        ({ target, method }) => target === "el" && !NOT_COMPARED.includes(method),
      );
      for (const { method, params, result, error } of answers) {
        const answer = await ask(method, params);
        const expected = error === undefined ? { result } : { error: { code: error.code, data: error.data } };
        const actual =
          answer.error === undefined
            ? { result: answer.result }
            : { error: { code: answer.error.code, data: answer.error.data } };
        const difference = jsonDifference(actual, expected);
        if (difference !== undefined) {
          differences.push(`${method} ${JSON.stringify(params).slice(0, 200)}: ${difference}`);
        }
      }
      for (const block of blocks) {
        const answer = await ask("eth_getBlockReceipts", [`0x${block.number.toString(16)}`]);
        const difference = jsonDifference(answer.result, block.receipts);
        if (difference !== undefined) differences.push(`receipts of ${block.number}: ${difference}`);
      }
      expect(differences).toEqual([]);
      expect(answers.length).toBeGreaterThan(60);
    },
  );
});
