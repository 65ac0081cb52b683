import {
  type AbiFunction,
  decodeErrorResult,
  decodeFunctionResult,
  encodeFunctionData,
  type PublicClient,
} from "viem";
import type { Address, Hex } from "../chain/types/primitives.ts";
import { type Book, type Executor, findEntry } from "./book.ts";
import { type DecodedCall, leavesOf, valueText } from "./decode.ts";
import type { Governed } from "./governed.ts";

/** What a call would change, were it run now from its timelock. */
export interface Effect {
  call: DecodedCall;
  /** Why it would fail; undefined: it would not. */
  failure: string | undefined;
  /** What its contract says of itself that would be another. */
  changes: readonly { what: string; before: string; after: string }[];
}

interface Read {
  target: Address;
  item: AbiFunction;
  args: readonly unknown[];
  data: Hex;
}

interface SimulatedCall {
  status: Hex;
  returnData: Hex;
  error?: { message?: string; data?: Hex };
}

const CALL_GAS = "0x989680";
const READ_GAS = "0x1e8480";
/** Questions about one contract. */
const MOST_READS = 64;

/**
 * What the calls of a proposal would change now, each from its own timelock on its own chain; see {@link simulate}.
 * @throws what L1 throws where calls go there and it can't be asked.
 */
export async function effectsOf(governed: Governed, calls: readonly DecodedCall[]): Promise<Effect[]> {
  const leaves = leavesOf(calls);
  const effects: Effect[] = [];
  for (const executor of ["timelock", "upgrades", "l1"] satisfies Executor[]) {
    const own = leaves.filter((call) => call.executor === executor);
    if (own.length === 0) continue;
    const client = executor === "l1" ? await governed.l1() : governed.client;
    effects.push(...(await simulate(client.public, governed.book, executor, own)));
  }
  return effects;
}

/**
 * Runs the calls of one chain one after the other from the timelock that will run them, on the chain's newest state, and asks their
 * contracts before and after. The state of the time when they run may be another.
 * @throws what viem throws where the node does not answer eth_simulateV1.
 */
async function simulate(
  client: PublicClient,
  book: Book,
  executor: Executor,
  calls: readonly DecodedCall[],
): Promise<Effect[]> {
  const from = { timelock: book.at.timelock, upgrades: book.at.upgrades, l1: book.l1.timelock }[executor];
  const effects: Effect[] = [];
  const done: object[] = [];
  for (const call of calls) {
    const act = { from, to: call.target, data: call.data, gas: CALL_GAS };
    const reads = readsOf(call);
    const asked = reads.map(({ target, data }) => ({ from, to: target, data, gas: READ_GAS }));
    const results = await run(client, [...done, ...asked, act, ...asked]);
    const before = results.slice(done.length, done.length + reads.length);
    const result = results[done.length + reads.length]!;
    const after = results.slice(done.length + reads.length + 1);
    const failure = result.status === "0x1" ? undefined : reasonOf(book, call, result);
    const changes = reads.flatMap((read, i) => changesOf(read, before[i]!, after[i]!));
    effects.push({ call, failure, changes });
    done.push(act);
  }
  return effects;
}

async function run(client: PublicClient, calls: readonly object[]): Promise<SimulatedCall[]> {
  const request = { method: "eth_simulateV1", params: [{ blockStateCalls: [{ calls }] }, "latest"] };
  const blocks = (await client.request(request as never)) as { calls: SimulatedCall[] }[];
  return blocks[0]?.calls ?? [];
}

/** Questions whose answers the call may change: those without arguments, and those that take one argument of the call. */
function readsOf({ entry, item, args, target }: DecodedCall): Read[] {
  if (entry === undefined || item === undefined) return [];
  const views = entry.abi.filter(
    (one): one is AbiFunction =>
      one.type === "function" && (one.stateMutability === "view" || one.stateMutability === "pure"),
  );
  const reads = views.flatMap((view): Read[] => {
    if (view.inputs.length === 0) return [readOf(target, view, [])];
    if (view.inputs.length > 1) return [];
    const wanted = view.inputs[0]?.type ?? "";
    // Two structs are not the same by being structs.
    const fitting = wanted.startsWith("tuple") ? -1 : item.inputs.findIndex(({ type }) => type === wanted);
    return fitting < 0 ? [] : [readOf(target, view, [args[fitting]])];
  });
  return reads.slice(0, MOST_READS);
}

function readOf(target: Address, item: AbiFunction, args: readonly unknown[]): Read {
  return { target, item, args, data: encodeFunctionData({ abi: [item], functionName: item.name, args }) };
}

function changesOf(read: Read, before: SimulatedCall, after: SimulatedCall): Effect["changes"] {
  const { item, args } = read;
  if (before.status !== "0x1" || after.status !== "0x1" || before.returnData === after.returnData) return [];
  const [old, next] = [before, after].map(({ returnData }) => answerOf(item, returnData));
  const name = `${item.name}${args.length > 0 ? `(${args.map(String).join(", ")})` : ""}`;
  const [type] = item.outputs;
  if (!isStruct(old) || !isStruct(next)) {
    return [{ what: name, before: valueText(type, old), after: valueText(type, next) }];
  }
  return Object.keys(next)
    .filter((field) => old[field] !== next[field])
    .map((field) => ({
      what: `${name}.${field}`,
      before: valueText(undefined, old[field]),
      after: valueText(undefined, next[field]),
    }));
}

function isStruct(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function answerOf(item: AbiFunction, data: Hex): unknown {
  try {
    return decodeFunctionResult({ abi: [item], functionName: item.name, data });
  } catch {
    return data;
  }
}

/** The contract's own error by name, or what the node says. */
function reasonOf(
  book: Book,
  { entry, target, executor }: DecodedCall,
  { error, returnData }: SimulatedCall,
): string {
  const data = error?.data ?? returnData;
  const { abi } = entry ?? findEntry(book, target, executor === "l1") ?? { abi: [] };
  try {
    const { errorName, args } = decodeErrorResult({ abi, data });
    return `${errorName}(${(args ?? []).map((arg) => valueText(undefined, arg)).join(", ")})`;
  } catch {
    return error?.message ?? "it reverts";
  }
}
