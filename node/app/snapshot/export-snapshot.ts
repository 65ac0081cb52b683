import { open, rename, rm } from "node:fs/promises";
import { concatBytes, hexToBytes } from "../../base/bytes.ts";
import type { CodedError } from "../../base/errors.ts";
import { inTurns } from "../../base/steps.ts";
import { KeySet } from "../../execution/state/key-set.ts";
import { NodeStore } from "../../execution/state/node-store.ts";
import { walkState } from "../../execution/state/state-walk.ts";
import { encodeBlockBody, encodeBlockHead } from "../../store/block-codec.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import { encodeStoredReceipts } from "../../store/receipt-codec.ts";
import { encodeSafeHead } from "../../store/records.ts";
import { appError } from "../errors.ts";
import { RECORD, type SnapshotHeader, SnapshotWriter } from "./format.ts";

const CACHED_NODES = 4_096;

/**
 * Writes the finalized head's state and all blocks up to it into a file, which appears whole or not at all. The chain may go on
 * meanwhile, as long as nothing is pruned. `told` gets a line of progress now and then.
 * @throws CodedError `CHAIN_SNAPSHOT_SOURCE` (no finalized block yet, or not all blocks are there), `STATE_NODE_MISSING`.
 */
export async function exportSnapshot(
  store: ChainStore,
  file: string,
  told: (text: string) => void = () => undefined,
): Promise<SnapshotHeader> {
  const genesis = store.canonicalHash(0n);
  const finalized = store.heads()?.finalized;
  const header = finalized && store.header(finalized);
  if (genesis === undefined || finalized === undefined || header === undefined || header.number === 0n) {
    throw sourceLacks("there is no finalized block yet");
  }
  const snapshot = { genesis, head: { hash: finalized, number: header.number } };
  const part = `${file}.part`;
  const handle = await open(part, "w");
  try {
    const writer = new SnapshotWriter(handle, snapshot);
    await writeState(store, hexToBytes(header.stateRoot), writer, told);
    await writeBlocks(store, header.number, writer, told);
    await writeSafeHeads(store, header.number, writer);
    await writer.finish();
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(part, file);
  return snapshot;
}

function sourceLacks(what: string): CodedError {
  return appError("CHAIN_SNAPSHOT_SOURCE", {
    message: `This node can't make a snapshot: ${what}.`,
    fix: "Wait until L1 has finalized a block of this chain, and keep the node's database whole.",
  });
}

async function writeState(
  store: ChainStore,
  root: Uint8Array,
  writer: SnapshotWriter,
  told: (text: string) => void,
): Promise<void> {
  const nodes = new NodeStore(store.state, CACHED_NODES);
  const written = new KeySet();
  const pending: { kind: typeof RECORD.node | typeof RECORD.code; key: Uint8Array }[] = [];
  const put = (kind: typeof RECORD.node | typeof RECORD.code, key: Uint8Array): boolean => {
    const isNew = written.add(key);
    if (isNew) pending.push({ kind, key });
    return isNew;
  };
  const node = (hash: Uint8Array) => {
    const value = store.state.get(hash);
    if (value === undefined) throw sourceLacks("its state is not whole");
    return value;
  };
  const drain = async () => {
    for (const { kind, key } of pending.splice(0)) {
      await writer.record(kind, kind === RECORD.code ? nodes.code(key) : node(key));
    }
  };
  const visitor = {
    node: (hash: Uint8Array) => put(RECORD.node, hash),
    code: (_key: Uint8Array, { codeHash }: { codeHash: Uint8Array }) => void put(RECORD.code, codeHash),
  };
  let entries = 0;
  for await (const _ of walkState(nodes, root, visitor)) {
    if (++entries % 100_000 === 0) told(`${entries} accounts and slots`);
    await drain();
  }
  await drain();
}

async function writeBlocks(
  store: ChainStore,
  last: bigint,
  writer: SnapshotWriter,
  told: (text: string) => void,
): Promise<void> {
  for (let number = 0n; number <= last; number++) {
    const hash = store.canonicalHash(number);
    const block = hash && store.block(hash);
    const receipts = hash && store.receipts(hash);
    if (block === undefined || receipts === undefined) throw sourceLacks(`block ${number} is not stored`);
    const [head, body] = [encodeBlockHead(block), encodeBlockBody(block)];
    const lengths = new Uint8Array(8);
    const view = new DataView(lengths.buffer);
    view.setUint32(0, head.length);
    view.setUint32(4, body.length);
    const record = await inTurns(encodeStoredReceipts(receipts));
    await writer.record(RECORD.block, concatBytes(lengths, head, body, record));
    if (number % 10_000n === 9_999n) told(`${number + 1n} blocks`);
  }
}

async function writeSafeHeads(store: ChainStore, last: bigint, writer: SnapshotWriter): Promise<void> {
  for await (const entry of store.safeHeads()) {
    if (entry.l2.number > last) continue;
    const number = new Uint8Array(8);
    new DataView(number.buffer).setBigUint64(0, entry.l1.number);
    await writer.record(RECORD.safeHead, concatBytes(number, encodeSafeHead(entry)));
  }
}
