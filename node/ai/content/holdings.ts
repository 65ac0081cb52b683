import type { Address, Hash } from "../../chain/types/primitives.ts";

/** What an account has of a node's disk for one content. */
export interface Holding {
  hash: Hash;
  sender: Address;
  /** As it counts. */
  bytes: number;
  /** Seconds since 1970 when it came. */
  since: number;
  /** Absent: it is still coming. */
  isWhole: boolean;
}

const keyOf = ({ hash, isWhole }: Holding) => `${hash}${isWhole ? "" : "…"}`;

/** Who has how much of a node's disk for contents that the chain does not name. */
export class Holdings {
  /** By sender, the oldest first. */
  private readonly bySender = new Map<Address, { bytes: number; all: Map<string, Holding> }>();
  private total = 0;

  /** Of all together. */
  get bytes(): number {
    return this.total;
  }

  /** Accounts that have something. */
  get senders(): readonly Address[] {
    return [...this.bySender.keys()];
  }

  /** Of one account together. */
  bytesOf(sender: Address): number {
    return this.bySender.get(sender)?.bytes ?? 0;
  }

  /** What an account has, the oldest first. */
  of(sender: Address): readonly Holding[] {
    return [...(this.bySender.get(sender)?.all.values() ?? [])];
  }

  /** Adds a holding, or counts one that is there anew. */
  add(holding: Holding): void {
    this.remove(holding);
    const mine = this.bySender.get(holding.sender) ?? { bytes: 0, all: new Map() };
    this.bySender.set(holding.sender, mine);
    mine.all.set(keyOf(holding), holding);
    mine.bytes += holding.bytes;
    this.total += holding.bytes;
  }

  remove(holding: Holding): void {
    const mine = this.bySender.get(holding.sender);
    const known = mine?.all.get(keyOf(holding));
    if (mine === undefined || known === undefined) return;
    mine.all.delete(keyOf(holding));
    mine.bytes -= known.bytes;
    this.total -= known.bytes;
    if (mine.all.size === 0) this.bySender.delete(holding.sender);
  }
}
