import type { TracerSpec } from "../../../execution/evm/tracers/spec.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { booleanParam, objectParam } from "../../params.ts";
import { RpcError } from "../../types.ts";

/** How a transaction is to be traced. */
export interface TraceConfig {
  tracer: TracerSpec;
  /** How long it may run, in ms. */
  timeoutMs: number;
}

/** geth's default: 5 seconds. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** Tracers inside of a muxTracer, and muxTracers inside each other. */
const MAX_TRACERS = 16;
const MAX_DEPTH = 2;
const MAX_NAME = 100;

type Fields = Readonly<Record<string, unknown>>;

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function flag(fields: Fields, name: string, index: number): boolean {
  const value = fields[name];
  return isAbsent(value) ? false : booleanParam(value, index, name);
}

/** The configuration of geth's tracing methods; absent: struct logs. Unknown fields are ignored. @throws RpcError as geth. */
export function traceConfigParam(value: unknown, index: number): TraceConfig {
  const fields = isAbsent(value) ? {} : objectParam(value, index, "trace config");
  if (!isAbsent(fields.overrides))
    throw invalidArgument(index, "overrides of the chain config are not supported");
  const timeoutMs = isAbsent(fields.timeout) ? DEFAULT_TIMEOUT_MS : durationParam(fields.timeout, index);
  const tracer = isAbsent(fields.tracer)
    ? structLoggerSpec(fields, index)
    : tracerSpec(fields.tracer, fields.tracerConfig, index, 0);
  return { tracer, timeoutMs };
}

function structLoggerSpec(fields: Fields, index: number): TracerSpec {
  const { limit } = fields;
  if (!isAbsent(limit) && (typeof limit !== "number" || !Number.isSafeInteger(limit) || limit < 0)) {
    throw invalidArgument(index, "limit must be a whole number of bytes");
  }
  return {
    name: "structLogger",
    memory: flag(fields, "enableMemory", index),
    stack: !flag(fields, "disableStack", index),
    storage: !flag(fields, "disableStorage", index),
    returnData: flag(fields, "enableReturnData", index),
    limit: typeof limit === "number" ? limit : 0,
  };
}

function tracerSpec(name: unknown, config: unknown, index: number, depth: number): TracerSpec {
  if (typeof name !== "string") throw invalidArgument(index, "tracer must be a string");
  const fields = isAbsent(config) ? {} : objectParam(config, index, "tracerConfig");
  const on = (field: string) => flag(fields, field, index);
  switch (name) {
    case "callTracer":
      return { name, onlyTopCall: on("onlyTopCall"), withLog: on("withLog") };
    case "flatCallTracer":
      return {
        name,
        convertParityErrors: on("convertParityErrors"),
        includePrecompiles: on("includePrecompiles"),
      };
    case "prestateTracer":
      return prestateSpec(fields, index);
    case "4byteTracer":
    case "noopTracer":
      return { name };
    case "muxTracer":
      return { name, tracers: muxed(fields, index, depth) };
    default:
      throw new RpcError(
        RPC_CODE.server,
        `tracer ${JSON.stringify(name.slice(0, MAX_NAME))} not found: this node has callTracer, flatCallTracer, prestateTracer, 4byteTracer, noopTracer, muxTracer, and struct logs without a name; no JavaScript`,
      );
  }
}

function prestateSpec(fields: Fields, index: number): TracerSpec {
  const [diffMode, includeEmpty] = [flag(fields, "diffMode", index), flag(fields, "includeEmpty", index)];
  if (diffMode && includeEmpty) {
    throw new RpcError(RPC_CODE.server, "cannot use diffMode with includeEmpty");
  }
  const [disableCode, disableStorage] = [
    flag(fields, "disableCode", index),
    flag(fields, "disableStorage", index),
  ];
  return { name: "prestateTracer", diffMode, includeEmpty, disableCode, disableStorage };
}

function muxed(fields: Fields, index: number, depth: number): [string, TracerSpec][] {
  const names = Object.keys(fields).sort();
  if (names.length > MAX_TRACERS || depth >= MAX_DEPTH) {
    throw invalidArgument(index, `a muxTracer has at most ${MAX_TRACERS} tracers, ${MAX_DEPTH} levels deep`);
  }
  return names.map((name) => [name, tracerSpec(name, fields[name], index, depth + 1)]);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^\+?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/;
const MAX_DURATION_TEXT = 64;

/** A duration in Go's form, such as `5s` or `1m30s`, in ms. */
function durationParam(value: unknown, index: number): number {
  if (typeof value !== "string") throw invalidArgument(index, "timeout must be a string");
  const shown = JSON.stringify(value.slice(0, MAX_DURATION_TEXT));
  if (value === "0") return 0;
  let rest = value;
  let sum = 0;
  while (rest.length > 0 && value.length <= MAX_DURATION_TEXT) {
    const match = DURATION.exec(rest);
    if (match === null) break;
    sum += Number(match[1]) * UNIT_MS[match[3]!]!;
    rest = rest.slice(match[0].length);
  }
  if (value === "" || rest.length > 0) throw new RpcError(RPC_CODE.server, `time: invalid duration ${shown}`);
  return sum;
}
