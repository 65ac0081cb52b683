import { z } from "zod";
import { startProcess } from "../../base/processes.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ProtocolAddresses } from "../client/chain.ts";
import type { PanelResult } from "../client/disputes.ts";
import { aiError } from "../errors.ts";
import type { OpenedRequest } from "./evidence.ts";

/** What one run may take. */
export interface RerunLimits {
  /** Milliseconds. */
  ms: number;
  /** Bytes of one model in memory. */
  maxModelBytes: number;
  /** Threads of the native session; absent: all cores. */
  threads?: number;
}

/** What the claim of an epoch's inference says of its request, which is not on chain. */
export interface AskedInEpoch {
  modelId: bigint;
  requestHash: Hash;
}

/** What is run again: a request as its evidence opens it, or a record of a model's index. */
export type RerunTask =
  | { requestId: bigint; request: OpenedRequest; asked?: AskedInEpoch }
  | { modelId: bigint; rowId: number };

export interface RerunOrder {
  /** A node that has the chain and the contents. */
  rpcUrl: string;
  at: ProtocolAddresses;
  task: RerunTask;
}

/** JavaScript heap of the process in MiB; weights and sketches lie outside it. */
const HEAP_MIB = 2_048;
/** A result or an error. */
const MAX_OUTPUT = 64 * 1024;

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hash);
const outputSchema = z.union([
  z.object({ value: hash, digest: hash }),
  z.object({ code: z.string(), message: z.string() }),
]);

/**
 * Runs a request or the making of a record again in a process of its own, which ends at its limits: what a stranger had registered can't take the verifier along.
 * @throws CodedError `RERUN_FAILED` with the process's own code, or where it was ended.
 */
export async function rerun(
  { rpcUrl, at, task }: RerunOrder,
  { ms, maxModelBytes, threads }: RerunLimits,
  signal?: AbortSignal,
): Promise<PanelResult> {
  const child = startProcess("./rerun-main", import.meta.url, {
    flags: [`--max-old-space-size=${HEAP_MIB}`],
    stdio: ["pipe", "pipe", "ignore"],
  });
  const deadline = AbortSignal.timeout(Math.max(1, ms));
  const until = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const end = () => child.kill("SIGKILL");
  until.addEventListener("abort", end, { once: true });
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
    output += piece;
    if (output.length > MAX_OUTPUT) end();
  });
  // It may have ended before it read its order.
  child.stdin?.on("error", () => undefined);
  const subject =
    "rowId" in task
      ? { modelId: `${task.modelId}`, rowId: task.rowId }
      : {
          ...{ request: task.request, requestId: `${task.requestId}` },
          asked: task.asked && { ...task.asked, modelId: `${task.asked.modelId}` },
        };
  child.stdin?.end(JSON.stringify({ rpcUrl, at, task: subject, maxModelBytes, threads }));
  const status = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, by) => resolve(by ?? `status ${code}`));
  });
  until.removeEventListener("abort", end);
  const { data } = outputSchema.safeParse(parse(output));
  if (data !== undefined && "value" in data) return data;
  const words = data === undefined ? `its process ended with ${status}` : `${data.code}: ${data.message}`;
  const what =
    "rowId" in task ? `record ${task.rowId} of model ${task.modelId}` : `request ${task.requestId}`;
  throw aiError("RERUN_FAILED", {
    message: `${what} could not be run again: ${words}`,
    fix: "give the verifier more time, memory or the missing contents",
    facts: { what, status, code: data?.code, timedOut: deadline.aborted },
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
