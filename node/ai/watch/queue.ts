/** Something to look at, with the time by which it has to be done. Times are seconds of the chain's clock. */
export interface WorkItem {
  key: string;
  /** After it nothing can be done about it any more. */
  deadline: bigint;
}

interface Waiting<T> {
  item: T;
  due: bigint;
  tries: number;
  /** Somebody looks at it now. */
  taken: boolean;
}

/**
 * Work with deadlines of its own: what fails is tried again later and keeps nothing else waiting; what is most urgent comes
 * first. What was done is remembered for a while, so that the same thing found twice is done once.
 */
export class WorkQueue<T extends WorkItem> {
  private readonly waiting = new Map<string, Waiting<T>>();
  private readonly known = new Set<string>();
  private readonly maxWaiting: number;
  private readonly maxKnown: number;
  /** Items that found no room. */
  refused = 0;

  constructor({ maxWaiting, maxKnown }: { maxWaiting: number; maxKnown: number }) {
    this.maxWaiting = maxWaiting;
    this.maxKnown = maxKnown;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** @param due when it is worth a first look. @returns false if it is known already, or there is no room for it. */
  add(item: T, due = 0n): boolean {
    if (this.known.has(item.key)) return false;
    if (this.waiting.size >= this.maxWaiting) {
      this.refused++;
      return false;
    }
    this.known.add(item.key);
    this.waiting.set(item.key, { item, due, tries: 0, taken: false });
    const [oldest] = this.known;
    if (this.known.size > this.maxKnown && oldest !== undefined && !this.waiting.has(oldest)) {
      this.known.delete(oldest);
    }
    return true;
  }

  /** The most urgent item that is due and that nobody has, or undefined. It is the caller's until {@link done} or {@link retry}. */
  take(now: bigint): T | undefined {
    let found: Waiting<T> | undefined;
    for (const entry of this.waiting.values()) {
      if (entry.taken || entry.due > now) continue;
      if (found === undefined || entry.item.deadline < found.item.deadline) found = entry;
    }
    if (found) found.taken = true;
    return found?.item;
  }

  done({ key }: WorkItem): void {
    this.waiting.delete(key);
  }

  /** Has it looked at again from `due` on, with another deadline if one is given. @returns how often it was tried. */
  retry({ key }: WorkItem, due: bigint, deadline?: bigint): number {
    const entry = this.waiting.get(key);
    if (entry === undefined) return 0;
    entry.due = due;
    entry.taken = false;
    entry.tries++;
    if (deadline !== undefined) entry.item = { ...entry.item, deadline };
    return entry.tries;
  }

  /** Takes out what is past its deadline and nobody has. */
  expire(now: bigint): T[] {
    const late = [...this.waiting.values()]
      .filter(({ item, taken }) => !taken && item.deadline < now)
      .map(({ item }) => item);
    for (const item of late) this.waiting.delete(item.key);
    return late;
  }

  /** The nearest deadline. */
  urgent(): bigint | undefined {
    let nearest: bigint | undefined;
    for (const { item } of this.waiting.values()) {
      if (nearest === undefined || item.deadline < nearest) nearest = item.deadline;
    }
    return nearest;
  }
}
