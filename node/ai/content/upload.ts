import { join } from "node:path";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { createMutex } from "../../base/mutex.ts";
import { extended, PART_BYTES, partBefore } from "../../chain/content-parts.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ContentStore } from "../../store/content/content-store.ts";
import { contentIdOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import { type Holding, Holdings } from "./holdings.ts";
import { partWrong } from "./part-source.ts";
import { namesUnread, Room } from "./room.ts";
import { requireHash } from "./source.ts";
import { type Unfinished, UnfinishedFiles } from "./unfinished.ts";
import { UnnamedList } from "./unnamed.ts";
import {
  isSenders,
  LEAST_BYTES,
  MAX_UPLOAD_BYTES,
  quotaOf,
  type Standing,
  UPLOAD_S,
  type UploadOrder,
  type UploadQuota,
} from "./upload-order.ts";

/** Clocks of two machines differ by so much at most, in seconds. */
const CLOCK_S = 300;

/** What the chain tells about senders. */
export interface UploadChain {
  chainId: number;
  /** Wei of an account at the head. */
  balanceOf(account: Address): Promise<bigint>;
}

export interface UploadOptions {
  store: Pick<ContentStore, "putContent" | "contentSize" | "deleteContent">;
  /** For the list and the files of uploads on their way; not the contents' own. */
  folder: string;
  /** Of all contents together that the chain does not name. */
  maxBytes: number;
  /** Of one content. */
  maxContentBytes?: number;
  /** Whether a block names the content; undefined while the chain is still read. */
  isNamed: (hash: Hash) => boolean | undefined;
  /** @throws CodedError where the chain can't be asked yet. */
  chain: () => Promise<UploadChain>;
  logger: Logger;
  clock?: Clock;
}

/** A content that is brought without anybody's signature, or with one. */
export type Opening = Pick<UploadOrder, "hash" | "total"> & Partial<UploadOrder>;

/** One part of an upload. */
export interface UploadPart {
  hash: Hash;
  total: number;
  /** As in the upload that was opened; absent: the chain names the content. */
  sender?: Address | undefined;
  /** Of the part, a multiple of PART_BYTES. */
  offset: number;
  bytes: Uint8Array;
  /** SHA-256's state before the part; absent at 0. */
  state?: Hash | undefined;
}

/**
 * Takes contents in, part by part from the last to the first, each checked when it comes. Whatever is here belongs to somebody: to the chain
 * that names it, or to the account that signed for it, whose quota goes by its OPEN. A content's charge ends when the chain names it.
 */
export class Uploads {
  private readonly options: UploadOptions;
  private readonly clock: Clock;
  private readonly mutex = createMutex();
  private readonly holdings = new Holdings();
  private readonly unfinished: UnfinishedFiles;
  private readonly list: UnnamedList;
  private readonly room: Room;

  /** Reads what an earlier process left. */
  constructor(options: UploadOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.list = new UnnamedList(join(options.folder, "unnamed-contents"));
    this.unfinished = new UnfinishedFiles(join(options.folder, "uploads"));
    for (const holding of this.list.list()) this.holdings.add(holding);
    for (const upload of this.unfinished.list()) this.charge(upload);
    this.room = new Room({
      ...{ holdings: this.holdings, clock: this.clock },
      ...{ maxBytes: options.maxBytes, isNamed: options.isNamed },
      quotaOf: (sender) => this.quotaOf(sender),
      onNamed: (holding) => this.uncharge(holding),
      release: (holding) => this.release(holding),
    });
  }

  /** What an account may bring. @throws CodedError where the chain can't be asked yet. */
  quota(account: Address): Promise<UploadQuota> {
    return this.mutex.run(() => this.room.of(account));
  }

  /**
   * Opens an upload, or tells how far it is. What is here already, or what the chain names, needs no signature and is charged to nobody.
   * @throws CodedError `CONTENT_TOO_LARGE`, `UPLOAD_UNSIGNED`, `UPLOAD_SIGNATURE`, `UPLOAD_QUOTA`, `UPLOAD_BUSY`, `UPLOAD_PART_INVALID`, and
   * what the chain throws.
   */
  open(opening: Opening): Promise<Standing> {
    const { hash, total, sender } = opening;
    this.requireSize(total);
    return this.mutex.run(async () => {
      if (await this.isHere(hash)) return HERE;
      const known = this.find(hash, sender);
      if (known?.end.total === total) return this.onward(known);
      // Its last part was hashed with its length.
      if (known !== undefined && known.end.from < known.end.total) throw otherLength(known, total);
      const isNamed = this.options.isNamed(hash);
      if (isNamed === true) return this.onward(await this.begin(hash, undefined, total));
      const whose = await this.requireSigned(opening, isNamed === undefined);
      await this.room.make(whose, total);
      return this.onward(await this.begin(hash, whose, total));
    });
  }

  /**
   * Takes the next part of an upload that is open; one that is here already may come again. Anybody may bring it: only the content's own passes.
   * @throws CodedError `UPLOAD_UNKNOWN`, `UPLOAD_ORDER`, `CONTENT_PART_WRONG`, and what the store throws.
   */
  put({ hash, total, sender, offset, bytes, state }: UploadPart): Promise<Standing> {
    return this.mutex.run(async () => {
      if (await this.isHere(hash)) return HERE;
      const upload = this.find(hash, sender);
      if (upload === undefined || upload.end.total !== total) throw unknownUpload(hash);
      const { from } = upload.end;
      if (offset >= from) return this.onward(upload);
      if (offset !== partBefore(from)) throw wrongPlace(hash, offset, from);
      const end = extended(upload.end, bytes, state);
      if (end === undefined) throw partWrong(hash, offset, "the sender");
      await this.unfinished.keep(upload, bytes, end, this.clock.now());
      return this.onward(upload);
    });
  }

  private find(hash: Hash, sender: Address | undefined): Unfinished | undefined {
    return this.unfinished.find(hash, sender) ?? this.unfinished.find(hash, undefined);
  }

  /** Whether the whole content is here; what is on its way of it is not needed any more then. */
  private async isHere(hash: Hash): Promise<boolean> {
    if ((await this.options.store.contentSize(hash)) === undefined) return false;
    await this.dropUnfinished(hash);
    return true;
  }

  private async begin(hash: Hash, sender: Address | undefined, total: number): Promise<Unfinished> {
    const upload = await this.unfinished.begin(hash, sender, total, this.clock.now());
    this.charge(upload);
    return upload;
  }

  /** Where an upload stands; one of which nothing is missing becomes a content. */
  private async onward(upload: Unfinished): Promise<Standing> {
    const { hash, sender, end } = upload;
    if (end.from > 0) return { here: false, from: end.from };
    const bytes = await this.unfinished.read(upload);
    // The disk may have changed it since.
    if (contentIdOf(bytes) !== hash) await this.dropUnfinished(hash);
    requireHash(bytes, hash, "the upload");
    if (sender !== undefined && this.options.isNamed(hash) !== true) {
      const whole = { ...holdingOf(hash, sender, end.total), since: this.clock.now(), isWhole: true };
      await this.list.add(whole);
      this.holdings.add(whole);
    }
    await this.options.store.putContent(bytes);
    await this.dropUnfinished(hash);
    return HERE;
  }

  private async dropUnfinished(hash: Hash): Promise<void> {
    for (const upload of this.unfinished.list()) if (upload.hash === hash) await this.drop(upload);
  }

  private async drop(upload: Unfinished): Promise<void> {
    const { hash, sender, end, since } = upload;
    if (sender !== undefined)
      this.holdings.remove({ ...holdingOf(hash, sender, end.total), since, isWhole: false });
    await this.unfinished.drop(upload);
  }

  private charge({ hash, sender, end, since }: Unfinished): void {
    if (sender === undefined) return;
    this.holdings.add({ ...holdingOf(hash, sender, end.total), since, isWhole: false });
  }

  private async uncharge(holding: Holding): Promise<void> {
    this.holdings.remove(holding);
    await this.list.remove(holding.hash);
  }

  private async release(holding: Holding): Promise<void> {
    const { hash, sender, isWhole, bytes } = holding;
    this.options.logger.info({ hash, sender, bytes }, "a content that the chain does not name gave way");
    const upload = isWhole ? undefined : this.unfinished.find(hash, sender);
    if (upload !== undefined) return this.drop(upload);
    await this.options.store.deleteContent(hash);
    await this.uncharge(holding);
  }

  private async quotaOf(sender: Address): Promise<number> {
    const chain = await this.options.chain();
    return quotaOf(await chain.balanceOf(sender));
  }

  private async requireSigned(opening: Opening, mayBeNamed: boolean): Promise<Address> {
    const { hash, total, sender, expires, signature } = opening;
    if (sender === undefined || expires === undefined || signature === undefined) {
      throw mayBeNamed ? namesUnread() : unsigned(hash);
    }
    const now = this.clock.now();
    const order = { hash, total, sender, expires, signature };
    const isInTime = now < expires && expires <= now + UPLOAD_S + CLOCK_S;
    const { chainId } = await this.options.chain();
    if (isInTime && (await isSenders(chainId, order))) return sender;
    throw aiError("UPLOAD_SIGNATURE", {
      message: isInTime
        ? `the signature for ${hash} is not ${sender}'s on chain ${chainId}`
        : `the signature for ${hash} ends at ${expires}; this node's clock says ${Math.floor(now)}`,
      fix: isInTime
        ? "sign the upload's hash and length with the sender's own key, for this chain (EIP-712)"
        : `set the clock, or sign anew: a signature ends within ${UPLOAD_S} s`,
      facts: { hash, sender, chainId, expires },
    });
  }

  private requireSize(total: number): void {
    const { maxContentBytes = MAX_UPLOAD_BYTES } = this.options;
    if (total <= maxContentBytes) return;
    throw aiError("CONTENT_TOO_LARGE", {
      message: `the content has ${total} bytes; this node takes at most ${maxContentBytes}`,
      fix: "split it into several contents",
      facts: { size: total, maximum: maxContentBytes },
    });
  }
}

const HERE: Standing = { here: true, from: 0 };

function holdingOf(hash: Hash, sender: Address, total: number) {
  return { hash, sender, bytes: Math.max(LEAST_BYTES, total) };
}

function unsigned(hash: Hash) {
  return aiError("UPLOAD_UNSIGNED", {
    message: `the chain does not name ${hash}, and nobody has signed for it`,
    fix: "sign the upload with an account that has OPEN, or bring it once the chain names it",
    facts: { hash },
  });
}

function unknownUpload(hash: Hash) {
  return aiError("UPLOAD_UNKNOWN", {
    message: `there is no open upload of ${hash} of that length by that sender`,
    fix: "open it with openledger_openUpload: it may have given way to others",
    facts: { hash },
  });
}

function wrongPlace(hash: Hash, offset: number, from: number) {
  return aiError("UPLOAD_ORDER", {
    message: `a part at byte ${offset} was given, but the upload of ${hash} wants the one at ${partBefore(from)}`,
    fix: `send parts of ${PART_BYTES} bytes from the last to the first`,
    facts: { hash, offset, expected: partBefore(from) },
  });
}

function otherLength({ hash, end }: Unfinished, total: number) {
  return aiError("UPLOAD_PART_INVALID", {
    message: `the content ${hash} has ${end.total} bytes, as its last part shows, and not ${total}`,
    fix: "look at what you send: it is another content, or cut off",
    facts: { hash, total: end.total, given: total },
  });
}
