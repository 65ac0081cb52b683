import { bytesToHex, concatBytes, hexToBytes, setLengthLeft } from "@ethereumjs/util";
import { BLOB_BYTES, encodeBlob } from "../../node/chain/codec/blob.ts";
import { TRANSACTION_DEPOSITED } from "../../node/chain/codec/deposit.ts";
import { ZERO_HASH } from "../../node/chain/constants.ts";
import { keccakHash } from "../../node/chain/crypto.ts";
import { CONFIG_UPDATE } from "../../node/chain/system-config.ts";
import type { L1Block, L1Log, L1Transaction } from "../../node/chain/types/l1.ts";
import type { Address, BlockId, Hash } from "../../node/chain/types/primitives.ts";
import { versionedHash } from "../../node/execution/blob-hash.ts";
import { BATCHER, GENESIS_TIME, INBOX, PORTAL, SYSTEM_CONFIG } from "./chain-fixture.ts";

/** Seconds between L1 blocks. */
export const L1_BLOCK_TIME = 6n;

function word(value: bigint | number | Address): Uint8Array {
  const hex = typeof value === "string" ? value : `0x${BigInt(value).toString(16).padStart(64, "0")}`;
  return setLengthLeft(hexToBytes(hex as Hash), 32);
}

function abiBytes(content: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(content.length / 32) * 32);
  padded.set(content);
  return concatBytes(word(32n), word(content.length), padded);
}

/** A deposit as the portal logs it: `value` wei minted and sent. */
export function depositLog(from: Address, to: Address, value: bigint): Omit<L1Log, "logIndex"> {
  const opaque = concatBytes(word(value), word(value), word(100_000n).subarray(24), Uint8Array.of(0));
  const topics = [TRANSACTION_DEPOSITED, bytesToHex(word(from)), bytesToHex(word(to)), ZERO_HASH];
  return { address: PORTAL, topics, data: abiBytes(opaque) };
}

/** A ConfigUpdate of one word. */
export function configLog(kind: number, value: bigint | Address): Omit<L1Log, "logIndex"> {
  const topics = [CONFIG_UPDATE, ZERO_HASH, bytesToHex(word(kind))];
  return { address: SYSTEM_CONFIG, topics, data: abiBytes(word(value)) };
}

/** An L1 that is mined by hand. */
export class Miner {
  private blocks: L1Block[] = [];
  private transactions: L1Transaction[] = [];
  private logs: Omit<L1Log, "logIndex">[] = [];
  private fork = 0;
  /** All blobs so far, under hashes that only tell them apart. */
  readonly blobs = new Map<Hash, Uint8Array>();

  constructor() {
    this.mine();
  }

  get head(): L1Block {
    return this.blocks.at(-1)!;
  }

  get genesis(): BlockId {
    const { hash, number } = this.blocks[0]!;
    return { hash, number };
  }

  readonly at = (number: bigint): L1Block | undefined => this.blocks[Number(number)];

  /** Puts a transaction to the inbox into the next block. */
  include(input: Uint8Array, from: Address = BATCHER, type = 2): Hash {
    const hash = keccakHash(concatBytes(input, word(this.transactions.length), word(this.blocks.length)));
    this.transactions.push({ hash, type, from, to: INBOX, input });
    return hash;
  }

  /** Puts a transaction with one blob for each of these into the next block; `calldata` is what nobody should read. */
  includeBlobs(
    contents: readonly Uint8Array[],
    from: Address = BATCHER,
    calldata: Uint8Array = new Uint8Array(0),
  ): Hash {
    const hash = this.include(calldata, from, 3);
    const blobHashes = contents.map((content) => {
      const blob = content.length === BLOB_BYTES ? content : encodeBlob(content);
      const blobHash = versionedHash(blob.subarray(0, 1_000));
      this.blobs.set(blobHash, blob);
      return blobHash;
    });
    this.transactions = this.transactions.map((each) =>
      each.hash === hash ? { ...each, blobHashes } : each,
    );
    return hash;
  }

  /** Puts a log into the next block. */
  log(log: Omit<L1Log, "logIndex">): void {
    this.logs.push(log);
  }

  /** Mines a block with what was put into it. */
  mine(): L1Block {
    const parent = this.blocks.at(-1);
    const number = BigInt(this.blocks.length);
    const hash = keccakHash(
      concatBytes(word(number), word(this.fork), hexToBytes(parent?.hash ?? ZERO_HASH)),
    );
    const logs = this.logs.map((log, logIndex) => ({ ...log, logIndex }));
    const sender: L1Transaction = { hash, type: 2, from: BATCHER, to: PORTAL, input: new Uint8Array(0) };
    const block: L1Block = {
      number,
      hash,
      parentHash: parent?.hash ?? ZERO_HASH,
      timestamp: GENESIS_TIME + number * L1_BLOCK_TIME,
      baseFeePerGas: 7n,
      mixHash: hash,
      parentBeaconBlockRoot: undefined,
      excessBlobGas: 0n,
      transactions: [...this.transactions, sender],
      receipts: [...this.transactions.map(() => ({ status: 0 as const, logs: [] })), { status: 1, logs }],
    };
    this.transactions = [];
    this.logs = [];
    this.blocks.push(block);
    return block;
  }

  mineMany(count: number): void {
    for (let i = 0; i < count; i++) this.mine();
  }

  /** Takes all blocks above `number` away; what is mined next has other hashes. */
  reorgTo(number: bigint): void {
    this.blocks = this.blocks.slice(0, Number(number) + 1);
    this.fork++;
  }
}
