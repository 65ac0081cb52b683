import type { Notice } from "./door/protocol.ts";
import type { RpcConnection, RpcHub } from "./types.ts";

/** The WebSocket connections as the chain's thread knows them: by number. */
export class Subscribers implements RpcHub {
  private readonly send: (notice: Notice) => void;
  private readonly open = new Map<number, Subscriber>();

  constructor(send: (notice: Notice) => void) {
    this.send = send;
  }

  opened(number: number, address: string): void {
    this.open.set(number, new Subscriber(number, address, this));
  }

  of(number: number): RpcConnection | undefined {
    return this.open.get(number);
  }

  closed(number: number): void {
    const subscriber = this.open.get(number);
    this.open.delete(number);
    subscriber?.close();
  }

  /** The door has gone, and all connections with it. */
  closeAll(): void {
    for (const number of [...this.open.keys()]) this.closed(number);
  }

  publish(targets: Iterable<readonly [RpcConnection, string]>, result: unknown): void {
    const flat: (number | string)[] = [];
    for (const [connection, subscription] of targets) flat.push(connection.number, subscription);
    if (flat.length > 0) this.send({ targets: flat, result: JSON.stringify(result) });
  }
}

class Subscriber implements RpcConnection {
  readonly number: number;
  readonly address: string;
  readonly hub: RpcHub;
  private readonly listeners: (() => void)[] = [];

  constructor(number: number, address: string, hub: RpcHub) {
    this.number = number;
    this.address = address;
    this.hub = hub;
  }

  onClose(listener: () => void): void {
    this.listeners.push(listener);
  }

  close(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }
}
