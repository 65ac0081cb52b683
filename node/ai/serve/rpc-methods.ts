import { z } from "zod";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import type { ContentStore } from "../../store/content/content-store.ts";
import type { ProtocolAddresses } from "../client/chain.ts";
import { CONTENT_PART_BYTES } from "../client/content.ts";
import { bytesOfHex, hexOfBytes } from "../codec/hash.ts";
import type { Uploads } from "../content/upload.ts";
import { aiError } from "../errors.ts";
import { isPayersSignature, type ReceiptUse } from "../receipt/access.ts";
import { type Receipt, receiptToJson } from "../receipt/receipt.ts";
import type { Watcher } from "../watch/watcher.ts";
import type { Host } from "./host.ts";
import type { KeptReceipt } from "./receipt-files.ts";

/** One JSON-RPC method: positional parameters in, a JSON value out; a CodedError becomes an error with its code. */
export type AiRpcMethod = (params: readonly unknown[]) => unknown;

export interface AiRpcOptions {
  store: ContentStore;
  uploads: Uploads;
  addresses: () => ProtocolAddresses | undefined;
  host: () => Host | undefined;
  watcher: () => Watcher | undefined;
  hostAddress: string | undefined;
  signal: AbortSignal;
}

const hash = z.string().regex(/^0x[0-9a-f]{64}$/, "must be 0x and 64 lower-case hexadecimal digits");
const signature = z.string().regex(/^0x[0-9a-fA-F]{130}$/, "must be 0x and 130 hexadecimal digits");
const size = z.number().int().nonnegative();
const data = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/, "must be hexadecimal bytes")
  .refine((text) => text.length % 2 === 0, "must have two digits a byte");
const requestId = z
  .union([z.number().int().nonnegative(), z.string().regex(/^(\d{1,30}|0x[0-9a-f]{1,16})$/)])
  .transform((value) => BigInt(value));

/** Longest prompt taken, in UTF-16 units; the model's own limit is in tokens. */
const MAX_PROMPT = 262_144;

/**
 * The `openledger_*` methods:
 * - `openledger_protocol()`: the contracts' addresses, or null while they are not known;
 * - `openledger_host()`: the account that answers on this node, or null;
 * - `openledger_ask({requestId, prompt, salt})`: answers a paid request for whoever knows what opens its hash; the receipt as JSON;
 * - `openledger_getReceipt(requestId, signature?)`: the receipt of an answered request: a published one, or any for its payer's
 *   signature (client/receipt-access.ts);
 * - `openledger_publishReceipt(requestId, signature)`: lets everybody read it;
 * - `openledger_watcher()`: how far this node's watcher is, or null;
 * - `openledger_getContent(hash, offset?, length?)`: `{data, total}`;
 * - `openledger_hasContent(hash)`; `openledger_putContent(hash, total, offset, data)`: parts in order.
 */
export function aiRpcMethods(options: AiRpcOptions): Readonly<Record<string, AiRpcMethod>> {
  const { store, uploads, addresses, hostAddress, signal } = options;
  return {
    openledger_protocol: () => addresses() ?? null,
    openledger_host: () => hostAddress ?? null,
    openledger_ask: async (params) => {
      const schema = z.object({ requestId, prompt: z.string().min(1).max(MAX_PROMPT), salt: hash });
      const [order] = parse(z.tuple([schema]), params);
      const question = { ...order, salt: order.salt as Hash };
      return receiptToJson(await requireHost(options).ask(question, signal));
    },
    openledger_getReceipt: async (params) => {
      const [id, sign] = parse(z.tuple([requestId, signature.optional()]), params);
      const { receipt, published } = await keptReceipt(options, id);
      if (!published) await requirePayer(receipt, "read", sign);
      return receiptToJson(receipt);
    },
    openledger_publishReceipt: async (params) => {
      const [id, sign] = parse(z.tuple([requestId, signature]), params);
      const { receipt } = await keptReceipt(options, id);
      await requirePayer(receipt, "publish", sign);
      await requireHost(options).publish(id);
      return true;
    },
    openledger_watcher: () => options.watcher()?.status() ?? null,
    openledger_getContent: async (params) => {
      const [id, offset, length] = parse(
        z.tuple([hash, size.default(0), size.default(CONTENT_PART_BYTES)]),
        params,
      );
      const { bytes, total } = await store.readContent(id as Hash, offset, length);
      return { data: hexOfBytes(bytes), total };
    },
    openledger_hasContent: async (params) => {
      const [id] = parse(z.tuple([hash]), params);
      return (await store.contentSize(id as Hash)) !== undefined;
    },
    openledger_putContent: async (params) => {
      const [id, total, offset, part] = parse(z.tuple([hash, size, size, data]), params);
      const here = await uploads.put(id as Hash, total, offset, bytesOfHex(part as Hex));
      return { received: here, total };
    },
  };
}

async function keptReceipt(options: AiRpcOptions, id: bigint): Promise<KeptReceipt> {
  const kept = await requireHost(options).receipt(id);
  if (kept) return kept;
  throw aiError("RECEIPT_UNKNOWN", {
    message: `this node has no receipt of request ${id}`,
    fix: "ask the node of the host that answered it",
    facts: { requestId: id.toString() },
  });
}

/** Prompt and answer are the payer's. @throws CodedError `RECEIPT_PRIVATE`. */
async function requirePayer(receipt: Receipt, use: ReceiptUse, sign: string | undefined): Promise<void> {
  if (sign !== undefined && (await isPayersSignature(receipt, use, sign as Hex))) return;
  const { requestId } = receipt.request;
  throw aiError("RECEIPT_PRIVATE", {
    message: `the receipt of request ${requestId} is its payer's: it was not published`,
    fix: "sign with the payer's account (--key), or ask the payer to publish it",
    facts: { requestId: requestId.toString() },
  });
}

function requireHost({ host, hostAddress }: AiRpcOptions): Host {
  const running = host();
  if (running) return running;
  throw aiError(hostAddress ? "HOST_STARTING" : "HOST_ABSENT", {
    message: hostAddress
      ? "this node's host waits for the protocol's contracts"
      : "this node answers no requests",
    fix: hostAddress ? "try again in a moment" : "ask the node of the host that the request names",
  });
}

function parse<T>(schema: z.ZodType<T>, params: readonly unknown[]): T {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw aiError("INVALID_PARAMS", {
    message: `parameter ${issue.path.join(".") || "list"}: ${issue.message}`,
    fix: "see the method's description",
  });
}
