import { z } from "zod";
import { addressField, parseWith, quantity } from "../chain/config/config-schema.ts";
import {
  DEFAULT_DA_FOOTPRINT_GAS_SCALAR,
  DEFAULT_EIP1559,
  MAX_GAS_LIMIT,
  MIN_GAS_LIMIT,
} from "../chain/rules/chain-spec.ts";
import { encodeFeeScalars } from "../chain/scalar.ts";
import type { Address } from "../chain/types/primitives.ts";
import type { SystemConfig } from "../chain/types/rollup.ts";
import { OPEN_SUPPLY, PRECOMPILE_COUNT } from "./addresses.ts";

/** An account that the L2 genesis gives OPEN to; as much is locked in the bridge on L1. */
export interface Prefund {
  address: Address;
  /** Wei of OPEN. */
  balance: bigint;
}

/** Who does what. */
export interface Roles {
  /** Owns SystemConfig, both ProxyAdmins and LiquidityController; guardian of SuperchainConfig. */
  owner: Address;
  batcher: Address;
  proposer: Address;
  /** May delete outputs that are not final. */
  challenger: Address;
  /** Signs unsafe blocks for gossip. */
  sequencer: Address;
  /** Receives what the fee vaults pay out on L2. */
  feeRecipient: Address;
}

/** All that decides a chain's contracts and genesis, apart from the L1 that it is put on. */
export interface ChainPlan {
  l2ChainId: bigint;
  /** Seconds between L2 blocks. */
  blockTime: bigint;
  /** Seconds; 0: precompile stubs in genesis; absent: a stock chain. */
  attributionTime: bigint | undefined;
  roles: Roles;
  prefunds: readonly Prefund[];
  gasLimit: bigint;
  fees: FeePlan;
  oracle: OraclePlan;
  rollup: RollupPlan;
}

export interface FeePlan {
  /** Weights of L1's base fee and blob base fee in the L1 fee, millionths. The fee is in wei of OPEN per wei of ether. */
  baseFeeScalar: number;
  blobBaseFeeScalar: number;
  eip1559Denominator: number;
  eip1559Elasticity: number;
  /** Hundreds of wei per gas. */
  operatorFeeScalar: number;
  /** Wei per transaction. */
  operatorFeeConstant: bigint;
  /** Wei per gas. */
  minBaseFee: bigint;
  /** Gas per estimated byte; 0 means 400. */
  daFootprintGasScalar: number;
}

export interface OraclePlan {
  /** L2 blocks between outputs. */
  submissionInterval: bigint;
  /** Seconds until an output is final. */
  finalizationPeriod: bigint;
}

export interface RollupPlan {
  /** Seconds. */
  maxSequencerDrift: bigint;
  /** L1 blocks. */
  seqWindowSize: bigint;
  /** L1 blocks, before Granite. */
  channelTimeout: bigint;
}

const prefund = z.strictObject({ address: addressField, balance: quantity });
const u16 = z.number().int().min(0).max(0xffff);
const u32 = z.number().int().min(0).max(0xffff_ffff);
const positive = quantity.refine((value) => value > 0n, "must not be 0");

const feeSchema = z.strictObject({
  baseFeeScalar: u32.default(1368),
  blobBaseFeeScalar: u32.default(801_949),
  eip1559Denominator: u32.min(1).default(Number(DEFAULT_EIP1559.denominatorCanyon)),
  eip1559Elasticity: u32.min(1).default(Number(DEFAULT_EIP1559.elasticity)),
  operatorFeeScalar: u32.default(0),
  operatorFeeConstant: quantity.default(0n),
  minBaseFee: quantity.default(1_000_000n),
  daFootprintGasScalar: u16.default(DEFAULT_DA_FOOTPRINT_GAS_SCALAR),
});

const planSchema = z.strictObject({
  l2ChainId: positive.default(901n),
  blockTime: positive.default(2n),
  attributionTime: quantity.optional(),
  roles: z.strictObject({
    owner: addressField,
    batcher: addressField,
    proposer: addressField,
    challenger: addressField,
    sequencer: addressField,
    feeRecipient: addressField,
  }),
  prefunds: z.array(prefund).default([]),
  gasLimit: quantity
    .refine((value) => value >= MIN_GAS_LIMIT && value <= MAX_GAS_LIMIT, "must be 21 to 500 million")
    .default(30_000_000n),
  fees: feeSchema.prefault({}),
  oracle: z
    .strictObject({ submissionInterval: positive.default(10n), finalizationPeriod: quantity.default(12n) })
    .prefault({}),
  rollup: z
    .strictObject({
      maxSequencerDrift: positive.default(600n),
      seqWindowSize: positive.default(3600n),
      channelTimeout: positive.default(300n),
    })
    .prefault({}),
});

/** What {@link parseChainPlan} accepts: roles are needed, all else has the devnet's values as default. */
export type ChainPlanInput = z.input<typeof planSchema>;

/**
 * Fills in the defaults: chain 901, 2 s blocks, 30M gas, no operator fee, 0.001 gwei least base fee, an output every 10 blocks.
 * The L1 fee scalars are those of OP chains that pay in ether; since OPEN is worth less than ether, that makes data cheap, as
 * a devnet wants it. A live chain multiplies them by the price of ether in OPEN.
 * @throws CodedError `CHAIN_PLAN_INVALID`, also when the prefunds name an account twice or exceed the supply.
 */
export function parseChainPlan(input: ChainPlanInput): ChainPlan {
  const whole = planSchema
    .refine(
      (plan) => new Set(plan.prefunds.map((item) => item.address)).size === plan.prefunds.length,
      "prefunds name an account twice",
    )
    .refine((plan) => genesisCirculation(plan) <= OPEN_SUPPLY, "prefunds exceed the supply of OPEN");
  const plan = parseWith(whole, input, "CHAIN_PLAN_INVALID", "The plan of the chain");
  return { ...plan, attributionTime: plan.attributionTime };
}

/** Wei that genesis gives out, and that the bridge on L1 locks for it: the prefunds and 1 wei at each precompile. */
export function genesisCirculation(plan: Pick<ChainPlan, "prefunds">): bigint {
  return plan.prefunds.reduce((sum, item) => sum + item.balance, PRECOMPILE_COUNT);
}

/** The plan's settings in the form of derivation, as they hold at genesis. */
export function initialSystemConfig(plan: ChainPlan): SystemConfig {
  const { fees } = plan;
  return {
    batcherAddress: plan.roles.batcher,
    overhead: 0n,
    scalar: encodeFeeScalars(fees),
    gasLimit: plan.gasLimit,
    eip1559Denominator: fees.eip1559Denominator,
    eip1559Elasticity: fees.eip1559Elasticity,
    operatorFeeScalar: fees.operatorFeeScalar,
    operatorFeeConstant: fees.operatorFeeConstant,
    minBaseFee: fees.minBaseFee,
    daFootprintGasScalar: fees.daFootprintGasScalar,
  };
}
