import { z } from "zod";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { TraceSubject } from "../../../execution/evm/executor.ts";
import { RPC_CODE } from "../../errors.ts";
import { hashParam } from "../../params.ts";
import { type RpcContext, RpcError, type RpcMethods } from "../../types.ts";
import { runTrace, type TraceMethodsOptions, tracedTransaction } from "../debug/trace.ts";
import { traceConfigParam } from "../debug/trace-config.ts";

/** A call as callTracer shows it. */
export interface TracedCall {
  type: string;
  from: Address;
  to?: Address | undefined;
  value?: string | undefined;
  input: string;
  output?: string | undefined;
  error?: string | undefined;
  calls?: readonly TracedCall[] | undefined;
}

/** Our own tracer's text: its form is known, only its kind is looked at. */
const traced = z.custom<TracedCall>((value) => typeof value === "object" && value !== null);
const tracedBlock = z.array(z.object({ txHash: z.custom<Hash>(), result: traced.optional() }));

/** Characters of a trace that is read on the thread of the chain. */
const MAX_TRACE_TEXT = 8 << 20;
const CALL_TRACER = { tracer: "callTracer" };
const NOBODY = `0x${"00".repeat(20)}` as const;

async function callTrace(
  { simulator }: TraceMethodsOptions,
  parent: BlockHeader,
  subject: TraceSubject,
  context: RpcContext,
): Promise<unknown> {
  const config = traceConfigParam(CALL_TRACER, 1);
  const { text } = await runTrace(simulator, parent, subject, config, context);
  if (text.length > MAX_TRACE_TEXT) throw new RpcError(RPC_CODE.tooLarge, "trace too large");
  return JSON.parse(text);
}

/** All calls of a block, by transaction. @throws RpcError as `debug_traceBlock`. */
export async function callsOfBlock(
  options: TraceMethodsOptions,
  parent: BlockHeader,
  block: Extract<TraceSubject, { kind: "block" }>,
  context: RpcContext,
): Promise<readonly { txHash: Hash; result?: TracedCall | undefined }[]> {
  return tracedBlock.parse(await callTrace(options, parent, block, context));
}

/** Calls before those inside of them, with their depth. */
export function* flatCalls(call: TracedCall, depth = 0): Generator<{ call: TracedCall; depth: number }> {
  yield { call, depth };
  for (const inner of call.calls ?? []) yield* flatCalls(inner, depth + 1);
}

/** As {@link flatCalls}, without calls that failed and all inside of them: these changed nothing. */
export function* lastingCalls(call: TracedCall, depth = 0): Generator<{ call: TracedCall; depth: number }> {
  if (call.error !== undefined) return;
  yield { call, depth };
  for (const inner of call.calls ?? []) yield* lastingCalls(inner, depth + 1);
}

/** Otterscan's numbers of what a call did besides running code. */
const OPERATION: Readonly<Record<string, number>> = { CALL: 0, SELFDESTRUCT: 1, CREATE: 2, CREATE2: 3 };

function operations(top: TracedCall): unknown[] {
  const found: unknown[] = [];
  for (const { call, depth } of lastingCalls(top)) {
    const type = OPERATION[call.type];
    const movesNothing = call.type === "CALL" && BigInt(call.value ?? "0x0") === 0n;
    if (depth === 0 || type === undefined || movesNothing) continue;
    found.push({ type, from: call.from, to: call.to ?? NOBODY, value: call.value ?? "0x0" });
  }
  return found;
}

/** Calls that carry no value of their own show none. */
const WITHOUT_VALUE = new Set(["DELEGATECALL", "STATICCALL"]);

function entry({ call, depth }: { call: TracedCall; depth: number }): Record<string, unknown> {
  const { type, from, to, value, input, output } = call;
  return {
    ...{ type, depth, from, to: to ?? NOBODY, input, output: output ?? "0x" },
    value: WITHOUT_VALUE.has(type) ? null : (value ?? "0x0"),
  };
}

/** What Otterscan asks of one transaction's calls. Source: Otterscan's JSON-RPC API, level 8. */
export function otsCallMethods(options: TraceMethodsOptions): RpcMethods {
  const callsOf = async (param: unknown, context: RpcContext) => {
    const { parent, subject } = await tracedTransaction(options.chain, hashParam(param, 0));
    return traced.parse(await callTrace(options, parent, subject, context));
  };
  return {
    ots_traceTransaction: async (params, context) =>
      Array.from(flatCalls(await callsOf(params[0], context)), entry),
    ots_getInternalOperations: async (params, context) => operations(await callsOf(params[0], context)),
    /** What the transaction reverted with; "0x" for one that did not fail, or failed without a word. */
    ots_getTransactionError: async (params, context) => {
      const { error, output } = await callsOf(params[0], context);
      return error === undefined ? "0x" : (output ?? "0x");
    },
  };
}
