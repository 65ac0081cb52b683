import { z } from "zod";
import { addressField, parseWith, quantity } from "../chain/config/config-schema.ts";
import {
  DEFAULT_DA_FOOTPRINT_GAS_SCALAR,
  DEFAULT_EIP1559,
  MAX_GAS_LIMIT,
  MIN_GAS_LIMIT,
} from "../chain/rules/chain-spec.ts";
import { isSpanVerifierInOrder } from "../chain/rules/forks.ts";
import { encodeFeeScalars } from "../chain/scalar.ts";
import type { Address } from "../chain/types/primitives.ts";
import type { OpenLedgerConfig, SystemConfig } from "../chain/types/rollup.ts";
import { OPEN_SUPPLY, PRECOMPILE_COUNT } from "./addresses.ts";

/** An account that the L2 genesis gives OPEN to; as much is locked in the bridge on L1. */
export interface Prefund {
  address: Address;
  /** Wei of OPEN. */
  balance: bigint;
}

/** Who does what. */
export interface Roles {
  /** Owns SystemConfig, L2's ProxyAdmin and LiquidityController; guardian of SuperchainConfig; proposes to the timelock on L1. */
  owner: Address;
  /** May cancel what waits in the timelock on L1. */
  council: Address;
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
  /** Allows delays so short that nobody could object; for a chain whose OPEN is worth nothing. */
  devnet: boolean;
  l2ChainId: bigint;
  /** Seconds between L2 blocks. */
  blockTime: bigint;
  /** Seconds; 0: precompile stubs in genesis; absent: a stock chain. */
  attributionTime: bigint | undefined;
  /** The same for the SpanVerifier, never before `attributionTime`; absent: claims go by influence alone. */
  spanVerifierTime?: bigint;
  roles: Roles;
  prefunds: readonly Prefund[];
  gasLimit: bigint;
  fees: FeePlan;
  oracle: OraclePlan;
  /** Seconds that an upgrade of a contract on L1 waits in the timelock. */
  upgradeDelay: bigint;
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
  /** Seconds until an output is final: as long the challenger can delete a false one. */
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

const DAY = 86_400n;

const planSchema = z.strictObject({
  devnet: z.boolean().default(false),
  l2ChainId: positive.default(901n),
  blockTime: positive.default(2n),
  attributionTime: quantity.optional(),
  spanVerifierTime: quantity.optional(),
  roles: z
    .strictObject({
      owner: addressField,
      council: addressField.optional(),
      batcher: addressField,
      proposer: addressField,
      challenger: addressField,
      sequencer: addressField,
      feeRecipient: addressField,
    })
    .transform((roles) => ({ ...roles, council: roles.council ?? roles.owner })),
  prefunds: z.array(prefund).default([]),
  gasLimit: quantity
    .refine((value) => value >= MIN_GAS_LIMIT && value <= MAX_GAS_LIMIT, "must be 21 to 500 million")
    .default(30_000_000n),
  fees: feeSchema.prefault({}),
  oracle: z
    .strictObject({
      submissionInterval: positive.default(10n),
      finalizationPeriod: quantity.default(7n * DAY),
    })
    .prefault({}),
  upgradeDelay: quantity.default(7n * DAY),
  rollup: z
    .strictObject({
      maxSequencerDrift: positive.default(600n),
      seqWindowSize: positive.default(3600n),
      channelTimeout: positive.default(300n),
    })
    .prefault({}),
});

/** What {@link parseChainPlan} accepts: roles are needed, all else has a default. */
export type ChainPlanInput = z.input<typeof planSchema>;

/**
 * Fills in the defaults: chain 901, 2 s blocks, 30M gas, no operator fee, 0.001 gwei least base fee, an output every 10 blocks.
 * The L1 fee scalars are those of OP chains that pay in ether; since OPEN is worth less than ether, that makes data cheap, as
 * a devnet wants it. A live chain multiplies them by the price of ether in OPEN. Outputs are final, and upgrades on L1 run, after
 * 7 days; less than a day needs `devnet`, since nobody could delete a false output or leave before a bad upgrade.
 * @throws CodedError `CHAIN_PLAN_INVALID`, also when the prefunds name an account twice or exceed the supply.
 */
export function parseChainPlan(input: ChainPlanInput): ChainPlan {
  const whole = planSchema
    .refine(
      (plan) => new Set(plan.prefunds.map((item) => item.address)).size === plan.prefunds.length,
      "prefunds name an account twice",
    )
    .refine((plan) => genesisCirculation(plan) <= OPEN_SUPPLY, "prefunds exceed the supply of OPEN")
    .refine(
      (plan) => plan.devnet || plan.oracle.finalizationPeriod >= DAY,
      "oracle.finalizationPeriod is less than a day, which only a devnet may have (devnet: true)",
    )
    .refine(
      (plan) => plan.devnet || plan.upgradeDelay >= DAY,
      "upgradeDelay is less than a day, which only a devnet may have (devnet: true)",
    )
    .refine(
      ({ attributionTime, spanVerifierTime }) =>
        isSpanVerifierInOrder(forkTimes(attributionTime, spanVerifierTime)),
      "spanVerifierTime is before attributionTime",
    );
  const { attributionTime, spanVerifierTime, ...plan } = parseWith(
    whole,
    input,
    "CHAIN_PLAN_INVALID",
    "The plan of the chain",
  );
  return { ...plan, ...forkTimes(attributionTime, spanVerifierTime) };
}

function forkTimes(
  attributionTime: bigint | undefined,
  spanVerifierTime: bigint | undefined,
): OpenLedgerConfig {
  return spanVerifierTime === undefined ? { attributionTime } : { attributionTime, spanVerifierTime };
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
