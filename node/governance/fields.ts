import { encodeFunctionData } from "viem";
import type { ChainClient } from "../ai/client/chain.ts";
import { protocolParametersAbi as abi } from "../chain/generated/abi.ts";
import { type Book, findEntry } from "./book.ts";
import { parseCall, type WrittenCall } from "./call-text.ts";
import { governanceError } from "./errors.ts";

/** The structs of ProtocolParameters by the name that a proposal gives them. */
const STRUCTS = {
  parameters: ["parameters", "setParameters"],
  splitBounds: ["feeSplitBounds", "setFeeSplitBounds"],
  indexBounds: ["indexBounds", "setIndexBounds"],
} as const;

/** Reads calls and settings, `parameters.platformBps=800`, which change one field of what is in force now. */
export async function parseOrder(client: ChainClient, book: Book, text: string): Promise<WrittenCall> {
  const match =
    /^\s*(parameters|splitBounds|indexBounds)\.(\w+)\s*=\s*(-?\d{1,78}|0x[0-9a-fA-F]{40})\s*$/.exec(text);
  if (!match) return parseCall(book, text);
  const [getter, setter] = STRUCTS[match[1] as keyof typeof STRUCTS];
  const [, , field = "", value = ""] = match;
  const address = book.protocol.parameters;
  const now: Readonly<Record<string, unknown>> = {
    ...(await client.public.readContract({ address, abi, functionName: getter })),
  };
  const known = now[field];
  if (known === undefined) {
    throw governanceError("CALL_INVALID", {
      message: `${match[1]} has no field ${JSON.stringify(field)}`,
      fix: `choose one of ${Object.keys(now).join(", ")}`,
    });
  }
  const next = typeof known === "bigint" ? BigInt(value) : typeof known === "number" ? Number(value) : value;
  const entry = findEntry(book, address, false)!;
  const args = [{ ...now, [field]: next }] as never;
  return { entry, data: encodeFunctionData({ abi, functionName: setter, args }) };
}
