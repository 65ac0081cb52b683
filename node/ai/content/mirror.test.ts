import { expect, test } from "vitest";
import { createLogger } from "../../base/logger.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { contentIdOf } from "../codec/hash.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { Mirror, type MirrorStore } from "./mirror.ts";

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
  const late: MirrorStore = { ...peer, has: (id) => (isAway ? away() : peer.has(id)) };
  const never: MirrorStore = { get: away, put: away, has: away };
  const mirror = new Mirror({ client: chainNaming([hash]), at, store, peers: [never, late], logger });
  await mirror.mirrorBlocks(0n, 1n);
  expect(peer.all.size).toBe(0);
  isAway = false;
  await mirror.mirrorBlocks(0n, 1n);
  expect([...peer.all.keys()]).toEqual([hash]);
});
