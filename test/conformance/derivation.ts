import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RLP } from "@ethereumjs/rlp";
import { bytesToHex, concatBytes, hexToBytes } from "@ethereumjs/util";
import { ChannelReader } from "../../node/chain/codec/channel.ts";
import { decodeBatcherData, encodeBatcherData, type Frame } from "../../node/chain/codec/frame.ts";
import {
  encodeSpanBatch,
  joinSpanBatch,
  parseSpanBatch,
  SPAN_BATCH_TYPE,
} from "../../node/chain/codec/span-batch.ts";
import { parseEnvelope } from "../../node/chain/codec/transaction-fields.ts";
import { assertEqual, type GroupResult, GroupRun } from "./group.ts";

/** Bedrock's limit: kona reads the recorded channel with it. */
const LIMITS = { maxBytes: 10_000_000, brotli: false };

function batchesOf(channel: Uint8Array): Uint8Array[] {
  const reader = new ChannelReader(channel, LIMITS);
  const batches: Uint8Array[] = [];
  for (let batch = reader.next(); batch !== undefined; batch = reader.next()) batches.push(batch);
  return batches;
}

/** A span's bytes after reading it and writing it again. `rules` are those under which kona reads it. */
function again(batch: Uint8Array, chainId: bigint): Uint8Array {
  const rules = { genesisTime: 0n, blockTime: 2n, chainId };
  const parsed = parseSpanBatch(batch);
  const span = joinSpanBatch(parsed, rules);
  const elements = span.elements.map((element) => ({
    ...element,
    transactions: element.transactions.map((raw) => ({ ...parseEnvelope(raw), raw })),
  }));
  return encodeSpanBatch({ ...span, elements, opensEpoch: parsed.originBits.get(0) }, rules);
}

/** An L1 transaction's calldata; it is an EIP-1559 one. */
function calldataOf(raw: Uint8Array): Uint8Array {
  return (RLP.decode(raw.subarray(1)) as Uint8Array[])[7]!;
}

/** Bytes of real chains: a channel, a span batch, a batcher's transaction. Each must come apart and together again. */
export async function runDerivation(folder: string): Promise<GroupResult> {
  const group = new GroupRun("derivation");
  const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
  await group.case("batch.hex: a channel of zlib with one span batch", () => {
    const text = readFileSync(join(folder, "batch.hex"), "utf8").trim();
    const batches = batchesOf(hexToBytes(`0x${text}`));
    assertEqual(batches.length, 1, "batches");
    assertEqual(batches[0]![0], SPAN_BATCH_TYPE, "type");
    assertEqual(bytesToHex(again(batches[0]!, 10n)), bytesToHex(batches[0]!), "encoding");
  });
  await group.case("raw_batch.hex: a span batch without its type", () => {
    const batch = concatBytes(Uint8Array.of(SPAN_BATCH_TYPE), read("raw_batch.hex"));
    assertEqual(bytesToHex(again(batch, 981n)), bytesToHex(batch), "encoding");
  });
  await group.case("raw_batcher_tx.hex: a batcher's transaction", () => {
    const calldata = calldataOf(read("raw_batcher_tx.hex"));
    const frames: Frame[] = decodeBatcherData(calldata);
    assertEqual(bytesToHex(encodeBatcherData(frames)), bytesToHex(calldata), "encoding");
    assertEqual(frames.length, 1, "frames");
  });
  return group.result;
}
