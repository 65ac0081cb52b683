import { equalsBytes } from "../../../base/bytes.ts";
import { CodedError } from "../../../base/errors.ts";
import { decodeExtraData } from "../../../chain/codec/extra-data.ts";
import { ZERO_HASH } from "../../../chain/constants.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { Block, BlockHeader } from "../../../chain/types/block.ts";
import type { PayloadAttributes, RollupConfig } from "../../../chain/types/rollup.ts";
import { executionError } from "../../errors.ts";
import type { FlatState } from "../../state/flat-state.ts";
import type { BlockExecutor, ChainRules, ExecutedBlock, Listen } from "../executor.ts";
import { BlockBuilder } from "./block-builder.ts";
import { DecodedAhead } from "./decoded-ahead.ts";
import { fillBlock } from "./fill.ts";
import type { MachineFactory } from "./machine.ts";
import { replayBlock } from "./trace.ts";

export interface BlockExecutorParts {
  rules: ChainRules;
  machines: MachineFactory;
  /** Follows the blocks that are made. */
  flat: FlatState;
  /** Time of the slowest gas on these machines; a pool's transaction beyond it is dropped. */
  slowestNsPerGas: number;
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

/** Runs stored blocks again on the same machines. */
export function createReplay({ rules, machines }: Pick<BlockExecutorParts, "rules" | "machines">) {
  return (parent: BlockHeader, block: Block, listen: Listen): Promise<void> =>
    replayBlock(rules, machines, parent, block, attributesOf(rules.rollup, block.header), listen);
}

/** Makes and checks blocks on the machines of one EVM. Several may be under way at once, each on its own machine. */
export function createBlockExecutor(parts: BlockExecutorParts): BlockExecutor {
  const { rules, machines, flat, slowestNsPerGas } = parts;
  const senders = new DecodedAhead(rules.rollup);
  const run = async (
    parent: BlockHeader,
    attributes: PayloadAttributes,
    work: (builder: BlockBuilder) => Promise<void>,
  ): Promise<ExecutedBlock> => {
    const builder = await BlockBuilder.open(rules, machines, parent, attributes);
    try {
      await work(builder);
      const executed = await builder.seal();
      flat.advance(executed.state);
      return executed;
    } finally {
      builder.close();
    }
  };
  return {
    build: (parent, attributes, pool, budget = {}) =>
      run(parent, attributes, async (builder) => {
        const decoded = await senders.take(attributes.transactions);
        if (budget.ahead !== undefined) senders.expect(budget.ahead);
        await builder.force(decoded);
        if (pool !== undefined && !attributes.noTxPool) {
          await fillBlock(builder, pool, budget, slowestNsPerGas);
        }
      }),
    check: (parent, block) =>
      check(rules, parent, block, (attributes) =>
        run(parent, attributes, async (builder) => {
          for (const [index, transaction] of block.transactions.entries()) {
            await builder.forceDecoded(index, transaction);
          }
        }),
      ),
  };
}

async function check(
  rules: ChainRules,
  parent: BlockHeader,
  { header }: Block,
  execute: (attributes: PayloadAttributes) => Promise<ExecutedBlock>,
): Promise<ExecutedBlock> {
  if (header.timestamp <= parent.timestamp) {
    throw blockInvalid("timestamp", { timestamp: header.timestamp, parent: parent.timestamp });
  }
  try {
    const executed = await execute(attributesOf(rules.rollup, header));
    assertSameHeader(header, executed.block.header);
    return executed;
  } catch (cause) {
    if (!(cause instanceof CodedError) || cause.code === "BLOCK_INVALID") throw cause;
    if (cause.code !== "PAYLOAD_INVALID" && cause.code !== "EXTRA_DATA_INVALID") throw cause;
    throw executionError("BLOCK_INVALID", { message: cause.message, facts: cause.facts, cause });
  }
}
