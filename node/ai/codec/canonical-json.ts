import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * The one text of a JSON value (RFC 8785): keys sorted by UTF-16 code units, no white space, ECMAScript numbers.
 * @throws CodedError `JSON_NOT_CANONICAL` for a value that JSON cannot hold (NaN, infinities, -0, lone surrogates).
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value) || Object.is(value, -0)) throw notCanonical(`the number ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (LONE_SURROGATE.test(value)) throw notCanonical("a string with a lone surrogate");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object") throw notCanonical(`a value of type ${typeof value}`);
  const entries = Object.entries(value as { readonly [key: string]: Json });
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${canonicalJson(key)}:${canonicalJson(item)}`).join(",")}}`;
}

/** UTF-8 bytes of {@link canonicalJson}: what hashes are taken of. */
export function canonicalBytes(value: Json): Uint8Array {
  return new TextEncoder().encode(canonicalJson(value));
}

/**
 * Reads canonical bytes back.
 * @throws CodedError `JSON_NOT_CANONICAL` when the bytes are not the canonical text of what they say.
 */
export function parseCanonical(bytes: Uint8Array, what: string): Json {
  let text: string;
  let value: Json;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw aiError("JSON_NOT_CANONICAL", { message: `${what} is not UTF-8 JSON`, cause });
  }
  if (canonicalJson(value) !== text) {
    throw aiError("JSON_NOT_CANONICAL", {
      message: `${what} is JSON, but not in canonical form`,
      fix: "write it with sorted keys and without white space (RFC 8785)",
    });
  }
  return value;
}

function notCanonical(what: string): CodedError {
  return aiError("JSON_NOT_CANONICAL", { message: `canonical JSON cannot hold ${what}` });
}
