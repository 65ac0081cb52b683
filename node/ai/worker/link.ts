import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import { MAX_ANSWER_BYTES, type WorkerAddress, type WorkerAnswer, type WorkerStatus } from "./protocol.ts";

/** Longest answer to a call, in ms: longer than a host takes for one question. */
const CALL_MS = 600_000;
const STATUS_MS = 10_000;

/** A node's connection to its AI worker, which may be gone at any moment. */
export class WorkerLink {
  readonly address: WorkerAddress;
  private known: WorkerStatus | undefined;
  private answered = 0;

  constructor(address: WorkerAddress) {
    this.address = address;
  }

  /**
   * Calls a method of the worker.
   * @throws CodedError `AI_WORKER_UNREACHABLE` when no worker is there or it ended before it answered: the call may be repeated;
   * and whatever the method throws, with its code.
   */
  async call(method: string, params: readonly unknown[], timeoutMs = CALL_MS): Promise<unknown> {
    const answer = await this.exchange(JSON.stringify({ method, params }), timeoutMs);
    if ("result" in answer) return answer.result;
    const { code, severity, ...init } = answer.error;
    throw new CodedError(code, severity, init);
  }

  /** Asks for the worker's state. @throws CodedError `AI_WORKER_UNREACHABLE`. */
  async refresh(): Promise<WorkerStatus> {
    try {
      this.known = (await this.call("worker_status", [], STATUS_MS)) as WorkerStatus;
      this.answered++;
      return this.known;
    } catch (error) {
      this.known = undefined;
      throw error;
    }
  }

  /** The newest state; undefined while no worker answers. */
  status(): WorkerStatus | undefined {
    return this.known;
  }

  /** How often it told its state. */
  beats(): number {
    return this.answered;
  }

  private exchange(body: string, timeoutMs: number): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => reject(unreachable(cause));
      const request: ClientRequest = httpRequest({
        ...this.address,
        // A kept connection may be one to a worker that is gone.
        agent: false,
        method: "POST",
        path: "/",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        signal: AbortSignal.timeout(timeoutMs),
      });
      request.on("error", fail);
      request.on("response", (response) => {
        readAnswer(response).then(resolve, fail);
      });
      request.end(body);
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<WorkerAnswer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
    pieces.push(piece);
  }
  const answer = JSON.parse(Buffer.concat(pieces).toString()) as Partial<Record<"result" | "error", unknown>>;
  if ("result" in answer || "error" in answer) return answer as WorkerAnswer;
  throw new Error(`what listens there is no AI worker (HTTP status ${response.statusCode})`);
}

function unreachable(cause: unknown) {
  return aiError("AI_WORKER_UNREACHABLE", {
    message: "the AI worker of this node does not answer: it is starting, or starts again after a failure",
    fix: "try the same again in a few seconds; nothing that was paid is lost",
    cause,
  });
}
