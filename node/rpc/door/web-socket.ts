import { type RawData, WebSocket } from "ws";
import { monotonicMs } from "../../base/clock.ts";
import { type AnswerCall, answerBody } from "./answer-body.ts";
import { noticeText } from "./answer-text.ts";
import type { ChainLink } from "./chain-link.ts";
import type { Connection, Connections } from "./connections.ts";
import type { HeldBytes } from "./held-bytes.ts";
import type { DoorLimits } from "./limits.ts";
import type { Notice } from "./protocol.ts";
import type { Reception } from "./reception.ts";

export interface SocketParts {
  reception: Reception;
  link: ChainLink;
  connections: Connections;
  held: HeldBytes;
  limits: DoorLimits;
}

/** "Try again later", of the WebSocket protocol's registry. */
const GOING = 1013;

/** The open WebSockets. */
export class Sockets {
  private readonly parts: SocketParts;
  private readonly open = new Map<number, Session>();
  private number = 0;
  private readonly pings: NodeJS.Timeout;

  constructor(parts: SocketParts) {
    this.parts = parts;
    this.pings = setInterval(() => this.pingAll(), parts.limits.pingMs);
  }

  add(socket: WebSocket, connection: Connection): void {
    const number = ++this.number;
    const session = new Session(this.parts, socket, connection, number);
    this.open.set(number, session);
    socket.once("close", () => this.open.delete(number));
  }

  /** The result is text already: each subscriber's frame is that text behind its own head. */
  notify({ targets, result }: Notice): void {
    for (let at = 0; at < targets.length; at += 2) {
      this.open.get(targets[at] as number)?.notify(noticeText(targets[at + 1] as string, result));
    }
  }

  close(): void {
    clearInterval(this.pings);
    for (const session of this.open.values()) session.end();
  }

  private pingAll(): void {
    for (const session of this.open.values()) session.ping();
  }
}

/** One WebSocket: requests in order, each answered before the next is begun. */
class Session {
  private readonly parts: SocketParts;
  private readonly socket: WebSocket;
  private readonly connection: Connection;
  private readonly number: number;
  private readonly queue: Uint8Array[] = [];
  private isBusy = false;
  private isKnown = false;
  /** Events of subscriptions whose id the client does not have yet; undefined where there is none. */
  private early: string[] | undefined;
  private isAlive = true;

  constructor(parts: SocketParts, socket: WebSocket, connection: Connection, number: number) {
    this.parts = parts;
    this.socket = socket;
    this.connection = connection;
    this.number = number;
    connection.close = () => {
      socket.close(GOING, "too many connections");
      // A client that does not answer the closing is not waited for.
      setTimeout(() => socket.terminate(), CLOSING_MS).unref();
    };
    socket.on("message", (data) => this.take(data));
    socket.on("pong", () => {
      this.isAlive = true;
    });
    // The library has sent the reason; the client gets a moment to read it.
    socket.on("error", () => setTimeout(() => socket.terminate(), CLOSING_MS).unref());
    socket.once("close", () => this.gone());
  }

  /** A slow reader is dropped before what it leaves unread becomes a burden. */
  send(text: string): void {
    const { socket } = this;
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(text);
    if (socket.bufferedAmount > this.parts.limits.maxSocketBytes) socket.terminate();
  }

  /** An event; after the answer with its subscription's id. */
  notify(text: string): void {
    if (this.early === undefined) this.send(text);
    else if (this.early.push(text) > MAX_EARLY) this.socket.terminate();
  }

  /** Drops it if it has not answered the last one; where nothing is read now, its answer may lie unread. */
  ping(): void {
    if (this.socket.isPaused) return;
    if (!this.isAlive) {
      this.end();
      return;
    }
    this.isAlive = false;
    if (this.socket.readyState === WebSocket.OPEN) this.socket.ping();
  }

  end(): void {
    this.socket.terminate();
  }

  /** Binary messages are taken for text, as geth does. */
  private take(data: RawData): void {
    const { connections, held, limits } = this.parts;
    this.isAlive = true;
    connections.asked(this.connection);
    const body = Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data as Buffer);
    held.take(body.length);
    this.queue.push(body);
    if (this.queue.length >= limits.maxSocketQueue) this.socket.pause();
    if (!this.isBusy) void this.work();
  }

  private async work(): Promise<void> {
    const { held, limits } = this.parts;
    this.isBusy = true;
    for (let body = this.queue.shift(); body !== undefined; body = this.queue.shift()) {
      try {
        if (this.socket.readyState === WebSocket.OPEN) await this.answer(body);
      } catch {
        this.socket.terminate();
      } finally {
        held.release(body.length);
      }
      if (this.socket.isPaused && this.queue.length < limits.maxSocketQueue / 2) {
        this.isAlive = true;
        this.socket.resume();
      }
    }
    this.isBusy = false;
  }

  private async answer(body: Uint8Array): Promise<void> {
    const { reception, link, limits } = this.parts;
    const { address } = this.connection;
    if (!this.isKnown) {
      this.isKnown = true;
      link.opened(this.number, address);
    }
    const { answerCall, end } = reception.body({ address, connection: this.number });
    try {
      // One message cannot be sent in pieces that wait for the reader: its size has a bound of its own.
      let text = "";
      const watched: AnswerCall = (call) => {
        if (call.method === "eth_subscribe") this.early ??= [];
        return answerCall(call);
      };
      for await (const piece of answerBody(
        body,
        { ...limits, maxResponseBytes: limits.maxSocketBytes / 2 },
        watched,
      ))
        text += piece;
      if (text !== "") this.send(text);
      const { early = [] } = this;
      this.early = undefined;
      for (const event of early) this.send(event);
      await this.readByClient();
    } finally {
      end();
    }
  }

  /** The next answer is made when this one is on its way: who asks without reading waits for himself. */
  private async readByClient(): Promise<void> {
    const { socket, parts } = this;
    const until = monotonicMs() + parts.limits.sendMs;
    while (socket.bufferedAmount > UNREAD && socket.readyState === WebSocket.OPEN) {
      if (monotonicMs() > until) return socket.terminate();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  private gone(): void {
    for (const body of this.queue.splice(0)) this.parts.held.release(body.length);
    if (this.isKnown) this.parts.link.closed(this.number);
  }
}

/** Events that may wait for the answer to their subscription. */
const MAX_EARLY = 1_024;
const CLOSING_MS = 1_000;
/** Bytes that may be unread when the next request is begun. */
const UNREAD = 64 * 1024;
const LOOK_MS = 20;
