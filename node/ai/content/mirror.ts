import { sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { datanetRegistryAbi, inferenceEpochsAbi, modelLedgerAbi } from "../../chain/generated/abi.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { type IndexSizes, requirePartsOfOne } from "../attribution/index-contents.ts";
import { decodeManifest } from "../attribution/manifest.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { LogScan } from "../client/log-scan.ts";
import { fetchContent, type PartSource } from "./part-source.ts";
import type { ContentSink, ContentSource } from "./source.ts";
import { MAX_UPLOAD_BYTES } from "./upload-order.ts";

/** This node's content store, which knows what it has. */
export interface MirrorStore extends ContentSource, ContentSink {
  has(hash: Hash): Promise<boolean>;
}

/** Another node, which gives contents in parts. */
export interface MirrorPeer extends PartSource, ContentSink {
  has(hash: Hash): Promise<boolean>;
}

export interface MirrorOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  store: MirrorStore;
  /** Other nodes, asked in this order; each is given what it lacks. */
  peers: readonly MirrorPeer[];
  logger: Logger;
}

/** Where a mirror stands, in contents. */
export interface MirrorStatus {
  /** Other nodes. */
  peers: number;
  /** Contents that the chain names. */
  named: number;
  /** Of these, those that are looked for. */
  missing: number;
}

const POLL_MS = 1_000;
const RETRY_ROUNDS = 600;

/**
 * Copies everything that the chain names (documents, models with all their files, epochs' leaves) from other nodes into this node's
 * store, so that evidence is never only the host's, and gives other nodes what only this one was handed. What the chain
 * does not name is never passed on: strangers can't fill all nodes through one.
 */
export class Mirror {
  private readonly options: MirrorOptions;
  /** Content that no peer gave yet, with the rounds left. */
  private readonly missing = new Map<Hash, { kind: "file" | "manifest"; rounds: number }>();
  private readonly seen = new Set<Hash>();
  /** By manifest, the sizes of index that it was registered with: by whoever registers one of the same hash too. */
  private readonly registered = new Map<Hash, IndexSizes[]>();
  private hasRead = false;
  /** Content that was here before it was named, and the peers that were not asked about it yet. */
  private readonly offers = new Map<Hash, { peers: readonly MirrorPeer[]; rounds: number }>();

  constructor(options: MirrorOptions) {
    this.options = options;
  }

  /** Follows the chain until the signal. */
  async run(from: bigint, signal: AbortSignal): Promise<void> {
    const { client, logger } = this.options;
    const scan = new LogScan(client, from);
    while (!signal.aborted) {
      const isAtHead = await scan
        .advance((first, last) => this.mirrorBlocks(first, last))
        .catch((error: unknown) => {
          logger.warn({ error }, "content could not be mirrored yet");
          return undefined;
        });
      this.hasRead ||= isAtHead === true;
      if (isAtHead !== false) await sleep(POLL_MS, signal).catch(() => undefined);
    }
  }

  /** What the chain names and nobody gave yet, and from how many other nodes it is asked for. */
  status(): MirrorStatus {
    return { peers: this.options.peers.length, named: this.seen.size, missing: this.missing.size };
  }

  /** Whether the chain, or a manifest that it names, names a content; undefined until the chain was read once. */
  names(hash: Hash): boolean | undefined {
    return this.seen.has(hash) || (this.hasRead ? false : undefined);
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
      abi: modelLedgerAbi,
      eventName: "ModelRegistered",
    });
    for (const { args } of registered) this.wantRegistered(args.document);
    const closed = await client.public.getContractEvents({
      ...range,
      address: at.epochs,
      abi: inferenceEpochsAbi,
      eventName: "EpochClosed",
    });
    for (const { args } of closed) this.want(args.closing.contents, "file");
    await this.fetchMissing();
  }

  /** Tries everything that is still missing once. */
  async fetchMissing(): Promise<void> {
    for (const [hash, { kind, rounds }] of [...this.missing]) {
      const isHere = await this.obtain(hash);
      if (isHere || rounds <= 0) this.missing.delete(hash);
      else this.missing.set(hash, { kind, rounds: rounds - 1 });
      if (isHere && kind === "manifest") await this.wantManifest(hash);
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

  /** A manifest that is here already is looked at again: it may fit this registration, and have fitted none before. */
  private wantRegistered({ manifestHash, index }: { manifestHash: Hash; index: IndexSizes }): void {
    const sizes = this.registered.get(manifestHash) ?? [];
    this.registered.set(manifestHash, sizes);
    sizes.push({ rows: index.rows, dimension: index.dimension });
    this.seen.add(manifestHash);
    this.missing.set(manifestHash, { kind: "manifest", rounds: RETRY_ROUNDS });
  }

  private async wantManifest(hash: Hash): Promise<void> {
    try {
      const manifest = decodeManifest(await this.options.store.get(hash));
      requirePartsOfOne(manifest, this.registered.get(hash) ?? []);
      const files = [...manifest.base, ...manifest.tokenizer, ...manifest.adapter].map(
        ({ sha256 }) => sha256,
      );
      const others = [manifest.method, manifest.basis, ...manifest.index];
      for (const { content } of manifest.snapshots) others.push(content);
      for (const named of [...files, ...others]) this.want(named, "file");
    } catch (error) {
      this.options.logger.debug({ error, hash }, "a registered manifest is broken");
    }
  }

  /** Whether it is here now. */
  private async obtain(hash: Hash): Promise<boolean> {
    const { store, peers, logger } = this.options;
    if (await store.has(hash)) {
      if (peers.length > 0) this.offers.set(hash, { peers, rounds: RETRY_ROUNDS });
      return true;
    }
    try {
      await store.put(await fetchContent(peers, hash, MAX_UPLOAD_BYTES));
      return true;
    } catch (error) {
      if (!isCodedError(error, "CONTENT_NOT_FOUND")) logger.debug({ error, hash }, "no peer gave content");
      return false;
    }
  }

  private async offerHeld(): Promise<void> {
    for (const [hash, { peers, rounds }] of [...this.offers]) {
      const left = await this.offerTo(hash, peers);
      if (left.length === 0 || rounds <= 0) this.offers.delete(hash);
      else this.offers.set(hash, { peers: left, rounds: rounds - 1 });
    }
  }

  /** The peers that neither have the content now nor could be told of it. */
  private async offerTo(hash: Hash, peers: readonly MirrorPeer[]): Promise<MirrorPeer[]> {
    const { store, logger } = this.options;
    const left: MirrorPeer[] = [];
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
