import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import type { Address } from "../chain/types/primitives.ts";

export type ApiMethod = "GET" | "POST" | "DELETE";

/** What a request brings beside its body. */
export interface ApiContext {
  /** Aborts when the caller is gone. */
  signal: AbortSignal;
  /** Parts of the path by the names in its braces. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** Who signed in; only routes with `needsSignIn` may read it. */
  account: Address;
  request: IncomingMessage;
}

/** One door: what it takes, and what answers. The body is checked before `run` sees it. */
export interface ApiRoute {
  method: ApiMethod;
  /** Below the server's root; a part in braces takes any value: /api/jobs/{job}. */
  path: string;
  /** One line for people and for the description of the doors. */
  summary: string;
  /** Of the body; only a POST has one. */
  body: z.ZodType;
  /** Query parameters by their names, with what they are, for the description. */
  query?: Readonly<Record<string, string>>;
  /** Only who signed in may come. */
  needsSignIn?: boolean;
  /** Whether an account that signed in may come; absent: each may. */
  isAllowed?(account: Address): boolean;
  /** Bytes of a body, where they are not the usual ones. */
  maxBytes?: number;
  /** Gives a JSON value. @throws CodedError for what the caller did wrong. */
  run(body: unknown, context: ApiContext): Promise<unknown>;
}

/** A route whose `run` takes what its schema gives. */
export function apiRoute<T>(
  route: Omit<ApiRoute, "body" | "run"> & {
    body: z.ZodType<T>;
    run: (body: T, context: ApiContext) => Promise<unknown>;
  },
): ApiRoute {
  return { ...route, run: (body, context) => route.run(body as T, context) };
}

/** What a path's parts are by the route's names; undefined where it is no path of this route. */
export function matchPath(route: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [route.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name !== undefined) params[name] = given[i]!;
    else if (part !== given[i]) return undefined;
  }
  return params;
}
