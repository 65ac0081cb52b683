import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream/promises";

/** A service of this node that requests below a path are passed on to, as they are. */
export interface Upstream {
  /** "/v1/". */
  prefix: string;
  address: { socketPath: string } | { host: string; port: number };
}

/** Headers of a request that the service needs; none of them tells who the client is. */
const PASSED_ON = ["accept", "authorization", "content-type", "content-length", "transfer-encoding"] as const;
/** Headers of its answer. */
const PASSED_BACK = ["cache-control", "content-length", "content-type", "retry-after"] as const;

/** Seconds after which a service that is starting may be asked again. */
const RETRY_S = "2";

/**
 * Passes one request on and its answer back, piece by piece; a client that goes ends the request. `headers` are the door's own.
 * Rejects only when the answer breaks off.
 */
export async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  { address }: Upstream,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const headersOn = pick(request.headers, PASSED_ON);
  // A connection of its own, since a kept one may be to a process that is gone; but the service must not close it: an answer that is there
  // before this side has ended its request would be lost with it.
  const agent = new Agent({ keepAlive: true });
  const upstream = httpRequest({
    ...address,
    agent,
    method: request.method,
    path: request.url,
    headers: headersOn,
  });
  const onClose = () => upstream.destroy();
  response.once("close", onClose);
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once("response", resolve);
      upstream.once("error", reject);
    });
    // What goes wrong with the body shows as an error of the request, or as an answer that came before its end.
    pipeline(request, upstream).catch(() => undefined);
    const answer = await answered.catch(() => undefined);
    if (answer === undefined) return unavailable(response, headers);
    response.writeHead(answer.statusCode ?? 502, { ...headers, ...pick(answer.headers, PASSED_BACK) });
    await pipeline(answer, response);
  } finally {
    response.off("close", onClose);
    agent.destroy();
  }
}

function pick(headers: IncomingMessage["headers"], names: readonly string[]): OutgoingHttpHeaders {
  const found = names.map((name) => [name, headers[name]] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

function unavailable(response: ServerResponse, headers: OutgoingHttpHeaders): void {
  if (response.destroyed) return;
  const message =
    "The AI worker of this node is starting, or starts again after a failure. Please try again.";
  const error = { message, type: "server_error", param: null, code: "ai_worker_unreachable" };
  const more = { "content-type": "application/json", "retry-after": RETRY_S, connection: "close" };
  response.writeHead(503, { ...headers, ...more }).end(JSON.stringify({ error }));
}
