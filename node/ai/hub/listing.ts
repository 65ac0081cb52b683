import { type HubApiError, listFiles, modelInfo } from "@huggingface/hub";
import { z } from "zod";
import { aiError } from "../errors.ts";
import { boundedFetch, type FetchLimits, invalidAnswer, unreachable } from "./fetch.ts";
import type { ModelReference } from "./reference.ts";

/** How to speak to a hub. */
export interface HubAccess {
  /** Of a user who has agreed to the terms of a gated model. */
  token?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds until the headers of an answer must be there, and without a byte until a connection counts as broken. */
  timeoutMs?: number | undefined;
}

/** A file of a model as the hub lists it. */
export interface HubFile {
  name: string;
  /** Bytes. */
  size: number;
  /** Lower-case hex; `git`: SHA-1 of a git blob, which small files have only. */
  hash: { kind: "sha256" | "git"; hex: string };
}

/** What the hub says of a model. */
export interface HubModel {
  reference: ModelReference;
  /** The revision's commit: all files are fetched of this one. */
  commit: string;
  /** As its author wrote it, or undefined where the page names none. */
  licence: string | undefined;
  files: readonly HubFile[];
}

/** Entries of a model's top folder. */
const MAX_ENTRIES = 10_000;
/** Bytes of one answer of the hub's API. */
const MAX_ANSWER = 16 * 1024 * 1024;
/** Requests for one list. */
const MAX_PAGES = 32;

const infoSchema = z.looseObject({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  cardData: z
    .looseObject({
      license: z.union([z.string(), z.array(z.string())]).nullish(),
      license_name: z.string().nullish(),
      license_link: z.string().nullish(),
    })
    .nullish(),
});
const size = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.looseObject({
  type: z.string(),
  path: z.string().max(1024),
  size: size.default(0),
  oid: z.string().optional(),
  lfs: z.looseObject({ oid: z.string().regex(/^[0-9a-f]{64}$/), size }).optional(),
});

/**
 * Asks the hub for a model's commit, licence and files.
 * @throws CodedError `HUB_UNREACHABLE`, `HUB_MODEL_UNKNOWN`, `HUB_REFUSED`, `HUB_ANSWER_INVALID`.
 */
export async function describeHubModel(reference: ModelReference, access: HubAccess): Promise<HubModel> {
  const { endpoint, name, revision } = reference;
  const limits: FetchLimits = {
    signal: access.signal,
    maxBytes: MAX_ANSWER,
    headersTimeoutMs: access.timeoutMs,
  };
  const call = { hubUrl: endpoint, fetch: counted(reference, limits), ...tokenOf(access) };
  const info = await asked(reference, () =>
    modelInfo({ ...call, name, revision, additionalFields: ["sha", "cardData"] }),
  );
  const parsed = infoSchema.safeParse(info);
  if (!parsed.success)
    throw invalidAnswer(endpoint, `its description of ${name} has no commit or a broken licence`);
  const { sha, cardData } = parsed.data;
  const files = await asked(reference, () =>
    filesOf(reference, listFiles({ ...call, repo: name, revision: sha })),
  );
  return { reference, commit: sha, licence: licenceOf(cardData ?? undefined), files };
}

/** The token as the library takes it. */
export function tokenOf(access: HubAccess): { accessToken?: string } {
  return access.token === undefined ? {} : { accessToken: access.token };
}

/** Ends a list that never ends. */
function counted({ endpoint }: ModelReference, limits: FetchLimits): typeof fetch {
  const call = boundedFetch(new URL(endpoint).origin, limits);
  let pages = 0;
  return (input, init) => {
    if (++pages > MAX_PAGES) throw invalidAnswer(endpoint, `its list has more than ${MAX_PAGES} pages`);
    return call(input, init);
  };
}

async function filesOf(reference: ModelReference, list: AsyncIterable<unknown>): Promise<HubFile[]> {
  const files = new Map<string, HubFile>();
  let entries = 0;
  for await (const item of list) {
    if (++entries > MAX_ENTRIES) {
      throw invalidAnswer(reference.endpoint, `it lists more than ${MAX_ENTRIES} files`);
    }
    const entry = entrySchema.safeParse(item);
    if (!entry.success) {
      const issue = entry.error.issues[0];
      throw invalidAnswer(
        reference.endpoint,
        `entry ${entries} of its list: ${issue?.path.join(".")} ${issue?.message}`,
      );
    }
    const { type, path, oid, lfs } = entry.data;
    if (type !== "file") continue;
    if (path === "" || path.startsWith("/") || path.split(/[/\\]/).includes("..") || files.has(path)) {
      throw invalidAnswer(reference.endpoint, `it lists a file ${JSON.stringify(path.slice(0, 200))}`);
    }
    // Folders of other forms of the model (onnx/, original/) are no part of it here.
    if (/[/\\]/.test(path)) continue;
    if (lfs !== undefined)
      files.set(path, { name: path, size: lfs.size, hash: { kind: "sha256", hex: lfs.oid } });
    else if (oid !== undefined && /^[0-9a-f]{40}$/.test(oid)) {
      files.set(path, { name: path, size: entry.data.size, hash: { kind: "git", hex: oid } });
    } else throw invalidAnswer(reference.endpoint, `it lists ${path} without a hash`);
  }
  return [...files.values()];
}

function licenceOf(card: z.infer<typeof infoSchema>["cardData"]): string | undefined {
  const ids = card?.license === undefined || card.license === null ? [] : [card.license].flat();
  const named = ids.includes("other") && card?.license_name ? [card.license_name] : ids;
  const text = named.join(", ");
  if (text === "") return undefined;
  return card?.license_link ? `${text} (${card.license_link})` : text;
}

/** Runs a call of the library with its failures in this room's words. */
async function asked<T>(reference: ModelReference, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw refusalOf(reference, error);
  }
}

/** What a failed request means. */
export function refusalOf(reference: ModelReference, error: unknown): unknown {
  const { endpoint, name, revision } = reference;
  if (isApiError(error)) {
    const { statusCode } = error;
    if (statusCode === 404) {
      return aiError("HUB_MODEL_UNKNOWN", {
        message: `${endpoint} has no model ${name} with a revision ${revision}`,
        fix: "check the id on the hub's page; a private model needs HF_TOKEN",
        facts: { name, revision },
      });
    }
    if (statusCode === 401 || statusCode === 403) {
      return aiError("HUB_REFUSED", {
        message: `${endpoint} does not give ${name} to you (${statusCode})`,
        fix: `agree to its terms at ${endpoint}/${name} and set HF_TOKEN to a token of your account there`,
        facts: { name, status: statusCode },
      });
    }
    return unreachable(endpoint, `it answers ${statusCode}`);
  }
  // The parser's or the library's own: an answer that is no JSON, or without what every answer has.
  if (error instanceof SyntaxError) return invalidAnswer(endpoint, "its answer is no JSON");
  if (error instanceof TypeError) return unreachable(endpoint, error);
  return error;
}

function isApiError(error: unknown): error is HubApiError {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number";
}
