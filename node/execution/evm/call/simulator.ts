import type { FlatState } from "../../state/flat-state.ts";
import type { Simulator } from "../executor.ts";
import { createAccessList } from "./access-list.ts";
import { estimateGas } from "./estimate-gas.ts";
import { type Simulate, toCallResult } from "./simulate.ts";

/** What RPC asks of an EVM, over one that runs single messages. */
export function createSimulator(simulate: Simulate, flat: FlatState): Omit<Simulator, "trace"> {
  return {
    call: async (header, request) => toCallResult(await simulate(header, request, { touched: false })),
    estimateGas: (header, request) => estimateGas(simulate, flat.view(header.stateRoot), header, request),
    createAccessList: (header, request) =>
      createAccessList(simulate, flat.view(header.stateRoot), header, request),
  };
}
