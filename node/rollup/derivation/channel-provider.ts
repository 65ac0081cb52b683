import { isActive } from "../../chain/rules/forks.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import { ChannelAssembler, type FrameSource } from "./channel-assembler.ts";
import { ChannelBank } from "./channel-bank.ts";
import type { DerivationObserver, L1Position, Pull } from "./types.ts";

/** The channels by the rules of the L1 block that is read: Holocene's first one drops what the bank holds. */
export class ChannelProvider {
  private readonly rollup: RollupConfig;
  private readonly assembler: ChannelAssembler;
  private bank: ChannelBank | undefined;

  constructor(frames: FrameSource, rollup: RollupConfig, observe: DerivationObserver) {
    this.rollup = rollup;
    this.assembler = new ChannelAssembler(frames, rollup, observe);
    this.bank = new ChannelBank(frames, rollup, observe);
  }

  /** The next complete channel, compressed. */
  next(l1: L1Position): Pull<Uint8Array> {
    if (isActive(this.rollup, "holocene", l1.timestamp)) this.bank = undefined;
    return (this.bank ?? this.assembler).next(l1);
  }

  /** Drops the channel that is open; nothing asks for it before Holocene. */
  flush(): void {
    this.assembler.flush();
  }
}
