import { type AbiFunction, type AbiParameter, encodeFunctionData, isAddress, isHex } from "viem";
import type { Hex } from "../chain/types/primitives.ts";
import type { Book, BookEntry } from "./book.ts";
import { governanceError } from "./errors.ts";

/** A call as its proposer writes it, `contract.function(arguments)`, with what it is on chain. */
export interface WrittenCall {
  entry: BookEntry;
  data: Hex;
}

/** Longest text of a call. */
const MOST_TEXT = 8_192;

/**
 * Reads `contract.function(argument, …)`. Numbers are decimal or 0x, addresses and bytes 0x, texts in double quotes, lists and structs
 * as JSON.
 * @throws CodedError `CALL_INVALID`.
 */
export function parseCall(book: Book, text: string): WrittenCall {
  const match = text.length > MOST_TEXT ? null : /^\s*(\w+)\.(\w+)\s*\(([\s\S]*)\)\s*$/.exec(text);
  if (!match) throw invalid(text, "it is not of the form contract.function(arguments)");
  const [, contract = "", name = "", inside = ""] = match;
  const entry = book.entries.find((one) => one.name === contract);
  if (!entry) {
    const names = book.entries.map((one) => one.name).join(", ");
    throw invalid(text, `there is no contract ${contract}; there are ${names}`);
  }
  const given = splitArguments(inside);
  const called = functionsOf(entry).filter((one) => one.name === name && isChanging(one));
  const found = called.find(({ inputs }) => inputs.length === given.length);
  if (!found) {
    const known = called.length > 0 ? called : functionsOf(entry).filter(isChanging);
    throw invalid(text, `${contract} has ${known.map(signatureOf).join(", ")}`);
  }
  const args = found.inputs.map((input, i) => valueIn(text, input, readJson(given[i]!)));
  return { entry, data: encode(text, found, args) };
}

function functionsOf({ abi }: BookEntry): AbiFunction[] {
  return abi.filter((item): item is AbiFunction => item.type === "function");
}

function isChanging({ stateMutability }: AbiFunction): boolean {
  return stateMutability !== "view" && stateMutability !== "pure";
}

function signatureOf({ name, inputs }: AbiFunction): string {
  return `${name}(${inputs.map((input) => `${input.type} ${input.name ?? ""}`.trim()).join(", ")})`;
}

function encode(text: string, item: AbiFunction, args: unknown[]): Hex {
  try {
    return encodeFunctionData({ abi: [item], functionName: item.name, args });
  } catch (cause) {
    throw invalid(text, (cause as Error).message.split("\n")[0] ?? "an argument does not fit", cause);
  }
}

/** Parts of an argument list: commas inside brackets and quotes separate nothing. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let isQuoted = false;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]!;
    if (sign === "\\" && isQuoted) i++;
    else if (sign === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if ("[{".includes(sign)) depth++;
    else if ("]}".includes(sign)) depth--;
    else if (sign === "," && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  const last = text.slice(from).trim();
  return parts.length === 0 && last === "" ? [] : [...parts, last];
}

/** JSON, where numbers, addresses and bytes need no quotes. */
function readJson(part: string): unknown {
  // Numbers beyond 2^53 stay exact as texts.
  const quoted = part.replace(/"(?:[^"\\]|\\.)*"|\b0x[0-9a-fA-F]*\b|-?\b\d+\b/g, (word) =>
    word.startsWith('"') ? word : `"${word}"`,
  );
  try {
    return JSON.parse(quoted);
  } catch {
    return part;
  }
}

/** The value in the form that viem encodes. */
function valueIn(text: string, input: AbiParameter, value: unknown): unknown {
  const { type } = input;
  const list = /^(.*)\[(\d*)\]$/.exec(type);
  if (list) {
    if (!Array.isArray(value)) throw invalid(text, `${input.name ?? type} is no list`);
    return value.map((item) => valueIn(text, { ...input, type: list[1]! } as AbiParameter, item));
  }
  if (type === "tuple") {
    const { components } = input as { components: readonly AbiParameter[] };
    const fields = value as Record<string, unknown>;
    if (typeof value !== "object" || value === null)
      throw invalid(text, `${input.name ?? type} is no struct`);
    return Object.fromEntries(
      components.map((field) => [field.name, valueIn(text, field, fields[field.name ?? ""])]),
    );
  }
  if (/^u?int/.test(type)) return numberOf(text, type, value);
  if (type === "bool" && typeof value === "boolean") return value;
  if (type === "address" && typeof value === "string" && isAddress(value)) return value;
  if (type.startsWith("bytes") && isHex(value)) return value;
  if (type === "string" && typeof value === "string") return value;
  throw invalid(text, `${JSON.stringify(value)} is no ${type}`);
}

/** Numbers of up to 48 bits are viem's numbers, larger ones its big integers. */
function numberOf(text: string, type: string, value: unknown): number | bigint {
  if (typeof value !== "string" || !/^(-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value))
    throw invalid(text, `${JSON.stringify(value)} is no ${type}`);
  const bits = Number(/\d+$/.exec(type)?.[0] ?? 256);
  return bits <= 48 ? Number(value) : BigInt(value);
}

function invalid(text: string, why: string, cause?: unknown) {
  return governanceError("CALL_INVALID", {
    message: `${JSON.stringify(text.slice(0, 200))} is no call that can be proposed: ${why}`,
    fix: "write one like systemConfig.setGasLimit(40000000) or parameters.platformBps=800",
    cause,
  });
}
