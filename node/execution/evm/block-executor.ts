import { equalsBytes, hexToBytes } from "@ethereumjs/util";
import { CodedError } from "../../base/errors.ts";
import { decodeExtraData } from "../../chain/codec/extra-data.ts";
import { ZERO_HASH } from "../../chain/constants.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { Block, BlockHeader } from "../../chain/types/block.ts";
import type { PayloadAttributes, RollupConfig } from "../../chain/types/rollup.ts";
import { executionError } from "../errors.ts";
import { NodeStore } from "../state/node-store.ts";
import type { StateDatabase } from "../state/types.ts";
import { BlockBuilder } from "./block-builder.ts";
import { callMessage, createAccessList } from "./ethereumjs/call.ts";
import type { ChainRules } from "./ethereumjs/chain-evm.ts";
import { estimateGas } from "./ethereumjs/estimate-gas.ts";
import type { ExecutedBlock, Executor } from "./executor.ts";

export interface BlockExecutorOptions extends ChainRules {
  /** Committed trie nodes and code, as `stateWrites` of earlier blocks put them there. */
  stateDatabase: StateDatabase;
}

function blockInvalid(field: string, facts: Record<string, unknown>): CodedError {
  return executionError("BLOCK_INVALID", { message: `Block differs from its execution in ${field}.`, facts });
}

/** The attributes that lead to this block, without its transactions. */
function attributesOf(rollup: RollupConfig, header: BlockHeader): PayloadAttributes {
  const holocene = isActive(rollup, "holocene", header.timestamp);
  const fees = holocene ? decodeExtraData(header.extraData, rollup, header.timestamp) : undefined;
  return {
    timestamp: header.timestamp,
    prevRandao: header.mixHash,
    suggestedFeeRecipient: header.miner,
    parentBeaconBlockRoot: header.parentBeaconBlockRoot ?? ZERO_HASH,
    transactions: [],
    noTxPool: true,
    gasLimit: header.gasLimit,
    eip1559: fees && { denominator: fees.denominator, elasticity: fees.elasticity },
    minBaseFee: isActive(rollup, "jovian", header.timestamp) ? fees?.minBaseFee : undefined,
  };
}

function assertSameHeader(expected: BlockHeader, actual: BlockHeader): void {
  for (const field of Object.keys(actual) as (keyof BlockHeader)[]) {
    const [a, b] = [actual[field], expected[field]];
    const same = a instanceof Uint8Array && b instanceof Uint8Array ? equalsBytes(a, b) : a === b;
    if (!same) throw blockInvalid(field, { field, block: b, executed: a });
  }
}

async function validate(
  rules: ChainRules,
  nodes: NodeStore,
  parent: BlockHeader,
  block: Block,
): Promise<ExecutedBlock> {
  const { header } = block;
  if (header.timestamp <= parent.timestamp) {
    throw blockInvalid("timestamp", { timestamp: header.timestamp, parent: parent.timestamp });
  }
  try {
    const attributes = attributesOf(rules.rollup, header);
    const builder = await BlockBuilder.open(rules, nodes, hexToBytes(parent.stateRoot), parent, attributes);
    for (const [index, transaction] of block.transactions.entries())
      await builder.forceDecoded(index, transaction);
    const executed = builder.seal();
    assertSameHeader(header, executed.block.header);
    return executed;
  } catch (cause) {
    if (!(cause instanceof CodedError) || cause.code === "BLOCK_INVALID") throw cause;
    if (cause.code !== "PAYLOAD_INVALID" && cause.code !== "EXTRA_DATA_INVALID") throw cause;
    throw executionError("BLOCK_INVALID", { message: cause.message, facts: cause.facts, cause });
  }
}

/**
 * The chain's block executor. Builds and calls may run at the same time: each works on its own state over the shared,
 * content-addressed node cache. In `build`, an aborted `signal` means "take no more from the pool": the block is sealed.
 */
export function createBlockExecutor(options: BlockExecutorOptions): Executor {
  const { stateDatabase, ...rules } = options;
  const nodes = new NodeStore(stateDatabase);
  return {
    async build(parent, attributes, pool, signal) {
      const root = hexToBytes(parent.stateRoot);
      const builder = await BlockBuilder.open(rules, nodes, root, parent, attributes);
      await builder.force(attributes.transactions);
      if (pool !== undefined && !attributes.noTxPool) await builder.fill(pool, signal);
      return builder.seal();
    },
    check: (parent, block) => validate(rules, nodes, parent, block),
    call: (header, request) => callMessage(rules, nodes, header, request),
    estimateGas: (header, request) => estimateGas(rules, nodes, header, request),
    createAccessList: (header, request) => createAccessList(rules, nodes, header, request),
  };
}
