import { hexToBytes } from "../../../base/bytes.ts";
import type { Log } from "../../../chain/types/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { FrameEnd, FrameStart, TraceWants, TransactionTracer } from "../block/tracer.ts";

/** keccak256("Transfer(address,address,uint256)"). */
const TRANSFER: Hash = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** ERC-7528: the native token. */
const NATIVE: Address = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

const NOTHING: TraceWants = { steps: false, memory: false, slots: false, states: false };

export interface NumberedLog {
  /** Place among all logs of the block, those of failed frames included. */
  index: number;
  log: Log;
}

/** Collects a block's logs message by message, with the transfers of value among them where they are wanted. */
export class TransferTracer implements TransactionTracer {
  readonly wants = NOTHING;
  private readonly transfers: boolean;
  private count = 0;
  /** Of the frames that are open; the first is the message's own. */
  private frames: NumberedLog[][] = [];
  private done: NumberedLog[] = [];

  constructor(transfers: boolean) {
    this.transfers = transfers;
  }

  enter({ kind, from, to, value }: FrameStart): void {
    this.frames.push([]);
    if (!this.transfers || kind === "DELEGATECALL" || value === 0n) return;
    this.log({
      address: NATIVE,
      topics: [TRANSFER, addressTopic(from), addressTopic(to)],
      data: hexToBytes(`0x${value.toString(16).padStart(64, "0")}`),
    });
  }

  leave({ error }: FrameEnd): void {
    const logs = this.frames.pop() ?? [];
    const kept = error === undefined ? logs : [];
    const above = this.frames.at(-1);
    if (above === undefined) this.done = kept;
    else above.push(...kept);
  }

  log(log: Log): void {
    this.frames.at(-1)?.push({ index: this.count++, log });
  }

  /** The logs of the last message. */
  take(): NumberedLog[] {
    const logs = this.done;
    this.done = [];
    this.frames = [];
    return logs;
  }

  begin(): void {}
  before(): void {}
  step(): void {}
  end(): void {}
}

function addressTopic(address: Address): Hash {
  return `0x${address.slice(2).padStart(64, "0")}`;
}
