import { z } from "zod";
import { chainError } from "../errors.ts";
import { DEFAULT_EIP1559 } from "../rules/chain-spec.ts";
import { FORKS, type Fork, type RollupConfig, type SystemConfig } from "../types/rollup.ts";
import { addressField, bytes8Field, hashField, parseWith, quantity, readJsonFile } from "./config-schema.ts";

const blockId = z.strictObject({ hash: hashField, number: quantity });

const systemConfigSchema = z.strictObject({
  batcherAddr: addressField,
  overhead: hashField,
  scalar: hashField,
  gasLimit: quantity,
  eip1559Params: bytes8Field.default("0x0000000000000000"),
  operatorFeeParams: hashField.default(`0x${"00".repeat(32)}`),
  minBaseFee: quantity.default(0n),
  daFootprintGasScalar: quantity.default(0n),
});

const forkTime = quantity.nullish();
/** Forks that this node doesn't know must not be scheduled. */
const unsupported = z.null("this node does not implement the fork").optional();

const rollupSchema = z.strictObject({
  genesis: z.strictObject({ l1: blockId, l2: blockId, l2_time: quantity, system_config: systemConfigSchema }),
  block_time: quantity,
  max_sequencer_drift: quantity,
  seq_window_size: quantity,
  channel_timeout: quantity,
  l1_chain_id: quantity,
  l2_chain_id: quantity,
  regolith_time: forkTime,
  canyon_time: forkTime,
  delta_time: forkTime,
  ecotone_time: forkTime,
  fjord_time: forkTime,
  granite_time: forkTime,
  holocene_time: forkTime,
  isthmus_time: forkTime,
  jovian_time: forkTime,
  karst_time: unsupported,
  interop_time: unsupported,
  pectra_blob_schedule_time: forkTime,
  batch_inbox_address: addressField,
  deposit_contract_address: addressField,
  l1_system_config_address: addressField,
  protocol_versions_address: addressField.optional(),
  chain_op_config: z
    .strictObject({
      eip1559Elasticity: quantity,
      eip1559Denominator: quantity,
      eip1559DenominatorCanyon: quantity.default(DEFAULT_EIP1559.denominatorCanyon),
    })
    .default({
      eip1559Elasticity: DEFAULT_EIP1559.elasticity,
      eip1559Denominator: DEFAULT_EIP1559.denominator,
      eip1559DenominatorCanyon: DEFAULT_EIP1559.denominatorCanyon,
    }),
  alt_da: z.null("alternative data availability is not supported").optional(),
});

type RollupJson = z.output<typeof rollupSchema>;

function forkTimes(json: RollupJson): RollupConfig["forkTimes"] {
  const times: Partial<Record<Fork, bigint>> = {};
  for (const fork of FORKS) {
    const time = json[`${fork}_time`];
    if (typeof time === "bigint") times[fork] = time;
  }
  return times;
}

/** As op-node: a fork can't be scheduled without, or before, the one before it. */
function assertForkOrder(times: RollupConfig["forkTimes"]): void {
  for (const [index, fork] of FORKS.entries()) {
    const before = FORKS[index - 1];
    const time = times[fork];
    if (before === undefined || time === undefined) continue;
    const earlier = times[before];
    if (earlier !== undefined && earlier <= time) continue;
    throw chainError("ROLLUP_CONFIG_INVALID", {
      message: `rollup.json schedules ${fork} at ${time}, but ${before} ${earlier === undefined ? "never" : `at ${earlier}`}.`,
      fix: `Set ${before}_time to ${time} or less.`,
      facts: { fork, time, before, earlier },
    });
  }
}

function systemConfig(json: RollupJson["genesis"]["system_config"]): SystemConfig {
  const fees = BigInt(json.eip1559Params);
  const operator = BigInt(json.operatorFeeParams);
  return {
    batcherAddress: json.batcherAddr,
    overhead: BigInt(json.overhead),
    scalar: BigInt(json.scalar),
    gasLimit: json.gasLimit,
    eip1559Denominator: Number(fees >> 32n),
    eip1559Elasticity: Number(fees & 0xffff_ffffn),
    operatorFeeScalar: Number((operator >> 64n) & 0xffff_ffffn),
    operatorFeeConstant: operator & 0xffff_ffff_ffff_ffffn,
    minBaseFee: json.minBaseFee,
    daFootprintGasScalar: Number(json.daFootprintGasScalar),
  };
}

/**
 * Parses op-node's rollup.json; unknown fields are refused as op-node does.
 * @throws CodedError `ROLLUP_CONFIG_INVALID`.
 */
export function parseRollupConfig(value: unknown): RollupConfig {
  const json = parseWith(rollupSchema, value, "ROLLUP_CONFIG_INVALID", "rollup.json");
  const times = forkTimes(json);
  assertForkOrder(times);
  return {
    genesis: {
      l1: json.genesis.l1,
      l2: json.genesis.l2,
      l2Time: json.genesis.l2_time,
      systemConfig: systemConfig(json.genesis.system_config),
    },
    blockTime: json.block_time,
    maxSequencerDrift: json.max_sequencer_drift,
    seqWindowSize: json.seq_window_size,
    channelTimeout: json.channel_timeout,
    l1ChainId: json.l1_chain_id,
    l2ChainId: json.l2_chain_id,
    forkTimes: times,
    batchInboxAddress: json.batch_inbox_address,
    depositContractAddress: json.deposit_contract_address,
    l1SystemConfigAddress: json.l1_system_config_address,
    eip1559Elasticity: Number(json.chain_op_config.eip1559Elasticity),
    eip1559Denominator: Number(json.chain_op_config.eip1559Denominator),
    eip1559DenominatorCanyon: Number(json.chain_op_config.eip1559DenominatorCanyon),
    pectraBlobScheduleTime: json.pectra_blob_schedule_time ?? undefined,
  };
}

/** @throws CodedError `CONFIG_FILE_UNREADABLE`, `ROLLUP_CONFIG_INVALID`. */
export function readRollupConfig(path: string): RollupConfig {
  return parseRollupConfig(readJsonFile(path));
}

function hexWord(value: bigint, bytes: number): string {
  return `0x${value.toString(16).padStart(2 * bytes, "0")}`;
}

function systemConfigToJson(config: SystemConfig): Record<string, unknown> {
  const fees = (BigInt(config.eip1559Denominator) << 32n) | BigInt(config.eip1559Elasticity);
  const operator = (BigInt(config.operatorFeeScalar) << 64n) | config.operatorFeeConstant;
  return {
    batcherAddr: config.batcherAddress,
    overhead: hexWord(config.overhead, 32),
    scalar: hexWord(config.scalar, 32),
    gasLimit: Number(config.gasLimit),
    eip1559Params: hexWord(fees, 8),
    operatorFeeParams: hexWord(operator, 32),
    minBaseFee: Number(config.minBaseFee),
    daFootprintGasScalar: config.daFootprintGasScalar,
  };
}

/** Inverse of {@link parseRollupConfig}: what op-node reads and `optimism_rollupConfig` answers. */
export function rollupConfigToJson(config: RollupConfig): Record<string, unknown> {
  const { genesis } = config;
  const times = FORKS.flatMap((fork) => {
    const time = config.forkTimes[fork];
    return time === undefined ? [] : [[`${fork}_time`, Number(time)] as const];
  });
  return {
    genesis: {
      l1: { hash: genesis.l1.hash, number: Number(genesis.l1.number) },
      l2: { hash: genesis.l2.hash, number: Number(genesis.l2.number) },
      l2_time: Number(genesis.l2Time),
      system_config: systemConfigToJson(genesis.systemConfig),
    },
    block_time: Number(config.blockTime),
    max_sequencer_drift: Number(config.maxSequencerDrift),
    seq_window_size: Number(config.seqWindowSize),
    channel_timeout: Number(config.channelTimeout),
    l1_chain_id: Number(config.l1ChainId),
    l2_chain_id: Number(config.l2ChainId),
    ...Object.fromEntries(times),
    ...(config.pectraBlobScheduleTime !== undefined && {
      pectra_blob_schedule_time: Number(config.pectraBlobScheduleTime),
    }),
    batch_inbox_address: config.batchInboxAddress,
    deposit_contract_address: config.depositContractAddress,
    l1_system_config_address: config.l1SystemConfigAddress,
    chain_op_config: {
      eip1559Elasticity: config.eip1559Elasticity,
      eip1559Denominator: config.eip1559Denominator,
      eip1559DenominatorCanyon: config.eip1559DenominatorCanyon,
    },
  };
}
