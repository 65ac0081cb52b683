import type { Address } from "../types/primitives.ts";
import type { Fork, RollupConfig } from "../types/rollup.ts";
import { isActive } from "./forks.ts";

/**
 * Every number that the protocol fixes, each in one place with its source. What a fork changes is a function of time; its
 * comment names the clock: an L2 block's time, or the time of the L1 block that derivation reads or a batch refers to.
 * Reference: op-node `rollup.ChainSpec`, kona `RollupConfig`, op-geth `params/protocol_params.go`.
 */

/** A parameter's values by the fork that brought them, oldest first; the first value holds before all forks. */
type Schedule<T> = readonly [first: readonly ["bedrock", T], ...later: (readonly [Fork, T])[]];

function valueAt<T>(schedule: Schedule<T>, rollup: RollupConfig, time: bigint): T {
  const [[, first], ...later] = schedule;
  return later.findLast(([fork]) => isActive(rollup, fork as Fork, time))?.[1] ?? first;
}

// Batches on L1. Spec: derivation, "Protocol parameters" and "Frame Format"; Fjord, Granite "Derivation".

/** Longest data of one frame, in bytes. */
export const MAX_FRAME_BYTES = 1_000_000;
/** What a buffered frame counts beside its data when a channel's size is measured, in bytes. */
export const FRAME_OVERHEAD = 200;
/** A frame's number has 16 bits. */
export const MAX_FRAMES_PER_CHANNEL = 0x10000;
/** Limit on a span's blocks, its transactions, one block's transactions, and one transaction's data in bytes. Spec: Delta. */
export const MAX_SPAN_BATCH_ELEMENTS = 10_000_000;
/** Decompressed bytes of a channel that count from Fjord on, which brought brotli. */
export const FJORD_MAX_RLP_BYTES_PER_CHANNEL = 100_000_000;

const RLP_BYTES_PER_CHANNEL: Schedule<number> = [
  ["bedrock", 10_000_000],
  ["fjord", FJORD_MAX_RLP_BYTES_PER_CHANNEL],
];
const CHANNEL_BANK_BYTES: Schedule<number> = [
  ["bedrock", 100_000_000],
  ["fjord", 1_000_000_000],
];
const GRANITE_CHANNEL_TIMEOUT = 50n;
const FJORD_SEQUENCER_DRIFT = 1_800n;

/** Decompressed bytes of a channel that count, and its greatest size. Clock: the L1 block that is read. */
export function maxRlpBytesPerChannel(rollup: RollupConfig, l1Time: bigint): number {
  return valueAt(RLP_BYTES_PER_CHANNEL, rollup, l1Time);
}

/** Bytes of all channels that are open at a time, before Holocene. Clock: the L1 block that is read. */
export function maxChannelBankSize(rollup: RollupConfig, l1Time: bigint): number {
  return valueAt(CHANNEL_BANK_BYTES, rollup, l1Time);
}

/** L1 blocks after a channel's first frame within which its last one must come. Clock: the L1 block that is read. */
export function channelTimeout(rollup: RollupConfig, l1Time: bigint): bigint {
  return isActive(rollup, "granite", l1Time) ? GRANITE_CHANNEL_TIMEOUT : rollup.channelTimeout;
}

/** Seconds that an L2 block may be ahead of its L1 origin with transactions of the sequencer's choice. Clock: that origin. */
export function maxSequencerDrift(rollup: RollupConfig, originTime: bigint): bigint {
  return isActive(rollup, "fjord", originTime) ? FJORD_SEQUENCER_DRIFT : rollup.maxSequencerDrift;
}

/** The last L1 block that may carry batches of an epoch. Spec: derivation, "Sequencing Window". */
export function sequencerWindowEnd(rollup: RollupConfig, epochNumber: bigint): bigint {
  return epochNumber + rollup.seqWindowSize;
}

// Deposits. Specs: deposits; Regolith; Canyon.

const L1_ATTRIBUTES_GAS: Schedule<bigint> = [
  ["bedrock", 150_000_000n],
  ["regolith", 1_000_000n],
];

/** Gas limit of the L1 attributes transaction. Clock: the L2 block. */
export function l1AttributesGas(rollup: RollupConfig, l2Time: bigint): bigint {
  return valueAt(L1_ATTRIBUTES_GAS, rollup, l2Time);
}

const DEPOSIT_RECEIPT_VERSION: Schedule<number | undefined> = [
  ["bedrock", undefined],
  ["canyon", 1],
];

/** `depositReceiptVersion`, which deposit receipts commit to from Canyon on. Clock: the L2 block. */
export function depositReceiptVersion(rollup: RollupConfig, l2Time: bigint): number | undefined {
  return valueAt(DEPOSIT_RECEIPT_VERSION, rollup, l2Time);
}

// Gas. Sources: Yellow Paper, EIP-1559, 3529, 3860, 4788, 7623; op-geth `core/genesis.go`.

/** Gas of every transaction before anything else. */
export const TX_GAS = 21_000n;
/** EIP-3860: longest initcode of a creation in bytes, Canyon on. */
export const MAX_INITCODE_BYTES = 49_152;
/** EIP-7623: least gas of a token of calldata, Isthmus on. */
export const FLOOR_GAS_PER_TOKEN = 10;
/** EIP-7623: a zero byte of calldata is one token, another byte this many. */
export const TOKENS_PER_BYTE = 4;
/** EIP-3529: at most this part of the gas used comes back. */
export const MAX_REFUND_QUOTIENT = 5n;
/** EIP-4788 and 2935: gas of a call that the block itself makes. */
export const SYSTEM_CALL_GAS = 30_000_000n;
/** EIP-2935: block hashes that the state keeps. */
export const HISTORY_SERVE_WINDOW = 8_191n;
/** EIP-1559: base fee of a genesis block in wei. */
export const INITIAL_BASE_FEE = 1_000_000_000n;
/** Bounds of the gas limit that SystemConfig on L1 accepts: room for an L1 block's deposits, and the contract's own cap. */
export const MIN_GAS_LIMIT = 21_000_000n;
export const MAX_GAS_LIMIT = 500_000_000n;

// EIP-1559. Specs: Canyon, Holocene "Dynamic EIP-1559 Parameters"; op-node's defaults of `chain_op_config`.

/** What rollup.json's `chain_op_config` means where it is silent. */
export const DEFAULT_EIP1559 = { elasticity: 6n, denominator: 50n, denominatorCanyon: 250n } as const;

/** The chain's own EIP-1559 parameters: before Holocene, and where SystemConfig says 0, 0. Clock: the L2 block. */
export function eip1559Constants(
  rollup: RollupConfig,
  l2Time: bigint,
): { denominator: number; elasticity: number } {
  const canyon = isActive(rollup, "canyon", l2Time);
  return {
    denominator: canyon ? rollup.eip1559DenominatorCanyon : rollup.eip1559Denominator,
    elasticity: rollup.eip1559Elasticity,
  };
}

// Data availability. Specs: Ecotone, Fjord "Fees", Jovian "DA Footprint"; op-geth `rollup_cost.go`; EIP-4844, 7691.

/** Millionths: fee scalars, and sizes that {@link DA_SIZE_ESTIMATE} gives. */
export const FEE_SCALE = 1_000_000n;
/** Fjord's estimate of a compressed size from a FastLZ length: linear, with a least value; all in millionths of a byte. */
export const DA_SIZE_ESTIMATE = { intercept: -42_585_600n, slope: 836_500n, least: 100_000_000n } as const;
/** Jovian writes this scalar into the L1 attributes where SystemConfig says 0. Gas per estimated byte. */
export const DEFAULT_DA_FOOTPRINT_GAS_SCALAR = 400;

const SIGNATURE_BYTES: Schedule<bigint> = [
  ["bedrock", 68n],
  ["regolith", 0n],
];

/** Bytes that Bedrock's L1 fee adds to a transaction for its signature. Clock: the L2 block. */
export function l1CostSignatureBytes(rollup: RollupConfig, l2Time: bigint): bigint {
  return valueAt(SIGNATURE_BYTES, rollup, l2Time);
}

/** EIP-4844, 7691: L1's blobs a block, and how fast their base fee moves. */
export const BLOB_SCHEDULE = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
} as const;
/** EIP-4844: least blob base fee, also what L2 sees of an L1 without blobs. Wei. */
export const MIN_BLOB_BASE_FEE = 1n;

// Precompiles. Specs: Fjord, Granite, Isthmus, Jovian, "Precompiles"; RIP-7212.

const P256_VERIFY_GAS: Schedule<bigint | undefined> = [
  ["bedrock", undefined],
  ["fjord", 3_450n],
];

/** Price of P256VERIFY; undefined where there is none yet. Clock: the L2 block. */
export function p256VerifyGas(rollup: RollupConfig, l2Time: bigint): bigint | undefined {
  return valueAt(P256_VERIFY_GAS, rollup, l2Time);
}

function precompile(low: number): Address {
  return `0x${low.toString(16).padStart(40, "0")}`;
}

const PRECOMPILE_INPUT_BYTES: ReadonlyMap<Address, Schedule<number | undefined>> = new Map([
  // bn256Pairing, BLS12 G1MSM, G2MSM and pairing.
  [
    precompile(0x08),
    [
      ["bedrock", undefined],
      ["granite", 112_687],
      ["jovian", 81_984],
    ],
  ],
  [
    precompile(0x0c),
    [
      ["bedrock", undefined],
      ["isthmus", 513_760],
      ["jovian", 288_960],
    ],
  ],
  [
    precompile(0x0e),
    [
      ["bedrock", undefined],
      ["isthmus", 488_448],
      ["jovian", 278_784],
    ],
  ],
  [
    precompile(0x0f),
    [
      ["bedrock", undefined],
      ["isthmus", 235_008],
      ["jovian", 156_672],
    ],
  ],
]);

/** Precompiles with a limit, and the longest input of each in bytes: a longer one burns all gas. Clock: the L2 block. */
export function precompileInputLimits(rollup: RollupConfig, l2Time: bigint): ReadonlyMap<Address, number> {
  const limits = new Map<Address, number>();
  for (const [address, schedule] of PRECOMPILE_INPUT_BYTES) {
    const limit = valueAt(schedule, rollup, l2Time);
    if (limit !== undefined) limits.set(address, limit);
  }
  return limits;
}
