import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../test/harness/anvil.ts";
import { NO_CONTRACTS } from "../../test/harness/no-contracts.ts";
import { type NodeProcess, startNodeProcess, writeChainFiles } from "../../test/harness/node-process.ts";
import { connectChain } from "../ai/client/chain.ts";
import { rpcSink, rpcSource } from "../ai/client/content.ts";
import { contentIdOf, hexOfBytes } from "../ai/codec/hash.ts";
import { type Standing, uploadsOf } from "../ai/content/upload-order.ts";
import { PART_BYTES, PartStates, partBefore } from "../chain/content-parts.ts";
import type { Address } from "../chain/types/primitives.ts";
import { createL1Reader } from "../rollup/l1/reader.ts";

const PARTS = 24;
const sender = privateKeyToAccount(ANVIL_KEYS[2]);

describe("a node that is killed while it takes a content in", { timeout: 240_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let node: NodeProcess;

  const start = () =>
    startNodeProcess({
      ...{ dataDir: join(folder, "data"), chainDir: join(folder, "chain"), l1Url: anvil.url },
      ...{ l1PollMs: 100, l1Confirmations: 0, sequencer: "true", clock: "l1", batcherKey: ANVIL_KEYS[1] },
      protocol: join(folder, "protocol.json"),
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "upload-crash-"));
    anvil = await startAnvil({ blockTime: 2 });
    const funded = [sender.address.toLowerCase() as Address];
    writeChainFiles(join(folder, "chain"), (await createL1Reader(anvil.rpc).label("latest"))!, funded);
    await writeFile(join(folder, "protocol.json"), JSON.stringify(NO_CONTRACTS));
    node = await start();
  }, 240_000);
  afterAll(async () => {
    await node?.crash();
    await anvil?.kill();
    await rm(folder, { recursive: true });
  });

  test("has all that it had acknowledged, and goes on from there without another signature", async () => {
    const content = Uint8Array.from(
      { length: PARTS * PART_BYTES - 5 },
      (_, i) => (i * 7 + (i >> 19) * 31) & 255,
    );
    const made = new PartStates();
    for (let at = 0; at < content.length; at += PART_BYTES) made.add(content.subarray(at, at + PART_BYTES));
    const [hash, total] = [contentIdOf(content), content.length];
    let client = await connectChain(node.url);
    const sign = uploadsOf(client.chain, sender);
    const order = await sign({ hash, total, expires: Math.floor(Date.now() / 1000) + 600 });
    const partOf = (from: number) => {
      const offset = partBefore(from);
      const data = hexOfBytes(content.subarray(offset, from));
      return { hash, total, sender: sender.address, offset, data, state: made.states[offset / PART_BYTES] };
    };
    let standing = await client.rpc<Standing>("openledger_openUpload", [order]);
    expect(standing).toEqual({ here: false, from: total });
    for (const parts of [3, 1, 5]) {
      for (let sent = 0; sent < parts; sent++)
        standing = await client.rpc<Standing>("openledger_putContent", [partOf(standing.from)]);
      // One is under way.
      const last = client
        .rpc<Standing>("openledger_putContent", [partOf(standing.from)])
        .catch(() => standing);
      await new Promise((resolve) => setTimeout(resolve, parts));
      await node.crash();
      standing = await last;
      node = await start();
      client = await connectChain(node.url);
      const unsigned = { hash, total, sender: sender.address };
      const found = await client.rpc<Standing>("openledger_openUpload", [unsigned]);
      expect(found.here).toBe(false);
      expect(found.from).toBeLessThanOrEqual(standing.from);
      expect(found.from).toBeGreaterThanOrEqual(standing.from - PART_BYTES);
      standing = found;
    }
    expect(await rpcSink(client, sign).put(content)).toBe(hash);
    expect(Buffer.compare(await rpcSource(client).get(hash), content)).toBe(0);
    const { held } = await client.rpc<{ held: number }>("openledger_uploadQuota", [sender.address]);
    expect(held).toBe(total);
  });
});
