import type { BlockHeader } from "../../../chain/types/block.ts";
import type { FlatState } from "../../state/flat-state.ts";
import type { NodeStore } from "../../state/node-store.ts";
import type { CallRequest, ChainRules, Replayer, Simulator } from "../executor.ts";
import { createAccessList } from "./access-list.ts";
import { type CallMachines, sceneOf } from "./call-block.ts";
import { estimateGas } from "./estimate-gas.ts";
import { simulateOn } from "./simulate.ts";
import { simulateBlocks } from "./simulate-blocks.ts";
import { toCallResult } from "./simulation.ts";

/** What RPC asks of an EVM, over one that runs messages. */
export function createSimulator(
  rules: ChainRules,
  flat: FlatState,
  nodes: NodeStore,
  machines: CallMachines,
): Omit<Simulator, "trace"> & Pick<Replayer, "replayCall"> {
  const simulate = simulateOn(rules, flat, machines);
  const viewOf = (header: BlockHeader, request: CallRequest) => sceneOf(rules, flat, header, request).view;
  return {
    call: async (header, request) => toCallResult(await simulate(header, request, { touched: false })),
    async replayCall(header, request, tracer) {
      await simulate(header, request, { touched: false, tracer });
    },
    estimateGas: async (header, request) => estimateGas(simulate, viewOf(header, request), header, request),
    createAccessList: async (header, request) =>
      createAccessList(simulate, viewOf(header, request), header, request),
    simulateBlocks: (header, request) => simulateBlocks({ rules, flat, nodes, machines }, header, request),
  };
}
