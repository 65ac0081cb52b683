import {
  EMPTY_REQUESTS,
  EMPTY_ROOT,
  EMPTY_UNCLES,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../../../chain/constants.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { executionError } from "../../errors.ts";
import type { BlockCalls } from "../executor.ts";

/** Blocks of one simulation, those that fill gaps included; as in geth. */
export const MAX_SIMULATED_BLOCKS = 256;
/** Seconds between blocks whose time is not given; as in geth. */
const TIME_STEP = 12n;

/** A block with its number and time. */
export interface PlacedBlock extends BlockCalls {
  number: bigint;
  timestamp: bigint;
}

/**
 * Gives every block its number and time, and fills gaps with empty blocks.
 * @throws CodedError `SIMULATE_BLOCK_NUMBER`, `SIMULATE_TIMESTAMP`, `SIMULATE_TOO_MANY`, in geth's words.
 */
export function placeBlocks(base: BlockHeader, blocks: readonly BlockCalls[]): PlacedBlock[] {
  const placed: PlacedBlock[] = [];
  let { number, timestamp } = base;
  for (const block of blocks) {
    const next = block.override.number ?? number + 1n;
    if (next <= number) {
      throw executionError("SIMULATE_BLOCK_NUMBER", {
        message: `block numbers must be in order: ${next} <= ${number}`,
        facts: { number, next },
      });
    }
    if (next - base.number > MAX_SIMULATED_BLOCKS) {
      throw executionError("SIMULATE_TOO_MANY", { message: "too many blocks", facts: { next } });
    }
    for (number++; number < next; number++) {
      timestamp += TIME_STEP;
      placed.push({ override: {}, beaconRoot: undefined, accounts: [], calls: [], number, timestamp });
    }
    const time = block.override.time ?? timestamp + TIME_STEP;
    if (time <= timestamp) {
      throw executionError("SIMULATE_TIMESTAMP", {
        message: `block timestamps must be in order: ${time} <= ${timestamp}`,
        facts: { timestamp, time },
      });
    }
    timestamp = time;
    placed.push({ ...block, number, timestamp });
  }
  return placed;
}

/** What is known of a simulated header before its block runs; coinbase and gas limit go on from the block before. */
export function simulatedHeader(
  rollup: RollupConfig,
  before: Pick<BlockHeader, "miner" | "gasLimit">,
  parentHash: BlockHeader["parentHash"],
  { override, beaconRoot, number, timestamp }: PlacedBlock,
  baseFeePerGas: bigint,
): BlockHeader {
  const ecotone = isActive(rollup, "ecotone", timestamp);
  return {
    parentHash,
    sha3Uncles: EMPTY_UNCLES,
    miner: override.feeRecipient ?? before.miner ?? ZERO_ADDRESS,
    stateRoot: EMPTY_ROOT,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number,
    gasLimit: override.gasLimit ?? before.gasLimit,
    gasUsed: 0n,
    timestamp,
    extraData: new Uint8Array(0),
    mixHash: override.prevRandao ?? ZERO_HASH,
    nonce: new Uint8Array(8),
    baseFeePerGas,
    withdrawalsRoot: isActive(rollup, "canyon", timestamp) ? EMPTY_ROOT : undefined,
    blobGasUsed: ecotone ? 0n : undefined,
    excessBlobGas: ecotone ? 0n : undefined,
    parentBeaconBlockRoot: ecotone ? (beaconRoot ?? ZERO_HASH) : undefined,
    requestsHash: isActive(rollup, "isthmus", timestamp) ? EMPTY_REQUESTS : undefined,
  };
}
