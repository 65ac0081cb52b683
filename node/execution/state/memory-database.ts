import type { StateWrite } from "../../store/types.ts";
import type { StateDatabase } from "./types.ts";

/** A state database in memory, for replays that are thrown away. */
export class MemoryDatabase implements StateDatabase {
  private readonly entries = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.entries.get(Buffer.from(key).toString("latin1"));
  }

  write(writes: readonly StateWrite[]): void {
    for (const { key, value } of writes) this.entries.set(Buffer.from(key).toString("latin1"), value);
  }
}
