import type { PoolEntry } from "./pool-entry.ts";

/** One sender's waiting transactions by nonce. */
export class SenderQueue {
  /** The account's nonce at the unsafe head. */
  stateNonce: bigint;
  private readonly entries = new Map<bigint, PoolEntry>();

  constructor(stateNonce: bigint) {
    this.stateNonce = stateNonce;
  }

  get size(): number {
    return this.entries.size;
  }

  get(nonce: bigint): PoolEntry | undefined {
    return this.entries.get(nonce);
  }

  /** All entries with a higher nonce. */
  after(nonce: bigint): PoolEntry[] {
    return [...this.entries.values()].filter((entry) => entry.nonce > nonce);
  }

  set(entry: PoolEntry): void {
    this.entries.set(entry.nonce, entry);
  }

  /** Takes the entry out unless another one has its nonce by now. */
  delete(entry: PoolEntry): void {
    if (this.entries.get(entry.nonce) === entry) this.entries.delete(entry.nonce);
  }

  /** Notes the account's nonce and gives the entries that the chain has passed with it. */
  moveTo(stateNonce: bigint): PoolEntry[] {
    const passed: PoolEntry[] = [];
    for (let nonce = this.stateNonce; nonce < stateNonce; nonce++) {
      const entry = this.entries.get(nonce);
      if (entry !== undefined) passed.push(entry);
    }
    this.stateNonce = stateNonce;
    return passed;
  }

  /** How many could be included now, one after the other. */
  executable(): number {
    let nonce = this.stateNonce;
    while (this.entries.has(nonce)) nonce++;
    return Number(nonce - this.stateNonce);
  }

  /** The first nonce from the account's on that nothing uses; undefined when even the first is free. */
  pendingNonce(): bigint | undefined {
    const count = this.executable();
    return count === 0 ? undefined : this.stateNonce + BigInt(count);
  }
}
