import { bytesToHex, concatBytes, hexToBytes } from "../base/bytes.ts";
import type { Mutex } from "../base/mutex.ts";
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
const BUILD_BATCH = 2_000;
/** Keys that commits may change while the table is built: about 100 MB of them. */
const MAX_CHANGED = 1_000_000;
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

/** Where a table is built from: a state, and all its entries in any order. */
export interface FlatSource {
  root: Hash;
  entries: AsyncIterable<readonly [Uint8Array, Uint8Array]>;
}

/** A table that is being built. */
interface Building {
  /** Of the state that it will hold: that of the newest block. */
  root: Hash;
  /** Keys that blocks have changed since it began: what the source has of them is older. */
  changed: Set<string>;
}

/** What a commit does to the table. */
interface Step {
  writes: Write[];
  /** Of the table afterwards. */
  holder?: Holder;
  /** Of the state that a table under construction is to hold afterwards. */
  built?: Hash;
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
const textOf = (key: Uint8Array) =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");

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
 * readers go to the tries until it is built again.
 */
export class FlatTable implements FlatReader {
  private readonly level: KeyValueStore;
  private readonly writing: Mutex;
  private building: Building | undefined;
  /** Of the table on disk; undefined: it is not whole. */
  private holder: Holder | undefined;
  /** A batch is under way: what is read may be of the old or of the new state. */
  private isChanging = false;
  private lastVersion: number;
  /** There was no block before: what the first brings is all. */
  private isFresh: boolean;

  /** `head`: the stored unsafe head; undefined for a store without genesis. `writing`: what commits hold while they write. */
  constructor(level: KeyValueStore, head: BlockHeader | undefined, writing: Mutex) {
    this.level = level;
    this.writing = writing;
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
    const { building } = this;
    // Neither goes on unless the batch is known to be written.
    this.building = undefined;
    const step =
      building === undefined
        ? await this.step(blocks, orphaned)
        : stepWhileBuilding(building, blocks, orphaned);
    this.isChanging = true;
    this.holder = undefined;
    await write(step.writes);
    this.isFresh = false;
    this.holder = step.holder;
    this.isChanging = false;
    if (building === undefined || step.built === undefined) return;
    building.root = step.built;
    this.building = building;
  }

  /**
   * Builds the table anew. Commits may go on meanwhile: what they change is put in at once. `source` is asked while none is under way,
   * for the state of the head. False: a commit could not be followed (a reorganisation, an account with storage that went), and
   * there is no table.
   */
  async build(source: () => FlatSource): Promise<boolean> {
    await this.writing.run(() => this.drop());
    await this.level.clear(bucketKey(BUCKET.flat), bucketEnd(BUCKET.flat));
    await this.level.clear(bucketKey(BUCKET.flatUndo), bucketEnd(BUCKET.flatUndo));
    const { building, entries } = await this.writing.run(async () => {
      const { root, entries } = source();
      this.building = { root, changed: new Set() };
      return { building: this.building, entries };
    });
    try {
      let batch: (readonly [Uint8Array, Uint8Array])[] = [];
      for await (const entry of entries) {
        batch.push(entry);
        if (batch.length < BUILD_BATCH) continue;
        if (!(await this.addBuilt(building, batch, false))) return false;
        batch = [];
      }
      return await this.addBuilt(building, batch, true);
    } finally {
      if (this.building === building) this.building = undefined;
    }
  }

  private async drop(): Promise<void> {
    this.holder = undefined;
    this.building = undefined;
    await this.level.write([{ key: ROOT_KEY, value: undefined }], true);
  }

  /** Writes entries of the state that the building began with. False: it is lost. */
  private addBuilt(
    building: Building,
    entries: readonly (readonly [Uint8Array, Uint8Array])[],
    isLast: boolean,
  ): Promise<boolean> {
    return this.writing.run(async () => {
      if (this.building !== building) return false;
      const writes: Write[] = [];
      for (const [key, value] of entries) {
        if (!building.changed.has(textOf(key))) writes.push({ key: flatKey(key), value });
      }
      const holder = isLast ? this.next(building.root) : undefined;
      if (holder !== undefined) writes.push({ key: ROOT_KEY, value: encodeHolder(holder) });
      await this.level.write(writes, isLast);
      this.holder = holder;
      return true;
    });
  }

  private next(root: Hash): Holder {
    this.lastVersion++;
    return { root, version: this.lastVersion };
  }

  private async step(
    blocks: NonNullable<FlatUpdate["blocks"]>,
    orphaned: NonNullable<FlatUpdate["orphaned"]>,
  ): Promise<Step> {
    const writes: Write[] = [];
    let root = this.holder?.root;
    const dropped: Step = { writes: [{ key: ROOT_KEY, value: undefined }] };
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

/** A commit's changes to a table that is being built; without `built` the building can't go on. */
function stepWhileBuilding(
  { root: start, changed }: Building,
  blocks: NonNullable<FlatUpdate["blocks"]>,
  orphaned: NonNullable<FlatUpdate["orphaned"]>,
): Step {
  if (orphaned.length > 0) return { writes: [] };
  const writes: Write[] = [];
  let root = start;
  for (const { block, state } of blocks) {
    const { flat } = state;
    // The slots of an account that goes are not all there yet.
    if (flat === undefined || flat.wiped.length > 0 || flat.parentRoot !== root) return { writes: [] };
    root = flat.root;
    apply(flat, [], block.header.number, writes);
    for (const { key } of flat.changes) changed.add(textOf(key));
  }
  return changed.size > MAX_CHANGED ? { writes: [] } : { writes, built: root };
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
