import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ANVIL_KEYS } from "../../../test/harness/anvil.ts";
import { l1Hash } from "../../../test/harness/blocks.ts";
import { smallChain } from "../../../test/harness/small-chain.ts";
import { NO_ANCESTORS } from "../../../test/support/ancestors.ts";
import { hexToBytes } from "../../base/bytes.ts";
import { silentLogger } from "../../base/logger.ts";
import { decodeTransaction } from "../../chain/codec/transaction.ts";
import type { Block } from "../../chain/types/block.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { L2BlockRef } from "../../chain/types/rollup.ts";
import { createExecutor } from "../../execution/evm/create-executor.ts";
import type { CandidateSource } from "../../execution/evm/executor.ts";
import { type ChainStore, openChainStore } from "../../store/chain-store.ts";
import type { SafeHeadEntry } from "../../store/types.ts";
import { buildAttributes } from "../derivation/attributes.ts";
import type { DerivedAttributes } from "../derivation/types.ts";
import { createEngine, type Engine, type EngineEvent } from "./engine.ts";
import { findSyncStart } from "./sync-start.ts";

const user = privateKeyToAccount(ANVIL_KEYS[2]);
const genesisL1 = { hash: l1Hash(0), number: 0n, parentHash: l1Hash(255), timestamp: 1_000n };
const definition = smallChain(genesisL1, [user.address.toLowerCase() as Address]);
const { rollup } = definition;

/** L1 block `number`; `branches` says from which number on the chain is another one. */
function l1Block(number: number, branch = 0, parentBranch = branch): L1Block {
  return {
    number: BigInt(number),
    hash: l1Hash(number, branch),
    parentHash: l1Hash(number - 1, number === 1 ? 0 : parentBranch),
    timestamp: 1_000n + 2n * BigInt(number),
    baseFeePerGas: 7n,
    mixHash: l1Hash(number, 50 + branch),
    parentBeaconBlockRoot: undefined,
    excessBlobGas: undefined,
    transactions: [],
    receipts: [],
  };
}

const NO_POOL: CandidateSource = { take: () => [], settle: () => undefined };

function poolOf(...raws: Uint8Array[]): CandidateSource {
  const waiting = raws.map((raw) => decodeTransaction(raw, rollup));
  return {
    take: () => waiting.splice(0).filter((transaction) => transaction.kind === "signed"),
    settle: () => undefined,
  };
}

async function transfer(nonce: number): Promise<Uint8Array> {
  const raw = await user.signTransaction({
    type: "eip1559",
    chainId: 901,
    nonce,
    to: user.address,
    value: 1n,
    gas: 21_000n,
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: 10n ** 10n,
  });
  return hexToBytes(raw);
}

describe("engine", () => {
  let folder: string;
  let store: ChainStore;
  let engine: Engine;
  let events: EngineEvent[];

  const open = async (keepOrphans = false) => {
    store = await openChainStore(folder, rollup);
    if (store.heads() === undefined) {
      const { block, stateWrites } = definition.genesis;
      const { hash } = block;
      await store.commit({
        blocks: [{ block, receipts: [], state: { writes: stateWrites } }],
        heads: { unsafe: hash, safe: hash, finalized: hash },
      });
    }
    const { openledger } = definition;
    const chain = { rollup, openledger, stateDatabase: store.state };
    const executor = createExecutor({ ...chain, ancestorHash: NO_ANCESTORS });
    engine = createEngine({ store, executor, rollup, logger: silentLogger, keepOrphans });
    events = [];
    engine.subscribe((event) => events.push(event));
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "engine-"));
    await open();
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const attributesOn = (parent: L2BlockRef, origin: L1Block, transactions: Uint8Array[] = []) => {
    const head = { ref: parent, systemConfig: rollup.genesis.systemConfig };
    const required = buildAttributes({ rollup, l1Chain: definition.l1Chain, parent: head, origin });
    return { ...required, transactions: [...required.transactions, ...transactions] };
  };
  const sequence = async (origin: L1Block, pool = NO_POOL): Promise<Block> => {
    const parent = engine.heads().unsafe;
    const attributes = { ...attributesOn(parent, origin), noTxPool: false };
    return (await engine.sequence(parent, attributes, pool))!;
  };
  const derived = (origin: L1Block, from: L1Block, transactions: Uint8Array[] = []): DerivedAttributes => ({
    attributes: attributesOn(engine.heads().safe, origin, transactions),
    parent: engine.heads().safe,
    derivedFrom: { hash: from.hash, number: from.number },
    concluding: true,
  });

  /** All recorded safe heads, newest first. */
  const records = async () => {
    const found: SafeHeadEntry[] = [];
    for await (const record of store.safeHeads()) found.push(record);
    return found;
  };

  test("takes an unsafe block over when L1 says the same, without building it again", async () => {
    const raw = await transfer(0);
    const one = await sequence(l1Block(1), poolOf(raw));
    const two = await sequence(l1Block(2));
    expect(one.transactions).toHaveLength(2);
    events.length = 0;
    await engine.derive(derived(l1Block(1), l1Block(4), [raw]));
    expect(engine.heads().safe.hash).toBe(one.hash);
    expect(engine.heads().unsafe.hash).toBe(two.hash);
    expect(events).toEqual([]);
    expect(store.heads()?.safe).toBe(one.hash);
  });

  test("replaces unsafe blocks that L1 contradicts, and tells which", async () => {
    const raw = await transfer(0);
    const one = await sequence(l1Block(1), poolOf(raw));
    const two = await sequence(l1Block(2));
    events.length = 0;
    await engine.derive(derived(l1Block(1), l1Block(4)));
    const { unsafe, safe } = engine.heads();
    expect(safe.hash).toBe(unsafe.hash);
    expect(safe.number).toBe(1n);
    const hashes = (blocks: readonly Block[]) => blocks.map(({ hash }) => hash);
    expect(events.map(({ removed, added }) => ({ removed: hashes(removed), added: hashes(added) }))).toEqual([
      { removed: [one.hash, two.hash], added: [safe.hash] },
    ]);
    expect(store.transaction(one.transactions[1]!.hash)).toBeUndefined();
    expect(store.canonicalHash(2n)).toBeUndefined();
  });

  test("a span's blocks become safe with its last one, or derivation goes back before its first", async () => {
    const next = (number: number, concluding: boolean): DerivedAttributes => {
      const { ref } = engine.derivationHead();
      const { hash } = l1Block(4);
      const attributes = attributesOn(ref, l1Block(number));
      return { attributes, parent: ref, derivedFrom: { hash, number: 4n }, concluding };
    };
    const numbers = () => {
      const { unsafe, safe } = engine.heads();
      return [unsafe.number, engine.derivationHead().ref.number, safe.number].map(Number);
    };
    await engine.derive(next(1, false));
    await engine.derive(next(2, false));
    expect(numbers()).toEqual([2, 2, 0]);
    expect(await records()).toEqual([]);
    await engine.abandonSpan();
    expect(numbers()).toEqual([2, 0, 0]);
    // Taken over this time, not built.
    events.length = 0;
    await engine.derive(next(1, false));
    expect(numbers()).toEqual([2, 1, 0]);
    await engine.derive(next(2, true));
    expect(numbers()).toEqual([2, 2, 2]);
    expect(events).toEqual([]);
    expect(await records()).toMatchObject([{ l1: { number: 4n }, l2: { number: 2n } }]);
    await engine.derive(next(3, false));
    const heads = engine.heads();
    await engine.reset({ ...heads, unsafe: heads.safe, l1Number: 4n });
    expect(numbers()).toEqual([2, 2, 2]);
  });

  test("a crash at once after blocks were removed loses none of their transactions", async () => {
    const reopen = async () => {
      await store.close();
      await open(true);
      const raws: Uint8Array[] = [];
      for (const entry of store.mempool.entries()) raws.push(entry.raw);
      return raws;
    };
    await reopen();
    const genesis = engine.heads().unsafe;
    const raws = [await transfer(0), await transfer(1), await transfer(2)];
    await sequence(l1Block(1), poolOf(raws[0]!, raws[1]!));
    await sequence(l1Block(2), poolOf(raws[2]!));
    await engine.reset({ unsafe: genesis, safe: genesis, finalized: genesis, l1Number: 0n });
    expect(events.at(-1)?.journalled.size).toBe(3);
    expect(await reopen()).toEqual(raws);
    await store.mempool.remove(Array.from(store.mempool.entries(), ({ arrival }) => arrival));
    // Those that the new block holds as well are not orphaned.
    await sequence(l1Block(1), poolOf(raws[0]!, raws[1]!));
    await engine.derive(derived(l1Block(1), l1Block(4), [raws[0]!]));
    expect(await reopen()).toEqual([raws[1]]);
  });

  test("an invalid transaction in a batch changes nothing", async () => {
    const bad = await transfer(7);
    for (const raw of [bad, Uint8Array.of(0x02, 0xc0), Uint8Array.of(0x03, 0xc0)]) {
      await expect(engine.derive(derived(l1Block(1), l1Block(2), [raw]))).rejects.toMatchObject({
        code: "PAYLOAD_INVALID",
      });
    }
    expect(engine.heads().unsafe.number).toBe(0n);
    await engine.derive(derived(l1Block(1), l1Block(2)));
    expect(engine.heads().safe.number).toBe(1n);
  });

  test("attributes out of order and blocks on an old head are refused", async () => {
    const early = derived(l1Block(1), l1Block(2));
    await engine.derive(early);
    await expect(engine.derive(early)).rejects.toMatchObject({ code: "DERIVATION_OUT_OF_ORDER" });
    const stale = engine.heads().unsafe;
    await sequence(l1Block(2));
    const attributes = attributesOn(stale, l1Block(2));
    expect(await engine.sequence(stale, attributes, NO_POOL)).toBeUndefined();
  });

  test("the finalized head is the safe head of the finalized L1 block", async () => {
    await engine.derive(derived(l1Block(1), l1Block(3)));
    await engine.derive(derived(l1Block(2), l1Block(5)));
    const [second, first] = await records();
    expect(await engine.finalize(second!)).toBe(true);
    expect(engine.heads().finalized.number).toBe(2n);
    expect(await engine.finalize(first!)).toBe(true);
    expect(engine.heads().finalized.number).toBe(2n);
    const { safe, finalized } = engine.heads();
    const genesis = store.ref(rollup.genesis.l2.hash)!;
    const below = { unsafe: safe, safe: genesis, finalized: genesis, l1Number: 0n };
    await expect(engine.reset(below)).rejects.toMatchObject({ code: "RESET_BELOW_FINALIZED" });
    expect(engine.heads().finalized).toEqual(finalized);
  });

  test("a record that a reset has taken back makes nothing final", async () => {
    await engine.derive(derived(l1Block(1), l1Block(3)));
    const [record] = await records();
    const genesis = engine.heads().finalized;
    await engine.reset({ unsafe: genesis, safe: genesis, finalized: genesis, l1Number: 0n });
    expect(await engine.finalize(record!)).toBe(false);
    await engine.derive(derived(l1Block(1), l1Block(3, 9, 0)));
    expect(await engine.finalize(record!)).toBe(false);
    expect(engine.heads().finalized.number).toBe(0n);
  });

  describe("findSyncStart", () => {
    const startOn = (
      canonical: (number: number) => Hash | undefined,
      { channelTimeout = 300n, head = 100n, trustUnknown = true } = {},
    ) => {
      const l1 = {
        label: async () => ({ ...genesisL1, number: head }),
        async refByNumber(number: bigint) {
          const hash = canonical(Number(number));
          return hash && { hash, number, parentHash: l1Hash(99), timestamp: 0n };
        },
      };
      const beforeGranite = {
        ...rollup,
        forkTimes: { ...rollup.forkTimes, granite: undefined },
        channelTimeout,
      };
      return findSyncStart({ store, l1, rollup: beforeGranite }, engine.heads(), trustUnknown);
    };
    /** Safe up to 2 (from L1 block 5), unsafe up to 4. */
    const grow = async () => {
      await engine.derive(derived(l1Block(1), l1Block(3)));
      await engine.derive(derived(l1Block(2), l1Block(5)));
      await sequence(l1Block(3));
      await sequence(l1Block(4));
    };

    test("keeps everything that L1 supports", async () => {
      await grow();
      const { target, pipeline } = await startOn((number) => l1Hash(number));
      expect(target).toMatchObject({ unsafe: { number: 4n }, safe: { number: 2n }, l1Number: 5n });
      expect(pipeline.origin.number).toBe(0n);
    });

    test("drops unsafe blocks whose origin is gone, and the safe ones derived from it", async () => {
      await grow();
      const forkAt = (fork: number) => (number: number) => l1Hash(number, number >= fork ? 9 : 0);
      expect((await startOn(forkAt(4))).target).toMatchObject({
        unsafe: { number: 3n },
        safe: { number: 1n },
        l1Number: 3n,
      });
      const { target } = await startOn(forkAt(3));
      expect(target).toMatchObject({
        unsafe: { number: 2n },
        safe: { number: 0n },
        finalized: { number: 0n },
      });
      await engine.reset(target);
      expect(events.at(-1)?.removed.map(({ header }) => header.number)).toEqual([3n, 4n]);
      expect((await startOn((number) => l1Hash(number))).target.safe.number).toBe(0n);
    });

    const upTo = (height: number, fork = 99) =>
      [
        (number: number) => (number > height ? undefined : l1Hash(number, number >= fork ? 9 : 0)),
        { head: BigInt(height) },
      ] as const;

    test("keeps everything while L1 lags, and what it shows is the same", async () => {
      await grow();
      const { target, unconfirmedL1 } = await startOn(...upTo(2));
      expect(target).toMatchObject({ unsafe: { number: 4n }, safe: { number: 2n }, l1Number: 5n });
      expect(unconfirmedL1).toBe(5n);
      const shown = await startOn(...upTo(5));
      expect(shown).toMatchObject({ target: { unsafe: { number: 4n } }, unconfirmedL1: undefined });
      const [canonical, options] = upTo(4);
      const distrusting = await startOn(canonical, { ...options, trustUnknown: false });
      expect(distrusting).toMatchObject({ target: { unsafe: { number: 4n }, safe: { number: 1n } } });
    });

    test("drops what stands on a replaced block, also where L1 is still shorter than before", async () => {
      await grow();
      const { target } = await startOn(...upTo(3, 3));
      expect(target).toMatchObject({ unsafe: { number: 2n }, safe: { number: 0n } });
    });

    test("never goes below what is final, and says when L1 does", async () => {
      await grow();
      const kept = await records();
      await engine.finalize(kept.at(-1)!);
      expect((await startOn(...upTo(2))).target.finalized.number).toBe(1n);
      expect((await startOn(...upTo(9, 5))).target).toMatchObject({ safe: { number: 1n } });
      await expect(startOn(...upTo(9, 3))).rejects.toMatchObject({ code: "L1_FINALITY_BROKEN" });
    });

    test("gives up more than five sequencing windows deep", async () => {
      await grow();
      const far = { ...engine.heads().unsafe, l1Origin: { number: 100_000n, hash: l1Hash(16) } };
      const l1 = {
        label: async () => ({ ...genesisL1, number: 200_000n }),
        refByNumber: async (number: bigint) => ({
          ...genesisL1,
          number,
          hash: l1Hash(Number(number), number > 0n ? 9 : 0),
        }),
      };
      const start = findSyncStart({ store, l1, rollup }, { ...engine.heads(), unsafe: far });
      await expect(start).rejects.toMatchObject({ code: "L1_REORG_TOO_DEEP" });
    });

    test("starts the pipeline a channel timeout before the safe head's origin", async () => {
      await grow();
      expect((await startOn((number) => l1Hash(number), { channelTimeout: 1n })).pipeline.origin).toEqual({
        number: 1n,
        hash: l1Hash(1),
      });
    });

    test("refuses another L1 and waits for one that is not there yet", async () => {
      await expect(startOn(() => l1Hash(200))).rejects.toMatchObject({ code: "L1_OTHER_CHAIN" });
      await expect(startOn(() => undefined)).rejects.toMatchObject({ code: "L1_GENESIS_MISSING" });
    });
  });
});
