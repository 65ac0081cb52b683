import { connect, type Socket } from "node:net";
import { CodedError } from "../../node/base/errors.ts";

const HEADER_END = "\r\n\r\n";

/**
 * One kept HTTP connection that sends the same request again and again: with Node's own client the bench would measure that
 * client.
 */
export class CallConnection {
  private readonly socket: Socket;
  private readonly request: Buffer;
  private buffer: Buffer = Buffer.alloc(0);
  private waiting: { resolve(body: string): void; reject(error: unknown): void } | undefined;

  private constructor(socket: Socket, request: Buffer) {
    this.socket = socket;
    this.request = request;
    socket.setNoDelay(true);
    socket.on("data", (part) => this.receive(part));
    socket.on("error", (error) => this.waiting?.reject(error));
    socket.on("close", () => this.waiting?.reject(new Error("the connection was closed")));
  }

  static async open(url: string, body: string): Promise<CallConnection> {
    const { hostname, port } = new URL(url);
    const head = `POST / HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json`;
    const request = Buffer.from(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}${HEADER_END}${body}`);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new CallConnection(socket, request);
  }

  /** The body of the answer. */
  send(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(this.request);
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private receive(part: Buffer): void {
    this.buffer = this.buffer.length === 0 ? part : Buffer.concat([this.buffer, part]);
    const end = this.buffer.indexOf(HEADER_END);
    if (end < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.buffer.toString("latin1", 0, end))?.[1];
    if (length === undefined) {
      this.waiting?.reject(
        new CodedError("BENCH_CALL_FAILED", "fatal", { message: "an answer has no length" }),
      );
      return;
    }
    const start = end + HEADER_END.length;
    if (this.buffer.length < start + Number(length)) return;
    const body = this.buffer.toString("utf8", start, start + Number(length));
    this.buffer = Buffer.alloc(0);
    this.waiting?.resolve(body);
  }
}
