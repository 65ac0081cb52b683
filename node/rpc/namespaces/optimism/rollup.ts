import { rollupConfigToJson } from "../../../chain/config/rollup-config.ts";
import { ZERO_HASH } from "../../../chain/constants.ts";
import type { L1BlockRef } from "../../../chain/types/l1.ts";
import type { BlockId } from "../../../chain/types/primitives.ts";
import type { L2BlockRef, RollupConfig } from "../../../chain/types/rollup.ts";
import { uint64Param } from "../../params.ts";
import type { RollupReader, RpcMethods, SyncStatus } from "../../types.ts";

function id({ hash, number }: BlockId): Record<string, unknown> {
  return { hash, number: Number(number) };
}

function l1Ref(ref: L1BlockRef): Record<string, unknown> {
  return { ...id(ref), parentHash: ref.parentHash, timestamp: Number(ref.timestamp) };
}

function l2Ref(ref: L2BlockRef): Record<string, unknown> {
  return {
    ...id(ref),
    parentHash: ref.parentHash,
    timestamp: Number(ref.timestamp),
    l1origin: id(ref.l1Origin),
    sequenceNumber: Number(ref.sequenceNumber),
  };
}

/** op-node's JSON of the sync status; heads that this node doesn't tell apart repeat their neighbour. */
export function syncStatusToRpc(status: SyncStatus): Record<string, unknown> {
  return {
    current_l1: l1Ref(status.currentL1),
    current_l1_finalized: l1Ref(status.finalizedL1),
    head_l1: l1Ref(status.headL1),
    safe_l1: l1Ref(status.safeL1),
    finalized_l1: l1Ref(status.finalizedL1),
    unsafe_l2: l2Ref(status.unsafeL2),
    safe_l2: l2Ref(status.safeL2),
    finalized_l2: l2Ref(status.finalizedL2),
    pending_safe_l2: l2Ref(status.safeL2),
    cross_unsafe_l2: l2Ref(status.unsafeL2),
    local_safe_l2: l2Ref(status.safeL2),
  };
}

/** The rollup node's namespace, in op-node's form. */
export function optimismMethods(reader: RollupReader, rollup: RollupConfig, version: string): RpcMethods {
  return {
    optimism_syncStatus: async () => syncStatusToRpc(await reader.syncStatus()),
    optimism_outputAtBlock: async (params) => {
      const output = await reader.outputAtBlock(uint64Param(params[0], 0, "block number"));
      return {
        version: ZERO_HASH,
        outputRoot: output.outputRoot,
        blockRef: l2Ref(output.blockRef),
        withdrawalStorageRoot: output.withdrawalStorageRoot,
        stateRoot: output.stateRoot,
        syncStatus: syncStatusToRpc(await reader.syncStatus()),
      };
    },
    optimism_safeHeadAtL1Block: async (params) => {
      const { l1Block, safeHead } = await reader.safeHeadAtL1Block(uint64Param(params[0], 0, "block number"));
      return { l1Block: id(l1Block), safeHead: id(safeHead) };
    },
    optimism_rollupConfig: () => rollupConfigToJson(rollup),
    optimism_version: () => version,
  };
}
