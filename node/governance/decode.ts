import { type AbiFunction, type AbiParameter, decodeFunctionData, toFunctionSelector } from "viem";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { type Book, type BookEntry, type Executor, findEntry } from "./book.ts";

/** A call in words. */
export interface DecodedCall {
  /** The timelock that it runs from. */
  executor: Executor;
  target: Address;
  data: Hex;
  /** Absent where the contract is none that governance knows. */
  entry: BookEntry | undefined;
  item: AbiFunction | undefined;
  args: readonly unknown[];
  /** What it schedules elsewhere, in the order in which it runs there. */
  inner: readonly DecodedCall[];
}

/** A proposal's calls, with those that pass on to another timelock. Data of unknown form stays data. */
export function decodeActions(
  book: Book,
  { targets, calldatas }: { targets: readonly Address[]; calldatas: readonly Hex[] },
): DecodedCall[] {
  return targets.map((target, i) => decodeCall(book, "timelock", target, calldatas[i]!));
}

function decodeCall(book: Book, executor: Executor, target: Address, data: Hex): DecodedCall {
  const entry = findEntry(book, target, executor === "l1");
  const found = entry && decode(entry, data);
  const call = { executor, target, data, entry, item: found?.item, args: found?.args ?? [] };
  return { ...call, inner: innerOf(book, call) };
}

function decode(entry: BookEntry, data: Hex): { item: AbiFunction; args: readonly unknown[] } | undefined {
  const item = entry.abi.find(
    (one): one is AbiFunction =>
      one.type === "function" && toFunctionSelector(one) === data.slice(0, 10).toLowerCase(),
  );
  if (item === undefined) return undefined;
  try {
    return { item, args: decodeFunctionData({ abi: [item], data }).args ?? [] };
  } catch {
    return undefined;
  }
}

/** Calls that a call hands to another timelock. */
function innerOf(book: Book, { entry, item, args }: Omit<DecodedCall, "inner">): DecodedCall[] {
  if (entry?.name === "upgrades" && item?.name === "scheduleBatch") {
    const [targets, , payloads] = args as [Address[], bigint[], Hex[]];
    return targets.map((target, i) => decodeCall(book, "upgrades", target, payloads[i]!));
  }
  if (entry?.name === "messenger" && item?.name === "sendMessage") {
    const [target, message] = args as [Address, Hex];
    const relay = findEntry(book, target, true);
    const relayed = relay?.name === "relay" ? decode(relay, message) : undefined;
    if (relayed?.item.name !== "schedule") return [];
    const [targets, payloads] = relayed.args as [Address[], Hex[]];
    return targets.map((one, i) => decodeCall(book, "l1", one, payloads[i]!));
  }
  return [];
}

/** The calls that change something, without those that only pass them on. */
export function leavesOf(calls: readonly DecodedCall[]): DecodedCall[] {
  return calls.flatMap((call) => (call.inner.length > 0 ? leavesOf(call.inner) : [call]));
}

/** The part of a proposal that waits in the timelock of upgrades: arguments and salt of its operation. */
export function upgradeOperation(calls: readonly DecodedCall[]) {
  const call = calls.find(({ entry, item }) => entry?.name === "upgrades" && item?.name === "scheduleBatch");
  if (call === undefined) return undefined;
  const [targets, values, payloads, predecessor, salt] = call.args as [
    Address[],
    bigint[],
    Hex[],
    Hash,
    Hash,
  ];
  return [targets, values, payloads, predecessor, salt] as const;
}

/** `name(argument: value, …)`. */
export function callText({ entry, item, args, target, data }: DecodedCall): string {
  if (entry === undefined || item === undefined) return `${target} ${data}`;
  const parts = item.inputs.map((input, i) => `${input.name ?? i}: ${valueText(input, args[i])}`);
  return `${entry.name}.${item.name}(${parts.join(", ")})`;
}

/** A value of the ABI in words. */
export function valueText(type: AbiParameter | undefined, value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => valueText(undefined, item)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([name, item]) => `${name}: ${valueText(undefined, item)}`)
      .join(", ")}}`;
  }
  return type?.type === "string" ? JSON.stringify(value) : String(value);
}
