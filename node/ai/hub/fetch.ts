import { isCodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";

/** Redirects of one request. */
const MAX_REDIRECTS = 5;
/** Milliseconds until the headers of an answer must be there. */
const HEADERS_TIMEOUT_MS = 30_000;

/** What one request may take. */
export interface FetchLimits {
  signal?: AbortSignal | undefined;
  /** Most bytes of an answer's body. */
  maxBytes: number;
  /** Milliseconds until the headers of each answer must be there. */
  headersTimeoutMs?: number | undefined;
}

/**
 * A `fetch` for a server that nobody vouches for: few redirects and none from https to http, bodies bounded, a deadline for the
 * headers, partial answers only where they were asked for. A token is sent to `origin` alone.
 * @throws CodedError `HUB_UNREACHABLE` (temporary), `HUB_ANSWER_INVALID`, from the returned function.
 */
export function boundedFetch(origin: string, limits: FetchLimits): typeof fetch {
  return async (input, init = {}) => {
    let url = new URL(typeof input === "string" ? input : input instanceof URL ? input.href : input.url);
    const headers = new Headers(init.headers);
    // A compressed body would not have the length that was listed.
    headers.set("accept-encoding", "identity");
    for (let hops = 0; ; hops++) {
      if (url.origin !== origin) headers.delete("authorization");
      const answer = await request(url, { ...init, headers, redirect: "manual" }, limits);
      const next = redirectOf(answer, url);
      if (next === undefined) return bounded(answer, url, headers.get("range"), limits.maxBytes);
      await answer.body?.cancel();
      if (hops === MAX_REDIRECTS) {
        throw invalidAnswer(url, `it redirects more than ${MAX_REDIRECTS} times`);
      }
      url = next;
    }
  };
}

async function request(url: URL, init: RequestInit, limits: FetchLimits): Promise<Response> {
  const { signal, headersTimeoutMs = HEADERS_TIMEOUT_MS } = limits;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), headersTimeoutMs);
  const signals = signal === undefined ? [deadline.signal] : [deadline.signal, signal];
  try {
    return await fetch(url, { ...init, signal: AbortSignal.any(signals) });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw unreachable(url, deadline.signal.aborted ? `no answer in ${headersTimeoutMs} ms` : cause);
  } finally {
    clearTimeout(timer);
  }
}

function redirectOf(answer: Response, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined;
  const target = answer.headers.get("location") ?? "";
  const next = URL.canParse(target, from.href) ? new URL(target, from) : undefined;
  if (
    !next ||
    !/^https?:$/.test(next.protocol) ||
    (from.protocol === "https:" && next.protocol === "http:")
  ) {
    throw invalidAnswer(from, `it redirects to ${JSON.stringify(target.slice(0, 200))}`);
  }
  return next;
}

/** The answer with a body that ends with an error where it is longer than it may be. */
function bounded(answer: Response, url: URL, range: string | null, maxBytes: number): Response {
  if (answer.ok && range !== null) checkRange(answer, url, range);
  const announced = Number(answer.headers.get("content-length") ?? 0);
  if (answer.ok && announced > maxBytes) throw tooLong(url, maxBytes);
  let left = maxBytes;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.length;
      if (left < 0) controller.error(tooLong(url, maxBytes));
      else controller.enqueue(chunk);
    },
  });
  const body = answer.body?.pipeThrough(counter) ?? null;
  return new Response(body, { status: answer.status, headers: answer.headers });
}

/** A server that ignores the range, or gives another, would put wrong bytes behind those that are there. */
function checkRange(answer: Response, url: URL, range: string): void {
  const from = /^bytes=(\d+)-/.exec(range)?.[1];
  if (answer.status === 206 && answer.headers.get("content-range")?.startsWith(`bytes ${from}-`)) return;
  throw aiError("HUB_RANGE_IGNORED", {
    message: `${url.host} does not give parts of a file`,
    fix: "the file is fetched from its beginning",
  });
}

function tooLong(url: URL, maxBytes: number): Error {
  return invalidAnswer(url, `its answer is longer than ${maxBytes} bytes`);
}

/** A server's answer that no hub gives. */
export function invalidAnswer(url: URL | string, why: string): Error {
  return aiError("HUB_ANSWER_INVALID", {
    message: `${new URL(url).host} does not answer as a hub does: ${why}`,
    fix: "check the address of the hub (HF_ENDPOINT), and try another one",
    facts: { host: new URL(url).host, why },
  });
}

/** A server that can't be reached, or whose connection broke. */
export function unreachable(url: URL | string, cause: unknown): Error {
  if (isCodedError(cause)) return cause;
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = inner instanceof Error && "code" in inner ? String(inner.code) : undefined;
  const offline = code !== undefined && ["ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "ENETDOWN"].includes(code);
  const why = inner instanceof Error ? inner.message || code : String(inner);
  const { host } = new URL(url);
  return aiError("HUB_UNREACHABLE", {
    message: offline
      ? `this machine seems to be offline: ${host} can't be found (${code})`
      : `${host} can't be reached: ${why}`,
    fix: "check the connection, or set HF_ENDPOINT to a mirror; what was fetched so far is kept and the same command goes on from there",
    facts: { host, code: code ?? null },
    cause,
  });
}
