import type { ExecutorKind } from "../../node/execution/evm/create-executor.ts";

/** The executor under test: OPENLEDGER_EXECUTOR, or both, which stops where they differ. */
export const EXECUTOR: ExecutorKind = kindFrom(process.env.OPENLEDGER_EXECUTOR);

function kindFrom(name: string | undefined): ExecutorKind {
  if (name === undefined || name === "both") return "both";
  if (name === "wasm" || name === "ts") return name;
  throw new Error(`OPENLEDGER_EXECUTOR is ${name}; it may be wasm, ts or both`);
}
