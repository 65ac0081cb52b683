import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/** Who may call from a browser, and under which names: CORS as the Fetch standard has it, and the host list of geth. */

const EVERYBODY = "*";
const METHODS = "GET, HEAD, POST, OPTIONS";
const MAX_AGE_S = "600";
/** HTTP's field names, with commas between them. */
const FIELD_NAMES = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/;
const MAX_FIELD_NAMES = 1_024;

/** True when the list lets the origin in; requests without an origin come from no browser. */
export function isOriginAllowed(origin: string | undefined, allowed: readonly string[]): boolean {
  return origin === undefined || allowed.includes(EVERYBODY) || allowed.includes(origin.toLowerCase());
}

/** Headers of every answer. `allowed` in lower case. */
export function corsHeaders(origin: string | undefined, allowed: readonly string[]): OutgoingHttpHeaders {
  if (allowed.includes(EVERYBODY)) return { "access-control-allow-origin": EVERYBODY, vary: "Origin" };
  return origin !== undefined && isOriginAllowed(origin, allowed)
    ? { "access-control-allow-origin": origin, vary: "Origin" }
    : { vary: "Origin" };
}

/**
 * Headers of the answer to a preflight. The headers that were asked for are named one by one: a star does not stand for
 * Authorization.
 */
export function preflightHeaders(request: IncomingMessage, allowed: readonly string[]): OutgoingHttpHeaders {
  const { origin } = request.headers;
  const wanted = request.headers["access-control-request-headers"];
  const headers: OutgoingHttpHeaders = {
    ...corsHeaders(origin, allowed),
    vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    allow: METHODS,
  };
  if (!isOriginAllowed(origin, allowed)) return headers;
  headers["access-control-allow-methods"] = METHODS;
  headers["access-control-max-age"] = MAX_AGE_S;
  if (wanted !== undefined && wanted.length <= MAX_FIELD_NAMES && FIELD_NAMES.test(wanted.trim()))
    headers["access-control-allow-headers"] = wanted.trim();
  return headers;
}

/** Whether a node that answers to these names answers to a request's Host; an IP address always may be used. */
export function isHostAllowed(host: string | undefined, allowed: readonly string[]): boolean {
  if (host === undefined || allowed.includes(EVERYBODY)) return true;
  const name = host
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  return isIP(name) !== 0 || allowed.includes(name);
}
