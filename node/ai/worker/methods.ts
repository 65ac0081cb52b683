import { z } from "zod";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import type { ResidentAdapter } from "../engine/registered-models.ts";
import { aiError } from "../errors.ts";
import { parseParams } from "../params.ts";
import { isPayersSignature, type ReceiptUse } from "../receipt/access.ts";
import { type Receipt, receiptToJson } from "../receipt/receipt.ts";
import type { Host } from "../serve/host.ts";
import type { KeptReceipt } from "../serve/receipt-files.ts";
import type { Watcher } from "../watch/watcher.ts";
import { prepaidMethods } from "./prepaid-methods.ts";
import { questionFields, withinPrompt } from "./question.ts";
import type { WorkerMethod } from "./server.ts";

export interface WorkerMethodOptions {
  host: () => Host | undefined;
  watcher: () => Watcher | undefined;
  adapters: () => readonly ResidentAdapter[] | undefined;
  hostAddress: string | undefined;
  signal: AbortSignal;
}

const signature = z.string().regex(/^0x[0-9a-fA-F]{130}$/, "must be 0x and 130 hexadecimal digits");
const requestId = z
  .union([z.number().int().nonnegative(), z.string().regex(/^(\d{1,30}|0x[0-9a-f]{1,16})$/)])
  .transform((value) => BigInt(value));

const orderSchema = withinPrompt(z.object({ requestId, ...questionFields }));

/**
 * What a worker does for its node, by the names of the node's methods:
 * - `openledger_host()`: the account that answers here, or null;
 * - `openledger_ask({requestId, prompt, salt, before?})`: answers a paid request, the prompt after the conversation
 *   `before` (messages of role and content), for whoever knows what opens its hash; the receipt as JSON;
 * - `openledger_getReceipt(requestId, signature?)`: the receipt of an answered request: a published one, or any for its payer's
 *   signature (client/receipt-access.ts);
 * - `openledger_publishReceipt(requestId, signature)`: lets everybody read it;
 * - `openledger_watcher()`: how far the watcher is, or null;
 * - `openledger_adapters()`: the adapters in memory for `/v1`, or null where it is not served;
 * - those for payers with purses: see {@link prepaidMethods}.
 */
export function workerMethods(options: WorkerMethodOptions): Readonly<Record<string, WorkerMethod>> {
  const { hostAddress, signal } = options;
  return {
    openledger_host: () => hostAddress ?? null,
    openledger_ask: async (params) => {
      const [order] = parseParams(z.tuple([orderSchema]), params);
      const question = { ...order, salt: order.salt as Hash };
      return receiptToJson(await requireHost(options).ask(question, signal));
    },
    openledger_getReceipt: async (params) => {
      const [id, sign] = parseParams(z.tuple([requestId, signature.optional()]), params);
      const { receipt, published } = await keptReceipt(options, id);
      if (!published) await requirePayer(receipt, "read", sign);
      return receiptToJson(receipt);
    },
    openledger_publishReceipt: async (params) => {
      const [id, sign] = parseParams(z.tuple([requestId, signature]), params);
      const { receipt } = await keptReceipt(options, id);
      await requirePayer(receipt, "publish", sign);
      await requireHost(options).publish(id);
      return true;
    },
    openledger_watcher: () => options.watcher()?.status() ?? null,
    openledger_adapters: () => options.adapters() ?? null,
    ...prepaidMethods({ host: () => requireHost(options), signal }),
  };
}

async function keptReceipt(options: WorkerMethodOptions, id: bigint): Promise<KeptReceipt> {
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

function requireHost({ host, hostAddress }: WorkerMethodOptions): Host {
  const running = host();
  if (running) return running;
  throw aiError(hostAddress ? "HOST_STARTING" : "HOST_ABSENT", {
    message: hostAddress
      ? "this node's host waits for the protocol's contracts"
      : "this node answers no requests",
    fix: hostAddress ? "try again in a moment" : "ask the node of the host that the request names",
  });
}
