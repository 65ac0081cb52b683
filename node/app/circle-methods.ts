import { dirname, join } from "node:path";
import { readCircleFile } from "../circle/addresses.ts";
import type { RpcMethods } from "../rpc/types.ts";

/** Beside the file of the protocol's addresses; it comes when OpenCircle is deployed. */
export function circleFile(protocolFile: string): string {
  return join(dirname(protocolFile), "circle.json");
}

export function circleMethods(protocolFile: string | undefined): RpcMethods {
  if (protocolFile === undefined) return {};
  return {
    /** Addresses of OpenCircle on L2, or null before it is deployed. */
    openledger_circle: () => readCircleFile(circleFile(protocolFile)) ?? null,
  };
}
