import { expect, test } from "vitest";
import { createLogger } from "../../base/logger.ts";
import { PART_BYTES } from "../../chain/content-parts.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { encodeManifest } from "../attribution/manifest.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { contentIdOf } from "../codec/hash.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { Mirror, type MirrorPeer } from "./mirror.ts";

const logger = createLogger({ level: "silent", format: "json" });
const at = {} as ProtocolAddresses;
const bytes = (value: number) => new Uint8Array(100).fill(value);

/** A chain on which these documents were revealed. */
const chainNaming = (contents: readonly Hash[]) =>
  ({
    public: {
      getContractEvents: async ({ eventName }: { eventName: string }) =>
        eventName === "ContributionRevealed" ? contents.map((contentId) => ({ args: { contentId } })) : [],
    },
  }) as unknown as ChainClient;

/** Of an index of one part. */
const SIZES = { rows: 1, dimension: 64 };

test("what only this node was handed goes to the others, once the chain names it", async () => {
  const [store, first, second] = [memoryContent(), memoryContent(), memoryContent()];
  const [named, elsewhere, unnamed] = [bytes(1), bytes(2), bytes(3)];
  const hash = await store.put(named);
  await store.put(unnamed);
  await second.put(elsewhere);
  const client = chainNaming([hash, contentIdOf(elsewhere)]);
  await new Mirror({ client, at, store, peers: [first, second], logger }).mirrorBlocks(0n, 1n);
  expect([...first.all.keys()]).toEqual([hash]);
  expect(second.all.get(hash)).toEqual(named);
  expect(store.all.get(contentIdOf(elsewhere))).toEqual(elsewhere);
});

test("a peer that is away for a while gets it later; one that never comes stops nothing", async () => {
  const [store, peer] = [memoryContent(), memoryContent()];
  const hash = await store.put(bytes(1));
  let isAway = true;
  const away = () => Promise.reject(new Error("away"));
  const late: MirrorPeer = { ...peer, has: (id) => (isAway ? away() : peer.has(id)) };
  const never: MirrorPeer = { name: "never", part: away, put: away, has: away };
  const mirror = new Mirror({ client: chainNaming([hash]), at, store, peers: [never, late], logger });
  await mirror.mirrorBlocks(0n, 1n);
  expect(peer.all.size).toBe(0);
  isAway = false;
  await mirror.mirrorBlocks(0n, 1n);
  expect([...peer.all.keys()]).toEqual([hash]);
});

test("a range that the node refuses is read in smaller ones, and what is broken in it holds nothing else up", async () => {
  const [store, peer] = [memoryContent(), memoryContent()];
  const documents = await Promise.all([1, 2, 3].map((n) => peer.put(bytes(n))));
  const manifestHash = await peer.put(bytes(9));
  const leaves = await peer.put(bytes(10));
  let asked = 0;
  const events: Record<string, { block: bigint; args: object }[]> = {
    ContributionRevealed: documents.map((contentId, i) => ({
      block: BigInt(400 + 50 * i),
      args: { contentId },
    })),
    ModelRegistered: [{ block: 410n, args: { document: { manifestHash, index: SIZES } } }],
    EpochClosed: [{ block: 520n, args: { closing: { contents: leaves } } }],
  };
  const client = {
    public: {
      getBlockNumber: async () => 900n,
      getContractEvents: async ({
        eventName,
        fromBlock,
        toBlock,
      }: {
        eventName: string;
        fromBlock: bigint;
        toBlock: bigint;
      }) => {
        asked++;
        if (toBlock - fromBlock > 40n) throw new Error("query returned more than 10000 results");
        return events[eventName]!.filter(({ block }) => block >= fromBlock && block <= toBlock);
      },
    },
  } as unknown as ChainClient;
  // The manifest is here, and its file is broken.
  await store.put(bytes(9));
  const broken = { ...store, get: () => Promise.reject(new Error("not what it was")) };
  const mirror = new Mirror({ client, at, store: broken, peers: [peer], logger });
  const ending = new AbortController();
  const running = mirror.run(0n, ending.signal);
  await expect.poll(() => mirror.names(contentIdOf(bytes(77))), { timeout: 5_000 }).toBe(false);
  ending.abort();
  await running;
  for (const hash of [...documents, leaves])
    expect([mirror.names(hash), store.all.has(hash)]).toEqual([true, true]);
  expect(asked).toBeLessThan(300);
});

test("a peer that lies about a part costs that part: the next one gives the rest", async () => {
  const [store, liar, peer] = [memoryContent(), memoryContent(), memoryContent()];
  const content = new Uint8Array(3 * PART_BYTES).fill(1);
  const hash = await peer.put(content);
  const asked: number[] = [];
  const lying: MirrorPeer = {
    ...liar,
    part: async (id, offset) => ({
      ...(await peer.part(id, offset)),
      ...(offset === PART_BYTES && { bytes: new Uint8Array(PART_BYTES) }),
    }),
  };
  const honest: MirrorPeer = {
    ...peer,
    async part(id, offset) {
      asked.push(offset / PART_BYTES);
      return peer.part(id, offset);
    },
  };
  await new Mirror({ client: chainNaming([hash]), at, store, peers: [lying, honest], logger }).mirrorBlocks(
    0n,
    1n,
  );
  expect(Buffer.compare(store.all.get(hash)!, content)).toBe(0);
  expect(asked).toEqual([0, 1]);
});

test("a manifest is followed where one of its registrations has as many parts as it names", async () => {
  const [store, peer] = [memoryContent(), memoryContent()];
  const file = await peer.put(bytes(1));
  const one = [{ name: "f", size: 100, sha256: file }];
  const manifest = {
    ...{ format: "openledger/manifest/3" as const, name: "m", base: one, tokenizer: one, adapter: one },
    ...{ method: file, basis: file, index: [file, file], rows: 1, repeats: 0, skipped: 0 },
    snapshots: [{ datanetId: "1", number: 1, root: file, content: file }],
  };
  const manifestHash = await peer.put(encodeManifest(manifest));
  let index = SIZES;
  const client = {
    public: {
      getContractEvents: async ({ eventName }: { eventName: string }) =>
        eventName === "ModelRegistered" ? [{ args: { document: { manifestHash, index } } }] : [],
    },
  } as unknown as ChainClient;
  const mirror = new Mirror({ client, at, store, peers: [peer], logger });
  await mirror.mirrorBlocks(0n, 1n);
  expect([await store.has(manifestHash), await store.has(file)]).toEqual([true, false]);
  // Somebody registers the same manifest as what it is: whoever came first with other sizes keeps nobody from it.
  index = { rows: 40_000, dimension: 4096 };
  await mirror.mirrorBlocks(2n, 3n);
  expect(await store.has(file)).toBe(true);
});

test("a manifest that names more than a model has is not followed", async () => {
  const [store, peer] = [memoryContent(), memoryContent()];
  const file = await peer.put(bytes(1));
  const filesOf = (count: number, length = 1) =>
    Array.from({ length: count }, (_, i) => ({ name: `${i}`.padStart(length), size: 100, sha256: file }));
  const one = filesOf(1);
  const manifest = {
    ...{ format: "openledger/manifest/3" as const, name: "m", tokenizer: one, adapter: one },
    ...{ method: file, basis: file, index: [file], rows: 1, repeats: 0, skipped: 0 },
    snapshots: [{ datanetId: "1", number: 1, root: file, content: file }],
  };
  const names = async (bytesOf: Uint8Array) => {
    const manifestHash = await peer.put(bytesOf);
    const registered = { args: { document: { manifestHash, index: SIZES } } };
    const client = {
      public: {
        getContractEvents: async ({ eventName }: { eventName: string }) =>
          eventName === "ModelRegistered" ? [registered] : [],
      },
    } as unknown as ChainClient;
    const mirror = new Mirror({ client, at, store, peers: [peer], logger });
    await mirror.mirrorBlocks(0n, 1n);
    return mirror.names(file);
  };
  expect(await names(encodeManifest({ ...manifest, base: filesOf(1_000) }))).toBe(true);
  expect(await names(encodeManifest({ ...manifest, base: filesOf(1_001) }))).toBeUndefined();
  expect(
    await names(encodeManifest({ ...manifest, base: one, index: Array<Hash>(257).fill(file) })),
  ).toBeUndefined();
  const long = filesOf(1_000, 255);
  const wide = { ...manifest, base: long, tokenizer: long, adapter: long };
  expect(await names(encodeManifest(wide))).toBeUndefined();
});
