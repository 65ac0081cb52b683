import type { EvmInstance } from "./instance.ts";

/** Idle instances to keep: a block and a call or two at once are usual. */
const MAX_IDLE = 2;

/** Instances of the EVM module by turns: an instance holds one open block at a time. */
export class InstancePool {
  private readonly make: () => EvmInstance;
  private readonly idle: EvmInstance[] = [];

  constructor(make: () => EvmInstance) {
    this.make = make;
  }

  /** An instance without an open block; give it back with {@link give}. */
  take(): EvmInstance {
    return this.idle.pop() ?? this.make();
  }

  /** Takes an instance back; one that trapped or grew too large is dropped. */
  give(instance: EvmInstance): void {
    instance.closeBlock();
    if (instance.isReusable && this.idle.length < MAX_IDLE) this.idle.push(instance);
  }
}
