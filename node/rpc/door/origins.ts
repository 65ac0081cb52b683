import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/** Who may call from a browser, and under which names: CORS as the Fetch standard has it, and the host list of geth. */

const EVERYBODY = "*";
const METHODS = "GET, HEAD, POST, OPTIONS";
const MAX_AGE_S = "600";
/** HTTP's field names, with commas between them. */
const FIELD_NAMES = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/;
const MAX_FIELD_NAMES = 1_024;
/** Origins of what is installed in a browser. */
const EXTENSION = /^(?:chrome|moz|safari-web)-extension:\/\//;
const PAGE = /^https?:\/\/([^/]+)$/;
/** Browsers let nobody make `localhost` mean another machine. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** Who asks from a browser, and under which name. */
export type Asker = Pick<IncomingHttpHeaders, "origin" | "host">;

/**
 * Whether a request may be answered: from no browser's page (without an origin, or by an extension, as wallets are), from a page of the
 * list, or from one of the same machine, which has its address and not only a name.
 */
export function isOriginAllowed({ origin, host }: Asker, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(EVERYBODY)) return true;
  const from = origin.toLowerCase();
  if (allowed.includes(from) || EXTENSION.test(from)) return true;
  const machine = machineOf(PAGE.exec(from)?.[1]);
  return machine !== undefined && machine === machineOf(host);
}

/** Headers of every answer. `allowed` in lower case. */
export function corsHeaders(asker: Asker, allowed: readonly string[]): OutgoingHttpHeaders {
  if (allowed.includes(EVERYBODY)) return { "access-control-allow-origin": EVERYBODY, vary: "Origin" };
  return asker.origin !== undefined && isOriginAllowed(asker, allowed)
    ? { "access-control-allow-origin": asker.origin, vary: "Origin" }
    : { vary: "Origin" };
}

/**
 * Headers of the answer to a preflight. The headers that were asked for are named one by one: a star does not stand for
 * Authorization.
 */
export function preflightHeaders(request: IncomingMessage, allowed: readonly string[]): OutgoingHttpHeaders {
  const wanted = request.headers["access-control-request-headers"];
  const headers: OutgoingHttpHeaders = {
    ...corsHeaders(request.headers, allowed),
    vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    allow: METHODS,
  };
  if (!isOriginAllowed(request.headers, allowed)) return headers;
  headers["access-control-allow-methods"] = METHODS;
  headers["access-control-max-age"] = MAX_AGE_S;
  if (wanted !== undefined && wanted.length <= MAX_FIELD_NAMES && FIELD_NAMES.test(wanted.trim()))
    headers["access-control-allow-headers"] = wanted.trim();
  return headers;
}

/** Whether a node that answers to these names answers to a request's Host; an IP address always may be used. */
export function isHostAllowed(host: string | undefined, allowed: readonly string[]): boolean {
  if (host === undefined || allowed.includes(EVERYBODY)) return true;
  const name = nameOf(host);
  return isIP(name) !== 0 || allowed.includes(name);
}

/** Without its port. */
function nameOf(host: string): string {
  return host
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
}

/** The machine of an address; of a name none, for whoever has it can make it mean another one at any moment. */
function machineOf(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const name = nameOf(host);
  if (LOOPBACK.test(name)) return "this";
  return isIP(name) === 0 ? undefined : name;
}
