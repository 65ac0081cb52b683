import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { vectorsFolder } from "../../../test/conformance/group.ts";
import { Ancestors } from "../../../test/support/ancestors.ts";
import { EXECUTOR } from "../../../test/support/executor-kind.ts";
import { readRecording } from "../../../test/support/recordings.ts";
import { hexToBytes } from "../../base/bytes.ts";
import { decodeBlock } from "../../chain/codec/block.ts";
import { makeGenesis } from "../state/genesis-state.ts";
import { MemoryDatabase } from "../state/memory-database.ts";
import { createExecutor } from "./create-executor.ts";

const vectors = vectorsFolder();

describe.skipIf(vectors === undefined)("blocks made by op-geth", () => {
  // jovian-span-brotli is replayed by node/rpc/recorded-answers.test.ts, which needs the same execution.
  it.each(["blobs", "fork-ladder"])(
    "execute to the same header: %s",
    { timeout: 300_000 },
    async (scenario) => {
      const { genesis, rollup, blocks } = readRecording(join(vectors!, "op-recordings", scenario));
      const start = makeGenesis(genesis);
      expect(start.block.hash).toBe(rollup.genesis.l2.hash);
      const database = new MemoryDatabase();
      database.write(start.stateWrites);
      const ancestors = new Ancestors(start.block);
      const executor = createExecutor({
        kind: EXECUTOR,
        rollup,
        openledger: { attributionTime: undefined },
        stateDatabase: database,
        ancestorHash: ancestors.hash,
      });
      let parent = start.block.header;
      for (const recorded of blocks.slice(1)) {
        const block = decodeBlock(hexToBytes(recorded.raw), rollup);
        const executed = await executor.check(parent, block);
        expect(executed.block.hash).toBe(recorded.hash);
        database.write(executed.state.writes);
        ancestors.add(block);
        parent = block.header;
      }
    },
  );
});
