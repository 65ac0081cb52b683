import { bigIntToUnpaddedBytes, bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { keccakHash } from "../crypto.ts";
import { chainError } from "../errors.ts";
import type { BlockHeader } from "../types/block.ts";
import type { Hash } from "../types/primitives.ts";
import { fieldReader } from "./fields.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "./rlp.ts";

const MIN_FIELDS = 15;
const MAX_FIELDS = 21;

type Optional = Hash | bigint | undefined;

function encodeOptional(value: Exclude<Optional, undefined>): Uint8Array {
  return typeof value === "bigint" ? bigIntToUnpaddedBytes(value) : hexToBytes(value);
}

/** The header's RLP fields in order; the fork-dependent tail ends at the first absent field. */
export function headerFields(header: BlockHeader): Uint8Array[] {
  const fields = [
    hexToBytes(header.parentHash),
    hexToBytes(header.sha3Uncles),
    hexToBytes(header.miner),
    hexToBytes(header.stateRoot),
    hexToBytes(header.transactionsRoot),
    hexToBytes(header.receiptsRoot),
    header.logsBloom,
    bigIntToUnpaddedBytes(header.difficulty),
    bigIntToUnpaddedBytes(header.number),
    bigIntToUnpaddedBytes(header.gasLimit),
    bigIntToUnpaddedBytes(header.gasUsed),
    bigIntToUnpaddedBytes(header.timestamp),
    header.extraData,
    hexToBytes(header.mixHash),
    header.nonce,
  ];
  const tail: Optional[] = [
    header.baseFeePerGas,
    header.withdrawalsRoot,
    header.blobGasUsed,
    header.excessBlobGas,
    header.parentBeaconBlockRoot,
    header.requestsHash,
  ];
  for (const value of tail) {
    if (value === undefined) break;
    fields.push(encodeOptional(value));
  }
  return fields;
}

export function encodeHeader(header: BlockHeader): Uint8Array {
  return encodeRlp(headerFields(header));
}

/** Keccak of the header's RLP: the block hash. */
export function hashHeader(header: BlockHeader): Hash {
  return keccakHash(encodeHeader(header));
}

const read = fieldReader("HEADER_INVALID", "Block header");

/** Inverse of {@link headerFields}. @throws CodedError `HEADER_INVALID`. */
export function headerFromFields(fields: unknown): BlockHeader {
  const f = read.list(fields, "header");
  if (f.length < MIN_FIELDS || f.length > MAX_FIELDS) {
    throw chainError("HEADER_INVALID", { message: `Block header has ${f.length} fields.` });
  }
  const hash = (i: number, name: string) => bytesToHex(read.fixed(f[i], 32, name));
  const has = (i: number) => f.length > i;
  return {
    parentHash: hash(0, "parentHash"),
    sha3Uncles: hash(1, "sha3Uncles"),
    miner: bytesToHex(read.fixed(f[2], 20, "miner")),
    stateRoot: hash(3, "stateRoot"),
    transactionsRoot: hash(4, "transactionsRoot"),
    receiptsRoot: hash(5, "receiptsRoot"),
    logsBloom: read.fixed(f[6], 256, "logsBloom"),
    difficulty: read.uint(f[7], 256, "difficulty"),
    number: read.uint(f[8], 64, "number"),
    gasLimit: read.uint(f[9], 64, "gasLimit"),
    gasUsed: read.uint(f[10], 64, "gasUsed"),
    timestamp: read.uint(f[11], 64, "timestamp"),
    extraData: read.bytes(f[12], "extraData"),
    mixHash: hash(13, "mixHash"),
    nonce: read.fixed(f[14], 8, "nonce"),
    baseFeePerGas: has(15) ? read.uint(f[15], 256, "baseFeePerGas") : undefined,
    withdrawalsRoot: has(16) ? hash(16, "withdrawalsRoot") : undefined,
    blobGasUsed: has(17) ? read.uint(f[17], 64, "blobGasUsed") : undefined,
    excessBlobGas: has(18) ? read.uint(f[18], 64, "excessBlobGas") : undefined,
    parentBeaconBlockRoot: has(19) ? hash(19, "parentBeaconBlockRoot") : undefined,
    requestsHash: has(20) ? hash(20, "requestsHash") : undefined,
  };
}

/** @throws CodedError `HEADER_INVALID`. */
export function decodeHeader(raw: Uint8Array): BlockHeader {
  let fields: RlpItem;
  try {
    fields = decodeRlp(raw);
  } catch (cause) {
    throw chainError("HEADER_INVALID", { message: "Block header: bad RLP.", cause });
  }
  return headerFromFields(fields);
}
