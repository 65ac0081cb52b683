import { hexToBytes } from "../../base/bytes.ts";
import { isCodedError } from "../../base/errors.ts";
import type { UnrecoveredTransaction } from "../../chain/codec/transaction.ts";
import { AdmissionQueue } from "../../execution/mempool/admission-queue.ts";
import {
  type AdmissionRules,
  MAX_TRANSACTION_BYTES,
  readEnvelope,
} from "../../execution/mempool/candidate.ts";
import { recoverSendersOffThread } from "../../execution/senders.ts";
import { invalidArgument, RPC_CODE, toErrorObject } from "../errors.ts";
import { RpcError } from "../types.ts";
import { AdmissionPipe } from "./admission-pipe.ts";
import type { MethodAnswer } from "./answer-text.ts";
import { type ChainLink, ChainRefusal } from "./chain-link.ts";

/**
 * What of `eth_sendRawTransaction` needs no state: hex, size, the one encoding, the chain id, gas and fees, the signatures.
 * Transactions that come in one turn of the event loop, or while others are being recovered, go on together, in their order.
 */
export class TransactionDesk {
  private readonly rules: AdmissionRules;
  private readonly queue: AdmissionQueue;

  constructor(link: ChainLink, rules: AdmissionRules) {
    this.rules = rules;
    const pipe = new AdmissionPipe((candidates) => link.admit(candidates));
    this.queue = new AdmissionQueue(recoverSendersOffThread, (candidates) => pipe.admit(candidates));
  }

  /** `params`: JSON of a list. Never rejects. */
  async send(params: string): Promise<MethodAnswer> {
    try {
      const hash = await this.queue.add(this.decode(params));
      return { text: `"${hash}"`, isError: false };
    } catch (error) {
      return { text: refusalText(error), isError: true };
    }
  }

  private decode(params: string): UnrecoveredTransaction {
    const [hex] = JSON.parse(params) as unknown[];
    if (typeof hex !== "string")
      throw invalidArgument(0, hex === undefined ? "missing data" : "data must be a string");
    const bytes = Math.ceil(hex.length / 2) - 1;
    if (bytes > MAX_TRANSACTION_BYTES) {
      const message = `oversized data: transaction size ${bytes}, limit ${MAX_TRANSACTION_BYTES}`;
      throw new RpcError(RPC_CODE.server, message, { code: "TXPOOL_SIZE" });
    }
    return readEnvelope(bytesOf(hex), this.rules);
  }
}

function bytesOf(hex: string): Uint8Array {
  try {
    return hexToBytes(hex);
  } catch {
    throw invalidArgument(0, "data is not 0x-prefixed hex of whole bytes");
  }
}

function refusalText(error: unknown): string {
  if (error instanceof ChainRefusal) return error.text;
  const isKnown = error instanceof RpcError || isCodedError(error);
  return JSON.stringify(toErrorObject(isKnown ? error : undefined));
}
