import { isHostAllowed } from "./origins.ts";

/** What clients send JSON as; other types are what pages and forms send. */
export const JSON_TYPES =
  /^(?:application\/(?:json(?:-rpc|request)?|x-www-form-urlencoded|octet-stream)|text\/plain)\s*(?:;|$)/i;

/** Longest head that is read here. */
const MAX_HEAD = 4_096;
const REQUEST_LINE = "POST / HTTP/1.1";
const PRINTABLE = /^[\t -~]*$/;
const NAME = /^[a-z-]+$/;
const LENGTH = /^(?:0|[1-9]\d{0,5})$/;
/** Headers that change nothing in the answer. */
const IDLE: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "pragma",
  "sec-fetch-mode",
  "user-agent",
]);

/**
 * The length of the body of the plainest kind of request: a POST to `/` with a Host that is allowed, a Content-Length and
 * nothing else that means anything. Undefined: Node's HTTP server must look at it. `head` ends before the empty line.
 */
export function plainPostLength(head: string, hosts: readonly string[]): number | undefined {
  if (head.length > MAX_HEAD) return undefined;
  const lines = head.split("\r\n");
  if (lines[0] !== REQUEST_LINE) return undefined;
  const seen = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!NAME.test(name) || !PRINTABLE.test(line) || seen.has(name)) return undefined;
    seen.set(name, line.slice(colon + 1).trim());
  }
  for (const [name, value] of seen) if (!IDLE.has(name) && !isPlain(name, value)) return undefined;
  const host = seen.get("host");
  const length = seen.get("content-length");
  if (host === undefined || length === undefined || !isHostAllowed(host, hosts)) return undefined;
  return Number(length);
}

function isPlain(name: string, value: string): boolean {
  switch (name) {
    case "host":
      return true;
    case "content-length":
      return LENGTH.test(value);
    case "content-type":
      return JSON_TYPES.test(value);
    case "connection":
      return value.toLowerCase() === "keep-alive";
    default:
      return false;
  }
}
