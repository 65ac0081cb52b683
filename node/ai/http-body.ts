import type { IncomingMessage } from "node:http";

/** How long a body that is refused may still come in, in ms, so that its sender gets to read the answer. */
const REFUSED_MS = 1_000;

/** A request's body as text; undefined when it is larger than `maxBytes`. Rejects when the connection ends before it. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    let size = 0;
    request.on("data", (piece: Uint8Array) => {
      size += piece.length;
      if (size <= maxBytes) return void pieces.push(piece);
      // The rest is thrown away.
      pieces.length = 0;
      resolve(undefined);
    });
    request.on("end", () => resolve(Buffer.concat(pieces).toString()));
    request.on("error", reject);
    request.on("close", () => reject(new Error("the connection ended before the request")));
    const timer = setInterval(() => {
      if (size > maxBytes) request.destroy();
    }, REFUSED_MS);
    request.on("close", () => clearInterval(timer));
    request.on("end", () => clearInterval(timer));
  });
}
