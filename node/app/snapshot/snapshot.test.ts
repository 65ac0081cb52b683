import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NO_ANCESTORS } from "../../../test/support/ancestors.ts";
import { createDiskChain, type DiskChain } from "../../../test/support/disk-chain.ts";
import { SENDER, signed } from "../../../test/support/small-chain.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { createExecutor } from "../../execution/evm/create-executor.ts";
import { createStateReader } from "../../execution/evm/state-reader.ts";
import { type ChainStore, openChainStore } from "../../store/chain-store.ts";
import { exportSnapshot } from "./export-snapshot.ts";
import { importSnapshot } from "./import-snapshot.ts";

/** Adds 1 to slot 0. */
const adds: Address = `0x${"12".repeat(20)}`;
const FRAME = 5;
const HEADER = 80;

describe("a snapshot", () => {
  let disk: DiskChain;
  let folder: string;
  let file: string;
  let imported: ChainStore | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "snapshot-"));
    file = join(folder, "chain.snapshot");
    disk = await createDiskChain({ accounts: [{ address: adds, codeHex: "0x60015f54015f55" }] });
    for (let nonce = 0; nonce < 6; nonce++) {
      await disk.advance([await signed({ nonce, to: adds, gas: 60_000n })]);
    }
    await exportSnapshot(disk.store, file);
  });
  afterAll(async () => {
    await imported?.close();
    await disk.close();
    await rm(folder, { recursive: true });
  });

  const importFrom = (source: string, target: string) =>
    importSnapshot({ file: source, folder: join(folder, target), rollup: disk.small.rollup });

  it("makes a database with which another node goes on with the chain", async () => {
    const { hash, number } = await importFrom(file, "good");
    expect(number).toBe(6n);
    imported = await openChainStore(join(folder, "good"), disk.small.rollup);
    expect(imported.heads()).toEqual({ unsafe: hash, safe: hash, finalized: hash });
    for (let n = 0n; n <= 6n; n++) {
      const at = disk.store.canonicalHash(n)!;
      expect(imported.canonicalHash(n)).toBe(at);
      expect(imported.header(at)).toEqual(disk.store.header(at));
      expect(imported.receipts(at)).toEqual(disk.store.receipts(at));
      const raws = (store: ChainStore) => store.block(at)!.transactions.map(({ raw }) => raw);
      expect(raws(imported)).toEqual(raws(disk.store));
      for (const { hash: id } of disk.store.block(at)!.transactions) {
        expect(imported.transaction(id)).toEqual(disk.store.transaction(id));
      }
    }
    expect(imported.oldestState()).toBe(6n);
    const { small } = disk;
    expect(imported.flat.version(small.head.stateRoot)).toBeDefined();
    const proofOf = (store: ChainStore) =>
      createStateReader(store.state).proof(small.head.stateRoot, adds, [`0x${"00".repeat(32)}`]);
    expect(await proofOf(imported)).toEqual(await proofOf(disk.store));

    const attributes = small.attributes([await signed({ nonce: 6, to: adds, gas: 60_000n })]);
    const executor = createExecutor({
      rollup: small.rollup,
      openledger: { attributionTime: undefined },
      stateDatabase: imported.state,
      flatTable: imported.flat,
      ancestorHash: NO_ANCESTORS,
    });
    const next = await executor.build(small.head, attributes);
    const rule = await small.executor.build(small.head, attributes);
    expect(next.block.hash).toBe(rule.block.hash);
    const head = next.block.hash;
    await imported.commit({ blocks: [next], heads: { unsafe: head, safe: hash, finalized: hash } });
    expect(imported.flat.version(next.block.header.stateRoot)).toBeDefined();
    expect(imported.block(head)?.transactions[1]).toMatchObject({ from: SENDER.address.toLowerCase() });
  });

  it("is refused whole where any byte of it is another", { timeout: 60_000 }, async () => {
    const good = new Uint8Array(await readFile(file));
    for (let at = 0; at < good.length; at += 1 + Math.floor(good.length / 40)) {
      const bad = good.slice();
      bad[at]! ^= 0x41;
      await writeFile(join(folder, "bad"), bad);
      await expect(importFrom(join(folder, "bad"), "refused")).rejects.toMatchObject({
        code: "CHAIN_SNAPSHOT_INVALID",
      });
      expect(existsSync(join(folder, "refused"))).toBe(false);
      expect(existsSync(join(folder, "refused.importing"))).toBe(false);
    }
    await writeFile(join(folder, "bad"), good.subarray(0, good.length - 10));
    await expect(importFrom(join(folder, "bad"), "refused")).rejects.toMatchObject({
      code: "CHAIN_SNAPSHOT_INVALID",
    });
  });

  it("is refused where its maker left out a record or changed one, with the right checksum", async () => {
    const { createHash } = await import("node:crypto");
    const good = new Uint8Array(await readFile(file));
    const records: Uint8Array[] = [];
    for (let at = HEADER; at < good.length; ) {
      const length = new DataView(good.buffer, good.byteOffset + at + 1).getUint32(0);
      records.push(good.subarray(at, at + FRAME + length));
      at += FRAME + length;
    }
    const forge = async (changed: readonly Uint8Array[]) => {
      const digest = createHash("sha256").update(good.subarray(0, HEADER));
      for (const record of changed) digest.update(record);
      const end = Uint8Array.from([5, 0, 0, 0, 32, ...digest.digest()]);
      await writeFile(join(folder, "bad"), Buffer.concat([good.subarray(0, HEADER), ...changed, end]));
      return importFrom(join(folder, "bad"), "forged");
    };
    const body = records.slice(0, -1);
    for (let i = 0; i < body.length; i++) {
      // The end of a block's record are parts of the L1 fee, which nothing vouches for.
      const changes = [0.2, 0.4, 0.6, 0.8].map((share) =>
        body.toSpliced(i, 1, changedAt(body[i]!, Math.floor(body[i]!.length * share))),
      );
      changes.push(body.toSpliced(i, 1));
      for (const change of changes) {
        await expect(forge(change)).rejects.toMatchObject({ code: "CHAIN_SNAPSHOT_INVALID" });
      }
    }
    await rm(join(folder, "forged"), { recursive: true, force: true });
    await forge(body);
    expect(existsSync(join(folder, "forged"))).toBe(true);
  });
});

function changedAt(record: Uint8Array, at: number): Uint8Array {
  const changed = record.slice();
  changed[at]! ^= 1;
  return changed;
}
