import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hex, hexToBytes } from "viem";
import { keccak256 } from "../../../node/chain/crypto.ts";
import type { BlockHeader } from "../../../node/chain/types/block.ts";
import { createExecutor, type ExecutorKind } from "../../../node/execution/evm/create-executor.ts";
import type { Executor } from "../../../node/execution/evm/executor.ts";
import { NO_CODE } from "../../../node/execution/state/account.ts";
import { textKey } from "../../../node/execution/state/flat-state.ts";
import { NodeStore } from "../../../node/execution/state/node-store.ts";
import { type AccountChange, commitChanges } from "../../../node/execution/state/state-commit.ts";
import { TrieView } from "../../../node/execution/state/state-view.ts";
import type { StateDatabase } from "../../../node/execution/state/types.ts";
import type { FlatReader } from "../../../node/store/flat-table.ts";
import { BUCKET, bucketKey } from "../../../node/store/keys.ts";
import { type KeyValueStore, openLevel } from "../../../node/store/level.ts";
import { NO_ANCESTORS } from "../../support/ancestors.ts";
import { createSmallChain, type SmallChain } from "../../support/small-chain.ts";
import { address, MAX_CODE, word } from "./assembler.ts";
import { COLD, COLD_CODES, MAIN, type Work } from "./case.ts";

/** What lies on disk: accounts from COLD on, the first of them with code of their own, and slots 1, 2 … of MAIN. */
const DISK = { accounts: 100_000, codes: COLD_CODES, slots: 20_000 };
/** Accounts put into the tries at once. */
const PORTION = 4_000;
const BLOCK_GAS = 40_000_000n;
const openledger = { attributionTime: 0n };
const RICH = 10n ** 21n;

/** The state on disk that cases with `disk` start from. */
export interface DiskState {
  folder: string;
  root: Hex;
}

/** A chain with a case's accounts. */
export interface World {
  small: SmallChain;
  /** The executor to run a block with; over the disk, one whose store was opened anew. */
  open(): Promise<{ executor: Executor; close(): Promise<void> }>;
}

function accountsOf(work: Work) {
  const main = work.code === undefined ? [] : [{ address: MAIN, codeHex: work.code, balance: RICH }];
  const others = (work.accounts ?? []).map(([at, codeHex]) => ({ address: at, codeHex, balance: 1n }));
  return [...main, ...others].map((account) => ({ ...account, nonce: 1n }));
}

/** @throws Error where a case that needs the disk has none. */
export function makeWorld(work: Work, kind: ExecutorKind, disk: DiskState | undefined): World {
  if (work.disk === true) {
    if (disk === undefined) throw new Error("there is no state on disk");
    return diskWorld(work, kind, disk);
  }
  const accounts = accountsOf(work);
  const small = createSmallChain({ accounts, openledger, gasLimit: BLOCK_GAS, executor: kind });
  if (work.parentNumber !== undefined) small.head = { ...small.head, number: work.parentNumber };
  return { small, open: async () => ({ executor: small.executor, close: async () => {} }) };
}

/** The case's own accounts are in memory, over what is on disk. */
function diskWorld(work: Work, kind: ExecutorKind, disk: DiskState): World {
  const small = createSmallChain({ openledger, gasLimit: BLOCK_GAS, executor: kind });
  const over = (store: KeyValueStore): StateDatabase => ({
    get: (key) => small.database.get(key) ?? store.get(stateKey(key)),
  });
  let head: BlockHeader | undefined;
  const own = new Map<string, Uint8Array | undefined>();
  const flatOver = (store: KeyValueStore): FlatReader => ({
    version: (root) => (root === small.head.stateRoot ? 1 : undefined),
    get: (key) => own.get(textKey(key)) ?? store.get(bucketKey(BUCKET.flat, key)),
  });
  return {
    small,
    async open() {
      const store = await openLevel(disk.folder);
      if (head === undefined) {
        const nodes = new NodeStore(over(store));
        const changes = accountsOf(work).map(({ address: at, codeHex, balance }) =>
          changeOf(at, { balance, code: hexToBytes(codeHex) }),
        );
        const { root, writes, flat } = commitChanges(
          nodes,
          new TrieView(nodes, hexToBytes(disk.root)),
          changes,
        );
        small.database.write(writes);
        for (const { key, after } of flat.changes) own.set(textKey(key), after);
        head = { ...small.head, stateRoot: root };
        small.head = head;
      }
      const executor = createExecutor({
        kind,
        rollup: small.rollup,
        openledger,
        stateDatabase: over(store),
        flatTable: flatOver(store),
        ancestorHash: NO_ANCESTORS,
      });
      return { executor, close: () => store.close() };
    },
  };
}

const stateKey = (key: Uint8Array) => bucketKey(BUCKET.state, key);

interface NewAccount {
  balance: bigint;
  code?: Uint8Array;
  slots?: AccountChange["slots"];
}

function changeOf(at: Hex, { balance, code, slots = [] }: NewAccount): AccountChange {
  const codeHash = code === undefined ? NO_CODE : keccak256(code);
  return {
    address: hexToBytes(at),
    account: { nonce: 1n, balance, codeHash },
    code,
    wiped: false,
    slots,
  };
}

/** What is dear to look through for jump destinations, since nobody can guess what comes next: JUMPDEST, ADD, PUSH1. */
const UNGUESSED = [0x5b, 0x01, 0x60];

/** Code with a jump into it, no two of it alike. */
function ownCode(i: number): Uint8Array {
  const code = new Uint8Array(MAX_CODE);
  let state = (i + 1) * 0x9e3779b1;
  for (let k = 0; k < code.length; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const choice = state >>> 24;
    code[k] = choice < 192 ? UNGUESSED[choice % 3]! : state >>> 16;
  }
  code.set([0x60, 4, 0x56, 0, 0x5b, 0]);
  return code;
}

/** Makes the state on disk in a folder of its own, which takes some seconds and 300 MB. */
export async function makeDiskState(): Promise<DiskState> {
  const folder = await mkdtemp(join(tmpdir(), "openledger-worst-"));
  const store = await openLevel(folder);
  const small = createSmallChain({ openledger });
  const memory: StateDatabase = { get: (key) => small.database.get(key) ?? store.get(stateKey(key)) };
  const nodes = new NodeStore(memory, 1_000_000);
  let root: Hex = small.head.stateRoot;
  const genesis = small.genesis.flat.changes.map(({ key, after }) => ({
    key: bucketKey(BUCKET.flat, key),
    value: after,
  }));
  await store.write(genesis, false);
  const put = async (changes: readonly AccountChange[]) => {
    const commit = commitChanges(nodes, new TrieView(nodes, hexToBytes(root)), changes);
    const nodeWrites = commit.writes.map(({ key, value }) => ({ key: stateKey(key), value }));
    const flatWrites = commit.flat.changes.map(({ key, after }) => ({
      key: bucketKey(BUCKET.flat, key),
      value: after,
    }));
    await store.write([...nodeWrites, ...flatWrites], false);
    root = commit.root;
  };
  const slots = Array.from({ length: DISK.slots }, (_, i) => ({
    slot: hexToBytes(`0x${word(i + 1)}`),
    value: Uint8Array.of(1 + (i % 250), 7),
  }));
  await put([changeOf(MAIN, { balance: RICH, slots })]);
  for (let first = 0; first < DISK.accounts; first += PORTION) {
    const accounts = Array.from({ length: PORTION }, (_, i) => {
      const n = first + i;
      const code = n < DISK.codes ? ownCode(n) : undefined;
      return changeOf(address(COLD + BigInt(n)), { balance: BigInt(n + 1), code });
    });
    await put(accounts);
  }
  // What is left to tidy up after all these writes is no case's work.
  await store.compact(Uint8Array.of(0), Uint8Array.of(0xff));
  await store.close();
  return { folder, root };
}

export function removeDiskState({ folder }: DiskState): void {
  rmSync(folder, { recursive: true, force: true });
}
