import { connect, type Socket } from "node:net";
import { CodedError } from "../../node/base/errors.ts";

interface Waiting {
  resolve: (body: string) => void;
  reject: (error: Error) => void;
}

/**
 * One kept HTTP connection with one request at a time: Node's own client costs a processor more for a small request than the
 * servers that it is to load.
 */
export class LoadConnection {
  private readonly socket: Socket;
  private readonly head: string;
  private waiting: Waiting | undefined;
  private received = "";

  constructor(url: string) {
    const { hostname, port, host } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.socket.setEncoding("latin1");
    this.head = `POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: `;
    this.socket.on("data", (text: string) => this.take(text));
    this.socket.on("error", (error) => this.fail(error));
    this.socket.on("close", () => this.fail(new Error("the connection was closed")));
  }

  /** Sends ASCII JSON and gives the answer's body. @throws CodedError `BENCH_CALL_FAILED`. */
  post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(`${this.head}${body.length}\r\n\r\n${body}`, "latin1");
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(text: string): void {
    this.received += text;
    const end = this.received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = /content-length: *(\d+)/i.exec(this.received.slice(0, end))?.[1];
    if (length === undefined) {
      this.fail(new Error("an answer without content-length"));
      return;
    }
    const whole = end + 4 + Number(length);
    if (this.received.length < whole) return;
    const body = this.received.slice(end + 4, whole);
    this.received = this.received.slice(whole);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(body);
  }

  private fail(cause: Error): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.reject(new CodedError("BENCH_CALL_FAILED", "fatal", { message: cause.message, cause }));
  }
}
