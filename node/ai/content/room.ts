import type { Clock } from "../../base/clock.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import type { Holding, Holdings } from "./holdings.ts";
import { LEAST_BYTES, type UploadQuota } from "./upload-order.ts";

export interface RoomOptions {
  holdings: Holdings;
  /** Of all contents that the chain does not name. */
  maxBytes: number;
  /** Bytes that an account may have now. */
  quotaOf: (sender: Address) => Promise<number>;
  /** Whether a block names the content; undefined while the chain is still read. */
  isNamed: (hash: Hash) => boolean | undefined;
  /** It counts no more, because the chain names the content now. */
  onNamed: (holding: Holding) => Promise<void>;
  /** It goes, to make room. */
  release: (holding: Holding) => Promise<void>;
  clock: Clock;
}

/** Until then, in seconds, a content does not give way to another one of its own sender. */
const KEEP_S = 86_400;
/** Quotas that are read again each time room is short, those that were read longest ago. */
const READ_AGAIN = 64;
/** Quotas of accounts that have nothing any more, before they are forgotten. */
const SPARE_QUOTAS = 1_024;

/**
 * Whose contents have room. An account has a quota (of what it has on the chain), and within it what came is kept for a day at least. Where
 * all of them together have too much, whoever has most for its quota gives way first: nobody's fill keeps out somebody who has less for
 * his own, and an account divided into several has no more than one.
 */
export class Room {
  private readonly options: RoomOptions;
  /** Of those who have something, as they were at a time. */
  private readonly quotas = new Map<Address, { bytes: number; at: number }>();

  constructor(options: RoomOptions) {
    this.options = options;
  }

  /** What an account may have, and what it has that neither the chain names nor would give way to another of its own. */
  async of(sender: Address): Promise<UploadQuota> {
    const { holdings, quotaOf, isNamed, clock } = this.options;
    const old = clock.now() - KEEP_S;
    const kept = holdings.of(sender).filter(({ hash, since }) => since > old && isNamed(hash) !== true);
    const held = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    return { quota: await quotaOf(sender), held };
  }

  /**
   * Makes room for a content of a sender.
   * @throws CodedError `CONTENT_TOO_LARGE`, `UPLOAD_QUOTA`, `UPLOAD_BUSY`.
   */
  async make(sender: Address, length: number): Promise<void> {
    const { holdings, maxBytes } = this.options;
    const bytes = Math.max(LEAST_BYTES, length);
    if (bytes > maxBytes) throw tooLarge(length, maxBytes);
    const quota = await this.quotaNow(sender);
    if (bytes > quota) throw overQuota(sender, length, quota, 0);
    if (holdings.bytesOf(sender) + bytes > quota) await this.withinQuota(sender, bytes, quota);
    if (holdings.bytes + bytes > maxBytes) await this.withinAll(sender, bytes, quota);
    this.note(sender, quota);
  }

  private async withinQuota(sender: Address, bytes: number, quota: number): Promise<void> {
    const { holdings, release, clock } = this.options;
    await this.forgetNamed(sender);
    const old = clock.now() - KEEP_S;
    for (const holding of holdings.of(sender)) {
      if (holdings.bytesOf(sender) + bytes <= quota || holding.since > old) break;
      await release(holding);
    }
    const held = holdings.bytesOf(sender);
    if (held + bytes > quota) throw overQuota(sender, bytes, quota, held);
  }

  private async withinAll(sender: Address, bytes: number, quota: number): Promise<void> {
    const { holdings, maxBytes, release } = this.options;
    await this.forgetNamed(sender);
    await this.readStale();
    const looked = new Set([sender]);
    while (holdings.bytes + bytes > maxBytes) {
      const share = (who: Address) => holdings.bytesOf(who) / (this.quotas.get(who)?.bytes || 1);
      const heaviest = holdings.senders.reduce((a, b) => (share(b) > share(a) ? b : a));
      if (share(heaviest) <= (holdings.bytesOf(sender) + bytes) / quota) {
        throw aiError("UPLOAD_BUSY", {
          message: `this node has ${maxBytes} bytes for contents that the chain does not name, and those who have some have less for their quota`,
          fix: "bring it later, or to another node",
          facts: { sender, maximum: maxBytes },
        });
      }
      if (looked.has(heaviest)) await release(holdings.of(heaviest)[0]!);
      else await this.forgetNamed(heaviest);
      looked.add(heaviest);
    }
  }

  private async forgetNamed(sender: Address): Promise<void> {
    const { holdings, isNamed, onNamed } = this.options;
    for (const holding of holdings.of(sender)) {
      const found = isNamed(holding.hash);
      if (found === undefined) throw namesUnread();
      if (found && holding.isWhole) await onNamed(holding);
    }
  }

  /** What an account has may have gone to another one since, which counts it too. */
  private async readStale(): Promise<void> {
    const { senders } = this.options.holdings;
    const at = (sender: Address) => this.quotas.get(sender)?.at ?? 0;
    const stale = [...senders].sort((a, b) => at(a) - at(b));
    for (const [i, sender] of stale.entries())
      if (i < READ_AGAIN || !this.quotas.has(sender)) this.note(sender, await this.quotaNow(sender));
  }

  /** More than all of the room counts for nothing: whoever fills it gives way to those who have less than their own. */
  private async quotaNow(sender: Address): Promise<number> {
    const { quotaOf, maxBytes } = this.options;
    return Math.min(await quotaOf(sender), maxBytes);
  }

  private note(sender: Address, bytes: number): void {
    const { holdings, clock } = this.options;
    this.quotas.set(sender, { bytes, at: clock.now() });
    const { senders } = holdings;
    if (this.quotas.size <= 2 * senders.length + SPARE_QUOTAS) return;
    const here = new Set([...senders, sender]);
    for (const known of this.quotas.keys()) if (!here.has(known)) this.quotas.delete(known);
  }
}

/** Until then nothing gives way, and nothing is taken on the chain's word. */
export function namesUnread() {
  return aiError("UPLOAD_BUSY", {
    message: "this node has not read yet which contents the chain names",
    fix: "bring it again in a minute",
  });
}

function tooLarge(size: number, maximum: number) {
  return aiError("CONTENT_TOO_LARGE", {
    message: `the content has ${size} bytes; this node keeps ${maximum} bytes of contents that the chain does not name`,
    fix: "bring it once the chain names it, or to another node",
    facts: { size, maximum },
  });
}

function overQuota(sender: Address, size: number, quota: number, held: number) {
  return aiError("UPLOAD_QUOTA", {
    message: `${sender} has room for ${quota} bytes on this node and ${held} of them taken: the content counts as ${size}`,
    fix: "let the chain name what was brought, hold more OPEN, or bring it a day after the rest",
    facts: { sender, size, quota, held },
  });
}
