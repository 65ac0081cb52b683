import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";
import { withoutSecrets } from "./rpc.ts";

/** What names the L1 block whose blobs are wanted. */
export interface BlobBlock {
  number: bigint;
  hash: Hash;
  /** Seconds. */
  timestamp: bigint;
}

/** Gives blobs of an L1 block in any order, more or fewer than asked for: whoever calls it checks them. */
export type BlobLookup = (block: BlobBlock, hashes: readonly Hash[]) => Promise<Uint8Array[]>;

/** Longest answer in bytes: far more than the blobs of a block, in hexadecimal. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 20_000;

const seconds = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt);
const blob = z
  .string()
  .regex(/^0x[0-9a-fA-F]{262144}$/)
  .transform((text) => new Uint8Array(Buffer.from(text.slice(2), "hex")));
const genesisAnswer = z.object({ data: z.object({ genesis_time: seconds }) });
const specAnswer = z.object({ data: z.object({ SECONDS_PER_SLOT: seconds }) });
const blobsAnswer = z.object({ data: z.array(blob) });
const sidecarsAnswer = z.object({ data: z.array(z.object({ blob })) });

interface SlotClock {
  /** Seconds. */
  genesisTime: bigint;
  /** Seconds. */
  slotTime: bigint;
}

/**
 * Reads blobs from a consensus node's HTTP interface: `blobs`, else `blob_sidecars` of older nodes. An anvil, which serves the
 * first one by the block's hash and knows no slots, is told by its missing `config/spec`.
 * Its calls fail with `L1_UNAVAILABLE`, `L1_RESPONSE_INVALID` or `BLOBS_UNAVAILABLE`.
 */
export function createBeaconLookup(url: string): BlobLookup {
  const base = url.replace(/\/+$/, "");
  let known: SlotClock | "none" | undefined;
  const clock = async () => {
    const spec = await get(base, "/eth/v1/config/spec");
    if (spec === undefined) return "none";
    const genesis = await get(base, "/eth/v1/beacon/genesis");
    return {
      genesisTime: parse("genesis", genesisAnswer, genesis).data.genesis_time,
      slotTime: parse("spec", specAnswer, spec).data.SECONDS_PER_SLOT,
    };
  };
  return async (block, hashes) => {
    known ??= await clock();
    const id = known === "none" ? block.hash : slotOf(block, known);
    const query = `?versioned_hashes=${hashes.join(",")}`;
    const newer = await get(base, `/eth/v1/beacon/blobs/${id}${query}`);
    if (newer !== undefined) return parse("blobs", blobsAnswer, newer).data;
    const older = await get(base, `/eth/v1/beacon/blob_sidecars/${id}`);
    return older === undefined
      ? []
      : parse("blob_sidecars", sidecarsAnswer, older).data.map((each) => each.blob);
  };
}

function slotOf({ timestamp }: BlobBlock, { genesisTime, slotTime }: SlotClock): bigint {
  if (slotTime === 0n || timestamp < genesisTime) {
    throw invalid("genesis", `L1 time ${timestamp} is before the consensus chain's genesis ${genesisTime}`);
  }
  return (timestamp - genesisTime) / slotTime;
}

/** The JSON at a path; undefined where the node has no such thing (or not any more). */
async function get(base: string, path: string): Promise<unknown> {
  const what = path.split("?")[0] ?? path;
  try {
    const response = await fetch(base + path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if ([400, 404, 405, 410, 501].includes(response.status)) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) throw unavailable(base, what, `HTTP status ${response.status}`);
    return JSON.parse(await readText(response));
  } catch (error) {
    if (isCodedError(error)) throw error;
    if (error instanceof SyntaxError) throw invalid(what, "no JSON");
    throw unavailable(
      base,
      what,
      error instanceof Error ? String(error.cause ?? error.message) : String(error),
    );
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  if (response.body === null) return text;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) throw invalid("blobs", "the answer is too long");
  }
  return text;
}

function parse<T>(what: string, schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(what, `${issue?.path.join(".") || "answer"}: ${issue?.message ?? "unreadable"}`);
}

function invalid(what: string, reason: string): CodedError {
  return rollupError("L1_RESPONSE_INVALID", {
    message: `The L1 consensus node's answer (${what}) can't be used: ${reason}.`,
    fix: "Give the HTTP address of a consensus node of the same L1 as --l1-beacon-url.",
    facts: { what, reason },
  });
}

function unavailable(base: string, what: string, reason: string): CodedError {
  return rollupError("L1_UNAVAILABLE", {
    message: `The L1 consensus node does not answer ${what}: ${reason}`,
    fix: "Check that it runs and that --l1-beacon-url is right; this node tries again by itself.",
    facts: { url: withoutSecrets(base), what, reason },
  });
}
