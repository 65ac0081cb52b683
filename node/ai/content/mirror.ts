import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { datanetRegistryAbi, modelRegistryAbi } from "../../chain/generated/abi.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { decodeManifest } from "../attribution/manifest.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { followBlocks } from "../client/follow.ts";
import type { ContentSink, ContentSource } from "./source.ts";

/** A content store, this node's or another's, that knows what it has. */
export interface MirrorStore extends ContentSource, ContentSink {
  has(hash: Hash): Promise<boolean>;
}

export interface MirrorOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  store: MirrorStore;
  /** Other nodes, asked in this order; each is given what it lacks. */
  peers: readonly MirrorStore[];
  logger: Logger;
}

const POLL_MS = 1_000;
const RETRY_ROUNDS = 600;

/**
 * Copies everything that the chain names (documents, models with all their files) from other nodes into this node's
 * store, so that evidence is never only the host's, and gives other nodes what only this one was handed. What the chain
 * does not name is never passed on: strangers can't fill all nodes through one.
 */
export class Mirror {
  private readonly options: MirrorOptions;
  /** Content that no peer gave yet, with the rounds left. */
  private readonly missing = new Map<Hash, { kind: "file" | "manifest"; rounds: number }>();
  private readonly seen = new Set<Hash>();
  /** Content that was here before it was named, and the peers that were not asked about it yet. */
  private readonly offers = new Map<Hash, { peers: readonly MirrorStore[]; rounds: number }>();

  constructor(options: MirrorOptions) {
    this.options = options;
  }

  /** Follows the chain until the signal. */
  run(from: bigint, signal: AbortSignal): Promise<void> {
    const { client, logger } = this.options;
    const onError = (error: unknown) => logger.warn({ error }, "content could not be mirrored yet");
    return followBlocks(client, { from, intervalMs: POLL_MS, signal, onError }, (first, last) =>
      this.mirrorBlocks(first, last),
    );
  }

  /** Fetches what blocks `from`…`to` name, and what was missing before. */
  async mirrorBlocks(from: bigint, to: bigint): Promise<void> {
    const { client, at } = this.options;
    const range = { fromBlock: from, toBlock: to, strict: true } as const;
    const revealed = await client.public.getContractEvents({
      ...range,
      address: at.datanets,
      abi: datanetRegistryAbi,
      eventName: "ContributionRevealed",
    });
    for (const { args } of revealed) this.want(args.contentId, "file");
    const registered = await client.public.getContractEvents({
      ...range,
      address: at.models,
      abi: modelRegistryAbi,
      eventName: "ModelRegistered",
    });
    for (const { args } of registered) this.want(args.document.manifestHash, "manifest");
    await this.fetchMissing();
  }

  /** Tries everything that is still missing once. */
  async fetchMissing(): Promise<void> {
    for (const [hash, { kind, rounds }] of [...this.missing]) {
      const bytes = await this.obtain(hash);
      if (bytes || rounds <= 0) this.missing.delete(hash);
      else this.missing.set(hash, { kind, rounds: rounds - 1 });
      if (bytes && kind === "manifest") this.wantManifest(bytes);
    }
    await this.offerHeld();
    const more = [...this.missing.values()].some(({ rounds }) => rounds === RETRY_ROUNDS);
    if (more) await this.fetchMissing();
  }

  private want(hash: Hash, kind: "file" | "manifest"): void {
    if (this.seen.has(hash)) return;
    this.seen.add(hash);
    this.missing.set(hash, { kind, rounds: RETRY_ROUNDS });
  }

  private wantManifest(bytes: Uint8Array): void {
    try {
      const manifest = decodeManifest(bytes);
      const files = [...manifest.base, ...manifest.tokenizer, ...manifest.adapter].map(
        ({ sha256 }) => sha256,
      );
      const others = [manifest.method, manifest.basis, manifest.index];
      for (const { content } of manifest.snapshots) others.push(content);
      for (const hash of [...files, ...others]) this.want(hash, "file");
    } catch (error) {
      this.options.logger.debug({ error }, "a registered manifest is broken");
    }
  }

  private async obtain(hash: Hash): Promise<Uint8Array | undefined> {
    const { store, peers, logger } = this.options;
    if (await store.has(hash)) {
      this.offers.set(hash, { peers, rounds: RETRY_ROUNDS });
      return store.get(hash);
    }
    for (const peer of peers) {
      try {
        const bytes = await peer.get(hash);
        await store.put(bytes);
        return bytes;
      } catch (error) {
        if (!isCodedError(error, "CONTENT_NOT_FOUND"))
          logger.debug({ error, hash }, "a peer did not give content");
      }
    }
    return undefined;
  }

  private async offerHeld(): Promise<void> {
    for (const [hash, { peers, rounds }] of [...this.offers]) {
      const left = await this.offerTo(hash, peers);
      if (left.length === 0 || rounds <= 0) this.offers.delete(hash);
      else this.offers.set(hash, { peers: left, rounds: rounds - 1 });
    }
  }

  /** The peers that neither have the content now nor could be told of it. */
  private async offerTo(hash: Hash, peers: readonly MirrorStore[]): Promise<MirrorStore[]> {
    const { store, logger } = this.options;
    const left: MirrorStore[] = [];
    for (const peer of peers) {
      try {
        if (!(await peer.has(hash))) await peer.put(await store.get(hash));
      } catch (error) {
        left.push(peer);
        logger.debug({ error, hash }, "a peer did not take content");
      }
    }
    return left;
  }
}
