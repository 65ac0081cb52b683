import type { Socket } from "node:net";
import { isIPv6 } from "node:net";

/** One TCP connection, whatever is spoken over it. */
export interface Connection {
  readonly socket: Socket;
  /** IPv4 address or IPv6 network of 64 bits: what one client holds. */
  readonly address: string;
  /** Says goodbye in the connection's own way where it has one. */
  close: () => void;
  /** HTTP requests that wait for those before them, or are being answered. */
  requests: number;
  /** Resolves when the last of them is answered. */
  turn: Promise<void>;
}

/**
 * Open connections by address, each address's idlest first. A new one always gets in: where its address has too many, that
 * one's idlest goes; where all together are too many, the idlest of the address that has most.
 */
export class Connections {
  private readonly most: number;
  private readonly mostPerAddress: number;
  private readonly byAddress = new Map<string, Set<Connection>>();
  private readonly bySocket = new WeakMap<Socket, Connection>();
  private count = 0;

  constructor(most: number, mostPerAddress: number) {
    this.most = most;
    this.mostPerAddress = mostPerAddress;
  }

  add(socket: Socket): Connection {
    const address = clientOf(socket.remoteAddress ?? "");
    const own = this.byAddress.get(address);
    if (own !== undefined && own.size >= this.mostPerAddress) this.drop(own);
    else if (this.count >= this.most) this.drop(this.fullest());
    const connection: Connection = {
      socket,
      address,
      close: () => socket.destroy(),
      requests: 0,
      turn: Promise.resolve(),
    };
    const open = this.byAddress.get(address) ?? new Set();
    open.add(connection);
    this.byAddress.set(address, open);
    this.bySocket.set(socket, connection);
    this.count++;
    socket.once("close", () => this.remove(connection));
    return connection;
  }

  of(socket: Socket): Connection | undefined {
    return this.bySocket.get(socket);
  }

  /** Something came in: its turn to go is last. */
  touch(connection: Connection): void {
    const open = this.byAddress.get(connection.address);
    if (open?.delete(connection)) open.add(connection);
  }

  closeAll(): void {
    for (const open of this.byAddress.values()) for (const { socket } of open) socket.destroy();
  }

  private drop(open: Set<Connection>): void {
    const [idlest] = open;
    if (idlest === undefined) return;
    this.remove(idlest);
    idlest.close();
  }

  private fullest(): Set<Connection> {
    let fullest = new Set<Connection>();
    for (const open of this.byAddress.values()) if (open.size > fullest.size) fullest = open;
    return fullest;
  }

  private remove(connection: Connection): void {
    const open = this.byAddress.get(connection.address);
    if (!open?.delete(connection)) return;
    this.count--;
    if (open.size === 0) this.byAddress.delete(connection.address);
  }
}

/** Whoever has one IPv6 address has its whole network of 64 bits. */
export function clientOf(remote: string): string {
  const address = remote.replace(/^::ffff:(?=\d+\.)/, "");
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  return [...first, ...Array.from({ length: zeros }, () => "0"), ...last].slice(0, 4).join(":");
}
