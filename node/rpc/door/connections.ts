import type { Socket } from "node:net";
import { isIPv6 } from "node:net";

/** One TCP connection, whatever is spoken over it. */
export interface Connection {
  readonly socket: Socket;
  /** IPv4 address or IPv6 network of 64 bits: what one client holds. */
  readonly address: string;
  /** True once it has brought a request. */
  hasAsked: boolean;
  /** Says goodbye in the connection's own way where it has one. */
  close: () => void;
  /** HTTP requests that wait for those before them, or are being answered. */
  requests: number;
  /** Resolves when the last of them is answered. */
  turn: Promise<void>;
}

/** An address's connections, each kind's idlest first. */
interface Open {
  asked: Set<Connection>;
  silent: Set<Connection>;
}

/**
 * Open connections by address. A new one always gets in: where its address has too many, one of that address goes; where all
 * together are too many, one of the address that has most. That is the idlest of the larger kind: of those that have brought a
 * request, or of those that never did. So neither hundreds that stay silent nor hundreds that have asked once take all places.
 */
export class Connections {
  private readonly most: number;
  private readonly mostPerAddress: number;
  private readonly byAddress = new Map<string, Open>();
  private readonly bySocket = new WeakMap<Socket, Connection>();
  private count = 0;

  constructor(most: number, mostPerAddress: number) {
    this.most = most;
    this.mostPerAddress = mostPerAddress;
  }

  add(socket: Socket): Connection {
    const address = clientOf(socket.remoteAddress ?? "");
    const own = this.byAddress.get(address);
    if (own !== undefined && sizeOf(own) >= this.mostPerAddress) this.drop(own);
    else if (this.count >= this.most) this.drop(this.fullest());
    const connection: Connection = {
      socket,
      address,
      hasAsked: false,
      close: () => socket.destroy(),
      requests: 0,
      turn: Promise.resolve(),
    };
    const open = this.byAddress.get(address) ?? { asked: new Set(), silent: new Set() };
    open.silent.add(connection);
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
    if (open === undefined) return;
    const own = kindOf(open, connection);
    if (own.delete(connection)) own.add(connection);
  }

  /** A request came in. */
  asked(connection: Connection): void {
    if (connection.hasAsked) {
      this.touch(connection);
      return;
    }
    const open = this.byAddress.get(connection.address);
    if (open?.silent.delete(connection)) open.asked.add(connection);
    connection.hasAsked = true;
  }

  closeAll(): void {
    for (const { asked, silent } of this.byAddress.values()) {
      for (const { socket } of [...asked, ...silent]) socket.destroy();
    }
  }

  private drop({ asked, silent }: Open): void {
    const [idlest] = silent.size > asked.size ? silent : asked;
    if (idlest === undefined) return;
    this.remove(idlest);
    idlest.close();
  }

  private fullest(): Open {
    let fullest: Open = { asked: new Set(), silent: new Set() };
    for (const open of this.byAddress.values()) if (sizeOf(open) > sizeOf(fullest)) fullest = open;
    return fullest;
  }

  private remove(connection: Connection): void {
    const open = this.byAddress.get(connection.address);
    if (open === undefined || !kindOf(open, connection).delete(connection)) return;
    this.count--;
    if (sizeOf(open) === 0) this.byAddress.delete(connection.address);
  }
}

function kindOf(open: Open, { hasAsked }: Connection): Set<Connection> {
  return hasAsked ? open.asked : open.silent;
}

function sizeOf({ asked, silent }: Open): number {
  return asked.size + silent.size;
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
