import { z } from "zod";
import { hexToBytes } from "../../base/bytes.ts";
import { EMPTY_REQUESTS, EMPTY_ROOT, EMPTY_UNCLES, ZERO_HASH } from "../constants.ts";
import { chainError } from "../errors.ts";
import { INITIAL_BASE_FEE } from "../rules/chain-spec.ts";
import { isActive } from "../rules/forks.ts";
import type { BlockHeader } from "../types/block.ts";
import type { Address, Hash, Hex } from "../types/primitives.ts";
import { FORKS, type Fork } from "../types/rollup.ts";
import { hexField, parseWith, quantity, readJsonFile } from "./config-schema.ts";

/** One account of the genesis state. */
export interface GenesisAccount {
  address: Address;
  /** Wei. */
  balance: bigint;
  nonce: bigint;
  code: Uint8Array;
  /** 32-byte slots to 32-byte values; zero values are left out. */
  storage: readonly (readonly [slot: Hash, value: Hash])[];
}

/** A genesis.json in geth's form with its alloc inline. */
export interface Genesis {
  chainId: bigint;
  forkTimes: Readonly<Partial<Record<Fork, bigint>>>;
  timestamp: bigint;
  number: bigint;
  gasLimit: bigint;
  gasUsed: bigint;
  baseFeePerGas: bigint;
  difficulty: bigint;
  extraData: Uint8Array;
  coinbase: Address;
  mixHash: Hash;
  parentHash: Hash;
  nonce: bigint;
  blobGasUsed: bigint;
  excessBlobGas: bigint;
  alloc: readonly GenesisAccount[];
}

function padded(bytes: number) {
  const digits = 2 * bytes;
  return z
    .string()
    .regex(new RegExp(`^(0x)?[0-9a-fA-F]{1,${digits}}$`), `expected at most ${bytes} bytes of hex`)
    .transform((value) => `0x${value.replace(/^0x/, "").toLowerCase().padStart(digits, "0")}` as Hex);
}

const accountSchema = z.looseObject({
  balance: quantity.default(0n),
  nonce: quantity.default(0n),
  code: hexField.default("0x"),
  storage: z.record(z.string(), padded(32)).default({}),
});

const optionalTime = quantity.nullish();
const genesisSchema = z.looseObject({
  config: z.looseObject({
    chainId: quantity,
    ...(Object.fromEntries(FORKS.map((fork) => [`${fork}Time`, optionalTime])) as Record<
      `${Fork}Time`,
      typeof optionalTime
    >),
  }),
  timestamp: quantity,
  number: quantity.default(0n),
  gasLimit: quantity,
  gasUsed: quantity.default(0n),
  baseFeePerGas: quantity.nullish(),
  difficulty: quantity.default(0n),
  extraData: hexField.default("0x"),
  coinbase: padded(20).default(`0x${"00".repeat(20)}`),
  mixHash: padded(32).default(ZERO_HASH),
  parentHash: padded(32).default(ZERO_HASH),
  nonce: quantity.default(0n),
  blobGasUsed: quantity.nullish(),
  excessBlobGas: quantity.nullish(),
  alloc: z.record(z.string(), accountSchema),
});

function account(key: string, value: z.output<typeof accountSchema>): GenesisAccount {
  const address = parseWith(padded(20), key, "GENESIS_INVALID", `Address ${key} of the alloc`);
  const storage = Object.entries(value.storage)
    .map(
      ([slot, word]) => [parseWith(padded(32), slot, "GENESIS_INVALID", `A slot of ${key}`), word] as const,
    )
    .filter(([, word]) => word !== ZERO_HASH);
  return { address, balance: value.balance, nonce: value.nonce, code: hexToBytes(value.code), storage };
}

/** Parses a genesis.json. @throws CodedError `GENESIS_INVALID`. */
export function parseGenesis(value: unknown): Genesis {
  const json = parseWith(genesisSchema, value, "GENESIS_INVALID", "genesis.json");
  const alloc = Object.entries(json.alloc).map(([key, item]) => account(key, item));
  if (new Set(alloc.map((item) => item.address)).size !== alloc.length) {
    throw chainError("GENESIS_INVALID", { message: "genesis.json names an account twice." });
  }
  const forkTimes: Partial<Record<Fork, bigint>> = {};
  for (const fork of FORKS) {
    const time = json.config[`${fork}Time`];
    if (typeof time === "bigint") forkTimes[fork] = time;
  }
  const { config, alloc: _alloc, ...header } = json;
  return {
    chainId: config.chainId,
    forkTimes,
    timestamp: header.timestamp,
    number: header.number,
    gasLimit: header.gasLimit,
    gasUsed: header.gasUsed,
    baseFeePerGas: header.baseFeePerGas ?? INITIAL_BASE_FEE,
    difficulty: header.difficulty,
    extraData: hexToBytes(header.extraData),
    coinbase: header.coinbase,
    mixHash: header.mixHash,
    parentHash: header.parentHash,
    nonce: header.nonce,
    blobGasUsed: header.blobGasUsed ?? 0n,
    excessBlobGas: header.excessBlobGas ?? 0n,
    alloc,
  };
}

/** @throws CodedError `CONFIG_FILE_UNREADABLE`, `GENESIS_INVALID`. */
export function readGenesis(path: string): Genesis {
  return parseGenesis(readJsonFile(path));
}

/**
 * The genesis block's header. Source: op-geth `core/genesis.go`.
 * `messagePasserRoot` is the storage root of L2ToL1MessagePasser, the withdrawals root from Isthmus on.
 */
export function genesisHeader(genesis: Genesis, stateRoot: Hash, messagePasserRoot: Hash): BlockHeader {
  const active = (fork: Fork) => isActive(genesis, fork, genesis.timestamp);
  const ecotone = active("ecotone");
  const isthmus = active("isthmus");
  const canyonRoot = active("canyon") ? EMPTY_ROOT : undefined;
  return {
    parentHash: genesis.parentHash,
    sha3Uncles: EMPTY_UNCLES,
    miner: genesis.coinbase,
    stateRoot,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: genesis.difficulty,
    number: genesis.number,
    gasLimit: genesis.gasLimit,
    gasUsed: genesis.gasUsed,
    timestamp: genesis.timestamp,
    extraData: genesis.extraData,
    mixHash: genesis.mixHash,
    nonce: hexToBytes(`0x${genesis.nonce.toString(16).padStart(16, "0")}`),
    baseFeePerGas: genesis.baseFeePerGas,
    withdrawalsRoot: isthmus ? messagePasserRoot : canyonRoot,
    blobGasUsed: ecotone ? genesis.blobGasUsed : undefined,
    excessBlobGas: ecotone ? genesis.excessBlobGas : undefined,
    parentBeaconBlockRoot: ecotone ? ZERO_HASH : undefined,
    requestsHash: isthmus ? EMPTY_REQUESTS : undefined,
  };
}
