import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";

/** Headers of every answer: nothing of ours belongs into another site's page, and no type is guessed. */
export const COMMON_HEADERS: OutgoingHttpHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

/**
 * The policy of one page: scripts and styles are the server's own or carry the nonce, nothing is inline, nothing is evaluated.
 * @param connect where the page may call beside its own server.
 */
export function contentSecurityPolicy(nonce: string, connect: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "manifest-src 'self'",
    `connect-src ${["'self'", ...connect].join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The name in a Host header without its port; undefined for what is none. */
export function hostName(host: string | undefined): string | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+)(?::\d{1,5})?$/.exec(host ?? "");
  return match?.[1]?.toLowerCase();
}

/**
 * Whether a request that changes something may come in: from a program, or from a page of this very server. A browser names
 * the page's origin; cookies play no part.
 */
export function isOwnOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (origin === undefined) return true;
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
