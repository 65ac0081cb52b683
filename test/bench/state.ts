import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createMPT, type MerklePatriciaTrie } from "@ethereumjs/mpt";
import { MapDB, ValueEncoding } from "@ethereumjs/util";
import { CodedError } from "../../node/base/errors.ts";
import { EMPTY_ROOT } from "../../node/chain/constants.ts";
import { keccak256 } from "../../node/chain/crypto.ts";
import type { Hash } from "../../node/chain/types/primitives.ts";
import { encodeAccount, NO_CODE, type StoredAccount } from "../../node/execution/state/account.ts";
import { FlatState } from "../../node/execution/state/flat-state.ts";
import { MemoryDatabase } from "../../node/execution/state/memory-database.ts";
import { NodeStore } from "../../node/execution/state/node-store.ts";
import {
  type AccountChange,
  commitChanges,
  type StateCommit,
} from "../../node/execution/state/state-commit.ts";
import type { StateView } from "../../node/execution/state/state-view.ts";
import { type KeyValueStore, openLevel } from "../../node/store/level.ts";
import { type Bench, cpuClock, type Figure, median } from "./figure.ts";

const SIZES = [10_000, 100_000, 1_000_000];
/** Changed a commit. */
const TOUCHED = 1_000;
const ROUNDS = 5;
/** Accounts made by one commit, about. */
const BATCH = 50_000;
/** Slots of the one contract; a state of fewer accounts has as many slots as accounts. */
const MOST_SLOTS = 100_000;
/** The peer's hashes are our own only for a second figure, at this size. */
const LENT_SIZE = 10_000;
/** Accounts of the largest trie that the peer makes, and processor seconds after which it is left at that. */
const PEER_SIZE = 100_000;
const PEER_SECONDS = 60;

/** State roots over small and large states, in the node's store. */
export const stateBench: Bench = {
  name: "state",
  async run() {
    const figures: Figure[] = [];
    const folder = mkdtempSync(join(tmpdir(), "openledger-state-"));
    try {
      for (const size of SIZES) {
        const level = await openLevel(join(folder, String(size)));
        try {
          figures.push(...(await measureSize(level, size)));
        } finally {
          await level.close();
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return figures;
  },
  summary(figures) {
    const first = figures.find(({ peer }) => peer !== undefined);
    return `state ratio ${first?.peer === undefined ? "unknown" : (first.ours / first.peer.value).toFixed(2)}`;
  },
};

interface State {
  level: KeyValueStore;
  size: number;
  slots: number;
  root: Hash;
}

/** One kind of commit. */
interface Work {
  name: string;
  of: number;
  /** What is read before, by block execution: all that the commit needs is then in the caches. */
  read(view: StateView, picked: readonly number[]): void;
  changes(picked: readonly number[], round: number): AccountChange[];
}

interface Measured {
  commit: StateCommit;
  /** Processor seconds of the commit alone. */
  seconds: number;
  /** The same with its nodes put into a map. */
  mapped: number;
  /** The same with the write into the store. */
  written: number;
}

async function measureSize(level: KeyValueStore, size: number): Promise<Figure[]> {
  const { state, seconds } = await makeState(level, size);
  const peers = await makePeers(state);
  await quiet();
  const accounts = accountWork(size);
  const slots = slotWork(state.slots);
  const made = `state made in ${seconds.toFixed(1)} processor seconds`;
  return [
    ...(await compare(state, accounts, peers)),
    await measure(state, accounts, "cold", made),
    await measure(state, slots, "warm"),
    await measure(state, slots, "cold"),
  ];
}

function accountWork(size: number): Work {
  return {
    name: "accounts",
    of: size,
    read: (view, picked) => {
      for (const index of picked) view.account(addressOf(index));
    },
    changes: (picked, round) => picked.map((index) => change(addressOf(index), balanceOf(index, round))),
  };
}

function slotWork(slots: number): Work {
  return {
    name: "slots of one account",
    of: slots,
    read: (view, picked) => {
      for (const index of picked) view.storage(CONTRACT, slotOf(index));
    },
    changes: (picked, round) => [change(CONTRACT, 0n, slotValues(picked, round))],
  };
}

/** The commit with warm caches beside the peer's updates of its trie in memory. */
async function compare(state: State, work: Work, peers: readonly Peer[]): Promise<Figure[]> {
  const ours: Measured[] = [];
  const theirs: number[][] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = await commitOnce(state, work, round, true);
    const { accounts, root } = measured.commit;
    const values = accounts.map(({ change, stored }) => ({ key: change.address, stored }));
    const times: number[] = [];
    for (const peer of peers) times.push(await peer.update(values, root));
    // The first round warms the code up.
    if (round === 0) continue;
    ours.push(measured);
    theirs.push(times);
  }
  const rateOf = (peer: number) => TOUCHED / median(theirs.map((times) => times[peer]!));
  const peer = peers.length > 0 ? { name: "@ethereumjs/mpt in memory", value: rateOf(0) } : undefined;
  const lent = peers.length > 1 ? `; the peer with our hashes ${Math.round(rateOf(1))}` : "";
  const inMemory = toFigure(state, work, "warm, nodes into a map", ours, "mapped");
  const stored = toFigure(state, work, "warm, nodes into the store", ours, "written");
  return [
    { ...inMemory, peer, note: `${inMemory.note ?? ""}${lent}` },
    { ...stored, peer },
  ];
}

async function measure(state: State, work: Work, cache: "cold" | "warm", note?: string): Promise<Figure> {
  const measured: Measured[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    measured.push(await commitOnce(state, work, round, cache === "warm"));
  }
  const figure = toFigure(state, work, cache, measured.slice(1), "seconds");
  return note === undefined ? figure : { ...figure, note: `${figure.note ?? ""}; ${note}` };
}

function toFigure(
  { size }: State,
  work: Work,
  how: string,
  measured: readonly Measured[],
  counted: "seconds" | "mapped" | "written",
): Figure {
  const time = (kind: typeof counted) => median(measured.map((each) => each[kind]));
  const ms = (kind: typeof counted) => `${(time(kind) * 1e3).toFixed(1)} ms`;
  const { writes } = measured.at(-1)!.commit;
  const bytes = writes.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const count = (value: number) => value.toLocaleString("en-US");
  return {
    what: `state root, ${count(TOUCHED)} of ${count(work.of)} ${work.name} (state of ${count(size)}), ${how}`,
    unit: "a processor second",
    ours: TOUCHED / time(counted),
    peer: undefined,
    note: `root ${ms("seconds")}, with the write into the store ${ms("written")}; ${count(writes.length)} nodes, ${count(bytes)} bytes`,
  };
}

async function commitOnce(state: State, work: Work, round: number, warm: boolean): Promise<Measured> {
  const nodes = new NodeStore(state.level);
  const view = new FlatState(nodes).view(state.root);
  const picked = pick(work.of, round);
  if (warm) work.read(view, picked);
  const changes = work.changes(picked, round);
  const start = cpuClock();
  const commit = commitChanges(nodes, view, changes);
  const seconds = cpuClock() - start;
  new MemoryDatabase().write(commit.writes);
  const mapped = cpuClock() - start;
  await state.level.write(commit.writes, false);
  return { commit, seconds, mapped, written: seconds + cpuClock() - start - mapped };
}

/** The store goes on merging files after large writes, and its threads' time counts as ours. */
async function quiet(): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const before = cpuClock();
    await sleep(200);
    if (cpuClock() - before < 0.01) return;
  }
}

const CONTRACT = new Uint8Array(20).fill(0xcc);

function numberBytes(value: number): Uint8Array {
  return Uint8Array.of(value >> 24, value >> 16, value >> 8, value);
}

function addressOf(index: number): Uint8Array {
  return keccak256(numberBytes(index)).subarray(0, 20);
}

function balanceOf(index: number, round: number): bigint {
  return 10n ** 18n + BigInt(index) * 1_000n + BigInt(round);
}

function slotOf(index: number): Uint8Array {
  const slot = new Uint8Array(32);
  slot.set(numberBytes(index), 28);
  return slot;
}

function slotValues(picked: readonly number[], round: number): AccountChange["slots"] {
  return picked.map((index) => ({
    slot: slotOf(index),
    value: Uint8Array.of(1 + round, ...numberBytes(index)),
  }));
}

function change(address: Uint8Array, balance: bigint, slots: AccountChange["slots"] = []): AccountChange {
  const account = { nonce: 1n, balance, codeHash: NO_CODE };
  return { address, account, code: undefined, wiped: false, slots };
}

/** Distinct numbers below `size`, others each round and the same in every run. */
function pick(size: number, round: number): number[] {
  const picked = new Set<number>();
  for (let i = 0; picked.size < TOUCHED; i++) {
    const random = keccak256(Uint8Array.of(round, ...numberBytes(i)));
    picked.add(new DataView(random.buffer, random.byteOffset).getUint32(0) % size);
  }
  return [...picked];
}

/** Accounts in groups of neighbours in the trie, so that a commit's nodes are not made again by the next. */
function groups(size: number): number[][] {
  const count = Math.ceil(size / BATCH);
  const groups = Array.from({ length: count }, (): number[] => []);
  for (let index = 0; index < size; index++) {
    const first = keccak256(addressOf(index))[0]!;
    groups[Math.floor((first * count) / 256)]!.push(index);
  }
  return groups;
}

async function makeState(level: KeyValueStore, size: number): Promise<{ state: State; seconds: number }> {
  const start = cpuClock();
  const nodes = new NodeStore(level);
  const slots = Math.min(size, MOST_SLOTS);
  const all = Array.from({ length: slots }, (_, index) => index);
  let root: Hash = EMPTY_ROOT;
  const commit = async (changes: readonly AccountChange[]) => {
    const made = commitChanges(nodes, new FlatState(nodes).view(root), changes);
    await level.write(made.writes, false);
    root = made.root;
  };
  await commit([change(CONTRACT, 0n, slotValues(all, 0))]);
  for (const group of groups(size)) {
    await commit(group.map((index) => change(addressOf(index), balanceOf(index, 0))));
  }
  return { state: { level, size, slots, root }, seconds: cpuClock() - start };
}

/** @ethereumjs/mpt over a map, with the same accounts. */
class Peer {
  private readonly trie: MerklePatriciaTrie;
  private readonly base: Uint8Array;

  private constructor(trie: MerklePatriciaTrie) {
    this.trie = trie;
    this.base = trie.root();
  }

  /** @param hash Its own unless given. Undefined when it takes too long. */
  static async create(state: State, hash?: (message: Uint8Array) => Uint8Array): Promise<Peer | undefined> {
    const trie = await createMPT({
      db: new MapDB(),
      // Faster than its default, which keeps nodes as text.
      valueEncoding: ValueEncoding.Bytes,
      useKeyHashing: true,
      ...(hash && { useKeyHashingFunction: hash }),
    });
    const view = new FlatState(new NodeStore(state.level)).view(state.root);
    const start = cpuClock();
    await trie.put(CONTRACT, encodeAccount(view.account(CONTRACT)!));
    for (let index = 0; index < state.size; index++) {
      if (cpuClock() - start > PEER_SECONDS) return undefined;
      const address = addressOf(index);
      await trie.put(address, encodeAccount(view.account(address)!));
    }
    return new Peer(trie);
  }

  /** Processor seconds of the update. @throws CodedError `BENCH_MISMATCH` when it leads to another root. */
  async update(
    values: readonly { key: Uint8Array; stored: StoredAccount | undefined }[],
    root: Hash,
  ): Promise<number> {
    const { trie } = this;
    trie.root(this.base);
    const encoded = values.map(({ key, stored }) => ({ key, value: encodeAccount(stored!) }));
    const start = cpuClock();
    for (const { key, value } of encoded) await trie.put(key, value);
    const seconds = cpuClock() - start;
    const made = `0x${Buffer.from(trie.root()).toString("hex")}`;
    if (made === root) return seconds;
    const facts = { ours: root, peer: made };
    throw new CodedError("BENCH_MISMATCH", "fatal", { message: "the two state roots differ", facts });
  }
}

async function makePeers(state: State): Promise<Peer[]> {
  if (state.size > PEER_SIZE) return [];
  const stock = await Peer.create(state);
  const lent = state.size === LENT_SIZE ? await Peer.create(state, keccak256) : undefined;
  return [stock, lent].filter((peer) => peer !== undefined);
}
