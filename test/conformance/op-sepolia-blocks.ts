import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hexToBytes } from "@ethereumjs/util";
import { z } from "zod";
import { hashHeader } from "../../node/chain/codec/header.ts";
import { hashField, hexField, quantity } from "../../node/chain/config/config-schema.ts";
import { parseRollupConfig } from "../../node/chain/config/rollup-config.ts";
import type { BlockHeader } from "../../node/chain/types/block.ts";
import { createExecutor } from "../../node/execution/evm/create-executor.ts";
import { codeKey, type StateDatabase } from "../../node/execution/state/types.ts";
import { EXECUTOR } from "../support/executor-kind.ts";
import { readGzipJson } from "../support/recordings.ts";
import { assertEqual, type GroupResult, GroupRun } from "./group.ts";

const headerSchema = z.object({
  parentHash: hashField,
  sha3Uncles: hashField,
  miner: hexField,
  stateRoot: hashField,
  transactionsRoot: hashField,
  receiptsRoot: hashField,
  logsBloom: hexField,
  difficulty: quantity,
  number: quantity,
  gasLimit: quantity,
  gasUsed: quantity,
  timestamp: quantity,
  extraData: hexField,
  mixHash: hashField,
  nonce: hexField,
  baseFeePerGas: quantity,
  withdrawalsRoot: hashField.optional(),
  blobGasUsed: quantity.optional(),
  excessBlobGas: quantity.optional(),
  parentBeaconBlockRoot: hashField.optional(),
  requestsHash: hashField.optional(),
});

const fixtureSchema = z.object({
  rollup_config: z.looseObject({ genesis: z.looseObject({ system_config: z.looseObject({}) }) }),
  parent_header: headerSchema,
  executing_payload: z.object({
    timestamp: quantity,
    prevRandao: hashField,
    suggestedFeeRecipient: hexField,
    parentBeaconBlockRoot: hashField,
    transactions: z.array(hexField),
    gasLimit: quantity,
    eip1559Params: hexField.nullish(),
  }),
  expected_block_hash: hashField,
  preimages: z.record(z.string(), z.string()),
});

/** The recorded config is kona's: it has fields that op-node's rollup.json lacks. */
const KONA_ONLY = ["granite_channel_timeout", "superchain_config_address", "interop_message_expiry_window"];
const SYSTEM_CONFIG = ["batcherAddr", "overhead", "scalar", "gasLimit"];

function rollupFrom(config: z.output<typeof fixtureSchema>["rollup_config"]) {
  const plain = Object.entries(config).filter(([key]) => !KONA_ONLY.includes(key));
  const system = Object.entries(config.genesis.system_config).filter(([key]) => SYSTEM_CONFIG.includes(key));
  const genesis = { ...config.genesis, system_config: Object.fromEntries(system) };
  // kona takes a fork as active when a later one is; OP Sepolia has had Regolith since genesis.
  return parseRollupConfig({ regolith_time: 0, ...Object.fromEntries(plain), genesis });
}

function parentHeader(json: z.output<typeof headerSchema>): BlockHeader {
  return {
    ...json,
    logsBloom: hexToBytes(json.logsBloom),
    extraData: hexToBytes(json.extraData),
    nonce: hexToBytes(json.nonce),
    withdrawalsRoot: json.withdrawalsRoot,
    blobGasUsed: json.blobGasUsed,
    excessBlobGas: json.excessBlobGas,
    parentBeaconBlockRoot: json.parentBeaconBlockRoot,
    requestsHash: json.requestsHash,
  };
}

const HASH_BYTES = 32;
const CODE_PREFIX = codeKey(new Uint8Array(HASH_BYTES))[0];

/** Preimages by hash: trie nodes under their own hash, code under a prefix that the recording doesn't have. It has none analysed. */
function preimageDatabase(preimages: Record<string, string>): StateDatabase {
  return {
    get(key) {
      if (key.length > HASH_BYTES && key[0] !== CODE_PREFIX) return undefined;
      const hash = Buffer.from(key.length > HASH_BYTES ? key.subarray(1) : key).toString("hex");
      const found = preimages[`0x${hash}`] ?? preimages[hash];
      return found === undefined
        ? undefined
        : hexToBytes(found.startsWith("0x") ? (found as `0x${string}`) : `0x${found}`);
    },
  };
}

async function runBlock(path: string): Promise<void> {
  const fixture = fixtureSchema.parse(readGzipJson(path));
  const payload = fixture.executing_payload;
  const parent = parentHeader(fixture.parent_header);
  const rollup = rollupFrom(fixture.rollup_config);
  const executor = createExecutor({
    kind: EXECUTOR,
    rollup,
    openledger: { attributionTime: undefined },
    stateDatabase: preimageDatabase(fixture.preimages),
    ancestorHash: (number) => (number === parent.number ? hashHeader(parent) : undefined),
  });
  const fees = payload.eip1559Params ? BigInt(payload.eip1559Params) : undefined;
  const { block } = await executor.build(parent, {
    timestamp: payload.timestamp,
    prevRandao: payload.prevRandao,
    suggestedFeeRecipient: payload.suggestedFeeRecipient,
    parentBeaconBlockRoot: payload.parentBeaconBlockRoot,
    transactions: payload.transactions.map((raw) => hexToBytes(raw)),
    noTxPool: true,
    gasLimit: payload.gasLimit,
    eip1559:
      fees === undefined
        ? undefined
        : { denominator: Number(fees >> 32n), elasticity: Number(fees & 0xffff_ffffn) },
    minBaseFee: undefined,
  });
  assertEqual(block.hash, fixture.expected_block_hash, "block hash");
}

/** Real OP Sepolia blocks, executed from recorded state preimages alone. */
export async function runOpSepoliaBlocks(folder: string): Promise<GroupResult> {
  const group = new GroupRun("op-sepolia-blocks");
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".json.gz")).sort()) {
    await group.case(file.replace(".json.gz", ""), () => runBlock(join(folder, file)));
  }
  return group.result;
}
