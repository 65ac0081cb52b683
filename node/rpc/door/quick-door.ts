import type { Socket } from "node:net";
import { monotonicMs, systemClock } from "../../base/clock.ts";
import { answerRequest, readRequests } from "./answer-body.ts";
import type { Connection } from "./connections.ts";
import type { HttpParts } from "./http.ts";
import { corsHeaders } from "./origins.ts";
import { plainPostLength } from "./request-head.ts";
import { drained, sendPieces, WHOLE } from "./slow-send.ts";

/** How often connections are checked against the times that they may take, in ms. */
const CHECK_MS = 1_000;
const END_OF_HEAD = "\r\n\r\n";
const TOO_LATE = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";

/** Gives a connection to Node's HTTP server, with nothing read from it. */
export type HandOver = (socket: Socket) => void;

/**
 * Answers requests of the plainest kind without Node's HTTP server, which costs more than most answers: one request of one call,
 * whole in one piece, its head as {@link plainPostLength} has it. With the first request of any other kind the connection is
 * the HTTP server's for good.
 */
export class QuickDoor {
  private readonly parts: HttpParts;
  private readonly handOver: HandOver;
  private readonly open = new Set<QuickConnection>();
  private readonly head: string;
  private second = 0;
  private started = "";

  constructor(parts: HttpParts, handOver: HandOver) {
    this.parts = parts;
    this.handOver = handOver;
    const headers = { ...corsHeaders({}, parts.origins), "content-type": "application/json" };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(parts.limits.idleMs / 1000)}\r\n`;
    this.head = `HTTP/1.1 200 OK\r\n${lines.join("")}${kept}`;
    setInterval(() => this.check(), Math.min(CHECK_MS, parts.limits.headMs)).unref();
  }

  add(socket: Socket, connection: Connection): void {
    const { parts } = this;
    const quick = new QuickConnection(socket, connection, {
      parts,
      headOf: (length) => this.headOf(length),
      onEnd: (isOthers) => {
        this.open.delete(quick);
        if (isOthers) this.handOver(socket);
      },
    });
    this.open.add(quick);
  }

  private headOf(length: number): string {
    const second = Math.floor(systemClock.now());
    if (second !== this.second) {
      this.second = second;
      this.started = `${this.head}Date: ${new Date(second * 1000).toUTCString()}\r\ncontent-length: `;
    }
    return `${this.started}${length}${END_OF_HEAD}`;
  }

  private check(): void {
    const now = monotonicMs();
    for (const quick of this.open) quick.check(now);
  }
}

interface QuickOptions {
  parts: HttpParts;
  /** Of an answer with so many bytes, with the empty line. */
  headOf(length: number): string;
  /** `isOthers`: the HTTP server is to go on. */
  onEnd(isOthers: boolean): void;
}

class QuickConnection {
  private readonly socket: Socket;
  private readonly connection: Connection;
  private readonly options: QuickOptions;
  /** The last head and its body's length: a client's requests begin alike. */
  private known = "";
  private knownLength = 0;
  private isBusy = false;
  /** What came while an answer was under way; the socket is not read then. */
  private early: Uint8Array | undefined;
  private hasEnded = false;
  private hasAsked = false;
  private since = monotonicMs();

  constructor(socket: Socket, connection: Connection, options: QuickOptions) {
    this.socket = socket;
    this.connection = connection;
    this.options = options;
    socket.on("data", this.onData);
    socket.on("end", this.onEnd);
    socket.on("error", this.onError);
    socket.on("close", this.onClose);
  }

  /** Ends a connection that is silent for too long. */
  check(now: number): void {
    const { headMs, idleMs } = this.options.parts.limits;
    if (this.isBusy || now - this.since < (this.hasAsked ? idleMs : headMs)) return;
    if (!this.hasAsked) this.socket.write(TOO_LATE);
    this.socket.destroySoon();
  }

  private readonly onData = (chunk: Buffer): void => {
    const { parts } = this.options;
    parts.connections.touch(this.connection);
    if (this.isBusy) {
      this.early = chunk;
      this.socket.pause();
      return;
    }
    const body = this.bodyOf(chunk);
    const read = body && readRequests(body, parts.limits);
    if (body === undefined || read === undefined || read.isBatch || !parts.held.tryTake(body.length)) {
      this.leave(chunk);
      return;
    }
    this.isBusy = true;
    if (!this.hasAsked) parts.connections.asked(this.connection);
    this.hasAsked = true;
    void this.answer(read, body.length);
  };

  private readonly onEnd = (): void => {
    this.hasEnded = true;
    if (!this.isBusy) this.socket.end();
  };

  private readonly onError = (): void => {
    this.socket.destroy();
  };

  private readonly onClose = (): void => this.options.onEnd(false);

  /** The body, when the chunk is one whole request of the plain kind. */
  private bodyOf(chunk: Buffer): Uint8Array | undefined {
    const { hosts, limits } = this.options.parts;
    const end = chunk.indexOf(END_OF_HEAD);
    if (end < 0) return undefined;
    const head = chunk.toString("latin1", 0, end);
    if (head !== this.known) {
      const length = plainPostLength(head, hosts);
      if (length === undefined || length > limits.maxRequestBytes) return undefined;
      this.known = head;
      this.knownLength = length;
    }
    const body = chunk.subarray(end + END_OF_HEAD.length);
    return body.length === this.knownLength ? body : undefined;
  }

  private async answer(read: NonNullable<ReturnType<typeof readRequests>>, held: number): Promise<void> {
    const { reception, held: heldBytes } = this.options.parts;
    const { answerCall, end } = reception.body({ address: this.connection.address, connection: 0 });
    try {
      const text = "failure" in read ? read.failure : await answerRequest(read.requests[0], answerCall);
      await this.send(text ?? "");
    } catch {
      this.socket.destroy();
    } finally {
      end();
      heldBytes.release(held);
      this.isBusy = false;
    }
    this.since = monotonicMs();
    if (this.early !== undefined && !this.socket.destroyed) this.leave(this.early);
    else if (this.hasEnded) this.socket.end();
  }

  private async send(text: string): Promise<void> {
    const { socket } = this;
    const { parts, headOf } = this.options;
    const { sendMs } = parts.limits;
    const length = Buffer.byteLength(text);
    const head = headOf(length);
    if (text.length > WHOLE) {
      socket.write(head, "latin1");
      await sendPieces(socket, text, parts.held, sendMs);
    } else if (!socket.write(head + text, length === text.length ? "latin1" : "utf8")) {
      await drained(socket, sendMs);
    }
  }

  /** Leaves the connection to the HTTP server; `chunk` is what it has to read first. */
  private leave(chunk: Uint8Array): void {
    const { socket } = this;
    socket.off("data", this.onData);
    socket.off("end", this.onEnd);
    socket.off("error", this.onError);
    socket.off("close", this.onClose);
    socket.pause();
    socket.unshift(chunk);
    this.options.onEnd(true);
    socket.resume();
  }
}
