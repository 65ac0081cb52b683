import type { Hash } from "../../chain/types/primitives.ts";

/** The unsafe head, as a subscription brings it. */
export interface Head {
  number: bigint;
  hash: Hash;
  /** Seconds. */
  timestamp: number;
  gasUsed: bigint;
  gasLimit: bigint;
  baseFee: bigint;
}

export interface LiveState {
  state: "connecting" | "live" | "lost";
  head: Head | undefined;
  /** The newest heads, newest first. */
  recent: readonly Head[];
}

/** The part of a WebSocket that the feed uses; tests give their own. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LiveOptions {
  open: () => Socket;
  /** Contracts whose events change what pages show. */
  addresses: readonly string[];
  /** Something that pages show may have changed. */
  onChange: () => void;
  /** The connection is back after a loss. */
  onReturn: () => void;
  setTimer?: (work: () => void, ms: number) => () => void;
}

const RECENT = 60;
const FIRST_DELAY_MS = 500;
const LAST_DELAY_MS = 15_000;
/** Events within this time make one change. */
const GATHER_MS = 400;

const timer = (work: () => void, ms: number) => {
  const id = setTimeout(work, ms);
  return () => clearTimeout(id);
};

/** Follows the chain over one WebSocket: new heads, and events of the protocol's contracts. It connects again by itself. */
export class LiveFeed {
  private readonly options: LiveOptions;
  private readonly setTimer: NonNullable<LiveOptions["setTimer"]>;
  private readonly listeners = new Set<() => void>();
  private current: LiveState = { state: "connecting", head: undefined, recent: [] };
  private socket: Socket | undefined;
  private delay = FIRST_DELAY_MS;
  private wasLost = false;
  private isClosed = false;
  private cancelGather: (() => void) | undefined;
  private cancelRetry: (() => void) | undefined;

  constructor(options: LiveOptions) {
    this.options = options;
    this.setTimer = options.setTimer ?? timer;
    this.connect();
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly state = (): LiveState => this.current;

  close(): void {
    this.isClosed = true;
    this.cancelGather?.();
    this.cancelRetry?.();
    this.socket?.close();
  }

  private connect(): void {
    const socket = this.options.open();
    this.socket = socket;
    socket.onopen = () => {
      this.delay = FIRST_DELAY_MS;
      socket.send(request(1, "eth_subscribe", ["newHeads"]));
      const { addresses } = this.options;
      if (addresses.length > 0) socket.send(request(2, "eth_subscribe", ["logs", { address: addresses }]));
      this.update({ state: "live" });
      if (this.wasLost) this.options.onReturn();
      this.wasLost = false;
    };
    socket.onmessage = ({ data }) => this.receive(String(data));
    socket.onclose = () => {
      if (this.isClosed) return;
      this.wasLost = true;
      this.update({ state: "lost" });
      this.cancelRetry = this.setTimer(() => this.connect(), this.delay);
      this.delay = Math.min(LAST_DELAY_MS, this.delay * 2);
    };
  }

  private receive(text: string): void {
    let message: { method?: string; params?: { result?: Record<string, string> } };
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    const result = message.params?.result;
    if (message.method !== "eth_subscription" || result === undefined) return;
    if (result.topics !== undefined) {
      this.gather();
      return;
    }
    const head = headOf(result);
    const older = this.current.recent.filter(({ number }) => number < head.number);
    this.update({ head, recent: [head, ...older].slice(0, RECENT) });
  }

  private gather(): void {
    this.cancelGather ??= this.setTimer(() => {
      this.cancelGather = undefined;
      this.options.onChange();
    }, GATHER_MS);
  }

  private update(change: Partial<LiveState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}

function request(id: number, method: string, params: readonly unknown[]): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

function headOf(header: Record<string, string>): Head {
  return {
    number: BigInt(header.number ?? 0),
    hash: header.hash as Hash,
    timestamp: Number(header.timestamp),
    gasUsed: BigInt(header.gasUsed ?? 0),
    gasLimit: BigInt(header.gasLimit ?? 0),
    baseFee: BigInt(header.baseFeePerGas ?? 0),
  };
}
