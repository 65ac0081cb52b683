import { bytesToHex, concatBytes, hexToBytes } from "../base/bytes.ts";
import type { BlockHeader } from "../chain/types/block.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { decodeFlatUndo, encodeFlatUndo } from "./flat-undo.ts";
import { BUCKET, bucketEnd, bucketKey, numberKey } from "./keys.ts";
import type { KeyValueReader, KeyValueStore, Write } from "./level.ts";
import type { FlatDiff } from "./types.ts";

/** Blocks that can be taken back without building the table anew. */
export const FLAT_UNDO_BLOCKS = 128n;
/** Slots of accounts that go at once; the table is dropped rather than that a commit grows beyond this. */
const MAX_WIPED_SLOTS = 10_000;
/** Entries written at once while the table is built. */
const BUILD_BATCH = 4_000;
const ROOT_KEY = bucketKey(BUCKET.flatRoot);
const HASH_BYTES = 32;

/** Accounts and slots of one state by the hashes of their keys. */
export interface FlatReader {
  /**
   * A number that no other state of the table had, undefined while the table does not hold the state with this root. What was
   * read between two equal answers is of that state.
   */
  version(root: Hash): number | undefined;
  /** By the hash of an address, or by that and the hash of a slot. */
  get(key: Uint8Array): Uint8Array | undefined;
}

/** What a commit changes beside the table. */
interface FlatUpdate {
  blocks?: readonly { block: { header: BlockHeader }; state: { flat?: FlatDiff } }[];
  orphaned?: readonly { header: BlockHeader }[];
}

interface Holder {
  root: Hash;
  version: number;
}

/** Root, version u48. */
function encodeHolder({ root, version }: Holder): Uint8Array {
  const record = new Uint8Array(HASH_BYTES + 6);
  record.set(hexToBytes(root));
  Buffer.from(record.buffer).writeUIntBE(version, HASH_BYTES, 6);
  return record;
}

function decodeHolder(record: Uint8Array | undefined): Holder | undefined {
  if (record?.length !== HASH_BYTES + 6) return undefined;
  const version = Buffer.from(record.buffer, record.byteOffset, record.length).readUIntBE(HASH_BYTES, 6);
  return { root: bytesToHex(record.subarray(0, HASH_BYTES)), version };
}

const flatKey = (key: Uint8Array) => bucketKey(BUCKET.flat, key);

/** The table as another thread sees it, which does not know when it changes. */
export function sharedFlatTable(level: KeyValueReader): FlatReader {
  return {
    version(root) {
      const holder = decodeHolder(level.get(ROOT_KEY));
      return holder?.root === root ? holder.version : undefined;
    },
    get: (key) => level.get(flatKey(key)),
  };
}

/**
 * The flat table on disk: it holds the unsafe head's state. A block's changes are in the same batch as the block, with what
 * undoes them; where they can't be followed (a reorganisation deeper than {@link FLAT_UNDO_BLOCKS}), the table is dropped and
 * readers go to the tries until {@link build}.
 */
export class FlatTable implements FlatReader {
  private readonly level: KeyValueStore;
  /** Of the table on disk; undefined: it is not whole. */
  private holder: Holder | undefined;
  /** A batch is under way: what is read may be of the old or of the new state. */
  private isChanging = false;
  private lastVersion: number;
  /** There was no block before: what the first brings is all. */
  private isFresh: boolean;

  /** `head`: the stored unsafe head; undefined for a store without genesis. */
  constructor(level: KeyValueStore, head: BlockHeader | undefined) {
    this.level = level;
    this.isFresh = head === undefined;
    const holder = decodeHolder(level.get(ROOT_KEY));
    this.lastVersion = holder?.version ?? 0;
    // A database that was written by something else, or is damaged: the tries are right.
    this.holder = holder?.root === head?.stateRoot ? holder : undefined;
  }

  /** Whether it holds a state at all. */
  get isWhole(): boolean {
    return this.holder !== undefined;
  }

  version(root: Hash): number | undefined {
    return !this.isChanging && this.holder?.root === root ? this.holder.version : undefined;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.level.get(flatKey(key));
  }

  /** Has a commit's changes written with it. */
  async follow(update: FlatUpdate, write: (more: readonly Write[]) => Promise<void>): Promise<void> {
    const { blocks = [], orphaned = [] } = update;
    if (blocks.length + orphaned.length === 0) return write([]);
    const step = await this.step(blocks, orphaned);
    this.isChanging = true;
    // Not whole unless the batch is known to be written.
    this.holder = undefined;
    await write(step.writes);
    this.isFresh = false;
    this.holder = step.holder;
    this.isChanging = false;
  }

  /** Builds the table from all entries of a state, in any order; nothing may be committed meanwhile. */
  async build(root: Hash, entries: AsyncIterable<readonly [Uint8Array, Uint8Array]>): Promise<void> {
    this.holder = undefined;
    await this.level.write([{ key: ROOT_KEY, value: undefined }], true);
    await this.level.clear(bucketKey(BUCKET.flat), bucketEnd(BUCKET.flat));
    await this.level.clear(bucketKey(BUCKET.flatUndo), bucketEnd(BUCKET.flatUndo));
    let batch: Write[] = [];
    for await (const [key, value] of entries) {
      batch.push({ key: flatKey(key), value });
      if (batch.length < BUILD_BATCH) continue;
      await this.level.write(batch, false);
      batch = [];
    }
    const holder = this.next(root);
    await this.level.write([...batch, { key: ROOT_KEY, value: encodeHolder(holder) }], true);
    this.holder = holder;
  }

  private next(root: Hash): Holder {
    this.lastVersion++;
    return { root, version: this.lastVersion };
  }

  private async step(
    blocks: NonNullable<FlatUpdate["blocks"]>,
    orphaned: NonNullable<FlatUpdate["orphaned"]>,
  ): Promise<{ writes: Write[]; holder: Holder | undefined }> {
    const writes: Write[] = [];
    let root = this.holder?.root;
    const dropped = { writes: [{ key: ROOT_KEY, value: undefined }], holder: undefined };
    for (const { header } of orphaned.toReversed()) {
      root = root && this.undo(root, header.number, writes);
    }
    for (const [at, { block, state }] of blocks.entries()) {
      const { flat } = state;
      if (flat === undefined) return dropped;
      // Only what is on disk already can be looked through for an account's slots.
      if (flat.wiped.length > 0 && (at > 0 || orphaned.length > 0)) return dropped;
      if (root !== flat.parentRoot && !(this.isFresh && at === 0)) return dropped;
      const wiped = await this.wipedSlots(flat);
      if (wiped === undefined) return dropped;
      root = flat.root;
      apply(flat, wiped, block.header.number, writes);
    }
    if (root === undefined) return dropped;
    const holder = this.next(root);
    writes.push({ key: ROOT_KEY, value: encodeHolder(holder) });
    return { writes, holder };
  }

  /** Takes block `number` back. Gives the root before it, undefined where that can't be done. */
  private undo(root: Hash, number: bigint, writes: Write[]): Hash | undefined {
    const key = numberKey(BUCKET.flatUndo, number);
    const record = this.level.get(key);
    const undo = record && decodeFlatUndo(record);
    if (undo?.root !== root) return undefined;
    for (const entry of undo.entries) writes.push({ key: flatKey(entry.key), value: entry.value });
    writes.push({ key, value: undefined });
    return undo.parentRoot;
  }

  /** The stored slots of wiped accounts; undefined: too many. */
  private async wipedSlots({ wiped }: FlatDiff): Promise<[Uint8Array, Uint8Array][] | undefined> {
    const found: [Uint8Array, Uint8Array][] = [];
    for (const account of wiped) {
      const from = flatKey(concatBytes(account, Uint8Array.of(0)));
      const to = flatKey(concatBytes(account, new Uint8Array(HASH_BYTES + 1).fill(0xff)));
      for await (const [key, value] of this.level.entries(from, to)) {
        if (found.length === MAX_WIPED_SLOTS) return undefined;
        found.push([key.slice(1), value]);
      }
    }
    return found;
  }
}

function apply(
  { changes, root, parentRoot }: FlatDiff,
  wiped: readonly [Uint8Array, Uint8Array][],
  number: bigint,
  writes: Write[],
): void {
  for (const [key] of wiped) writes.push({ key: flatKey(key), value: undefined });
  for (const { key, after } of changes) writes.push({ key: flatKey(key), value: after });
  const entries = changes.map(({ key, before }) => ({ key, value: before }));
  // What was wiped comes last: a new slot of a wiped account had no value of its own before.
  const undone = [...entries, ...wiped.map(([key, value]) => ({ key, value }))];
  writes.push({
    key: numberKey(BUCKET.flatUndo, number),
    value: encodeFlatUndo({ root, parentRoot, entries: undone }),
  });
  if (number >= FLAT_UNDO_BLOCKS) {
    writes.push({ key: numberKey(BUCKET.flatUndo, number - FLAT_UNDO_BLOCKS), value: undefined });
  }
}
