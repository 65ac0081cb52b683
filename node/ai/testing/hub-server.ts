import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a test wants to be answered in place of a hub's answer; true when it has answered. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

export const COMMIT = "c".repeat(40);
export const NAME = "friends/tiny";

/** A hub with one model, which answers as the real one does where a test does not say otherwise. */
export class HubServer {
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[] = [];
  misbehave: Misbehaviour = () => false;
  licence: string | undefined = "apache-2.0";
  private readonly server: Server;

  constructor(readonly files: Map<string, Uint8Array>) {
    this.server = createServer((request, response) => this.answer(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The list as the hub's API gives it: large files with SHA-256, small ones with a git blob's hash. */
  tree(): { type: string; path: string; size: number; oid: string; lfs?: { oid: string; size: number } }[] {
    return [...this.files].map(([path, bytes]) => {
      const blob = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const entry = { type: "file", path, size: bytes.length, oid: blob };
      return /\.(safetensors|gguf)$/.test(path)
        ? { ...entry, lfs: { oid: sha256, size: bytes.length } }
        : entry;
    });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "").split("?")[0]!;
    const { range, authorization } = request.headers;
    this.requests.push({ path, range, authorization });
    const count = this.requests.filter((earlier) => earlier.path === path).length;
    if (this.misbehave(request, response, count)) return;
    if (path === `/api/models/${NAME}/revision/main`) {
      const cardData = this.licence === undefined ? undefined : { license: this.licence };
      const info = { _id: "1", id: NAME, sha: COMMIT, lastModified: "2026-01-01T00:00:00.000Z", cardData };
      json(response, info);
      return;
    }
    if (path === `/api/models/${NAME}/tree/${COMMIT}`) {
      json(response, this.tree());
      return;
    }
    const file = path.startsWith(`/${NAME}/resolve/${COMMIT}/`) ? path.split("/").slice(5).join("/") : "";
    const bytes = this.files.get(file);
    if (bytes === undefined) {
      response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
      return;
    }
    sendBytes(response, bytes, range);
  }
}

/** Any value as a hub's API answers. */
export function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** A file, or the asked part of it; `cut`: the connection breaks after so many bytes. */
export function sendBytes(
  response: ServerResponse,
  bytes: Uint8Array,
  range: string | undefined,
  cut?: number,
): void {
  const from = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
  const part = bytes.subarray(from);
  const partial = { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(range === undefined ? 200 : 206, {
    "content-length": part.length,
    ...(range === undefined ? {} : partial),
  });
  if (cut === undefined) response.end(part);
  else response.write(part.subarray(0, cut), () => response.destroy());
}
