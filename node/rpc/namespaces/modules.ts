import type { RpcMethods } from "../types.ts";

/** The methods with `rpc_modules`, which names their namespaces: call it once all others are there. */
export function withModules(methods: RpcMethods): RpcMethods {
  const namespaces = new Set(["rpc", ...Object.keys(methods).map((name) => name.split("_")[0]!)]);
  const modules = Object.fromEntries([...namespaces].sort().map((name) => [name, "1.0"]));
  return { ...methods, rpc_modules: () => modules };
}
