import type { StateReader } from "../../../execution/evm/executor.ts";
import type { RpcMethods } from "../../types.ts";
import type { TraceMethodsOptions } from "../debug/trace.ts";
import { otsAddressMethods } from "./addresses.ts";
import { otsBlockMethods } from "./blocks.ts";
import { otsCallMethods } from "./calls.ts";

/** The level of Otterscan's API that these methods are of. */
const API_LEVEL = 8;

/** All that Otterscan needs besides `eth_`. */
export function otsMethods(options: TraceMethodsOptions, state: StateReader): RpcMethods {
  return {
    ots_getApiLevel: () => API_LEVEL,
    ...otsBlockMethods(options.chain),
    ...otsCallMethods(options),
    ...otsAddressMethods(options, state),
  };
}
