import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { ChainLink, type PostToChain } from "./chain-link.ts";
import { Connections } from "./connections.ts";
import { HeldBytes } from "./held-bytes.ts";
import { type HttpParts, httpHandler } from "./http.ts";
import { isHostAllowed, isOriginAllowed } from "./origins.ts";
import type { ChainBatch, DoorThreadData } from "./protocol.ts";
import { QuickDoor } from "./quick-door.ts";
import { Reception } from "./reception.ts";
import { TransactionDesk } from "./transaction-desk.ts";
import { Sockets } from "./web-socket.ts";

/** HTTP and WebSocket on one port. */
export interface Door {
  /** The port. Rejects with the system's error. */
  listen(): Promise<number>;
  /** Takes what the chain's thread has sent. */
  receive(batch: ChainBatch): void;
  /** The same for admissions of which nothing was refused. */
  admitted(numbers: readonly number[]): void;
  close(): Promise<void>;
}

/** How often connections are checked against the times that they may take, in ms. */
const CHECK_MS = 1_000;

/** Opens nothing yet; `post` sends to the chain's thread. */
export function openDoor(data: DoorThreadData, post: PostToChain): Door {
  const { limits, rules } = data;
  const link = new ChainLink(post, limits.callMs);
  const desk = rules === undefined ? undefined : new TransactionDesk(link, rules);
  const reception = new Reception({ link, desk, constants: data.constants, limits });
  const connections = new Connections(limits.maxConnections, limits.maxConnectionsPerAddress);
  const held = new HeldBytes(limits.maxHeldBytes);
  const parts = { reception, link, connections, held, limits };
  const httpParts = { ...parts, ...data, limits };
  const handler = httpHandler(httpParts);
  const server = createServer(
    {
      headersTimeout: limits.headMs,
      requestTimeout: limits.bodyMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, limits.headMs),
      noDelay: true,
    },
    (request, response) => void handler(request, response),
  );
  const sockets = new Sockets(parts);
  acceptConnections(server, httpParts, connections);
  acceptWebSockets(server, data, connections, sockets);
  return {
    listen: () => listen(server, data),
    receive(batch) {
      link.receive(batch);
      for (const notice of batch.notices) sockets.notify(notice);
    },
    admitted: (numbers) => link.admitted(numbers),
    async close() {
      sockets.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.closeAll();
      await closed;
    },
  };
}

/** Every connection begins at the quick door; Node's own listener gets those that are handed over. */
function acceptConnections(server: Server, parts: HttpParts, connections: Connections): void {
  const listeners = server.listeners("connection");
  server.removeAllListeners("connection");
  const quick = new QuickDoor(parts, (socket) => {
    for (const listener of listeners) listener.call(server, socket);
  });
  server.on("connection", (socket: Socket) => quick.add(socket, connections.add(socket)));
}

function acceptWebSockets(
  server: Server,
  { limits, origins, hosts }: DoorThreadData,
  connections: Connections,
  sockets: Sockets,
): void {
  const upgrades = new WebSocketServer({
    noServer: true,
    maxPayload: limits.maxRequestBytes,
    perMessageDeflate: false,
  });
  server.on("upgrade", (request, socket: Duplex, head) => {
    socket.on("error", () => socket.destroy());
    const connection = connections.of(socket as Socket);
    const { headers } = request;
    if (
      !isHostAllowed(headers.host, hosts) ||
      !isOriginAllowed(headers, origins) ||
      connection === undefined
    ) {
      socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    upgrades.handleUpgrade(request, socket, head, (ws) => sockets.add(ws, connection));
  });
}

function listen(server: Server, { host, port }: DoorThreadData): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
