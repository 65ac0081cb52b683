import { parseGwei } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { beforeEach, describe, expect, test } from "vitest";
import { ANVIL_KEYS } from "../../../test/harness/anvil.ts";
import { TEST_GENESIS } from "../../../test/harness/blocks.ts";
import { type MemoryJournal, memoryJournal } from "../../../test/support/memory-journal.ts";
import { hexToBytes } from "../../base/bytes.ts";
import { silentLogger } from "../../base/logger.ts";
import { decodeTransaction } from "../../chain/codec/transaction.ts";
import { type RecoveryJob, recoverSendersHere } from "../../chain/crypto.ts";
import type { Block } from "../../chain/types/block.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { createMempool } from "./mempool.ts";
import type { Mempool, MempoolOptions } from "./types.ts";

const accounts = ANVIL_KEYS.map((key) => privateKeyToAccount(key));
const rules = { l2ChainId: 901n };
const BASE_FEE = parseGwei("1");

async function signed(who: number, nonce: number, tipGwei = "1", extra: Record<string, unknown> = {}) {
  const tip = parseGwei(tipGwei);
  const raw = await accounts[who]!.signTransaction({
    type: "eip1559",
    chainId: 901,
    nonce,
    to: accounts[0]!.address,
    value: 1n,
    gas: 21_000n,
    maxPriorityFeePerGas: tip,
    maxFeePerGas: tip + BASE_FEE,
    ...extra,
  });
  return hexToBytes(raw);
}

function blockOf(...raws: Uint8Array[]): Block {
  return { ...TEST_GENESIS, transactions: raws.map((raw) => decodeTransaction(raw, rules)) };
}

describe("mempool", () => {
  const nonces = new Map<Address, bigint>();
  let journal: MemoryJournal;
  let pool: Mempool;
  let balance = 10n ** 20n;

  const openPool = (more: Partial<MempoolOptions> = {}) =>
    createMempool({
      journal,
      rules,
      logger: silentLogger,
      chain: {
        account: (address) => ({ nonce: nonces.get(address) ?? 0n, balance, hasCode: false }),
        baseFee: () => BASE_FEE,
        gasLimit: () => 30_000_000n,
        extraCost: () => 5n,
      },
      ...more,
    });

  beforeEach(() => {
    nonces.clear();
    balance = 10n ** 20n;
    journal = memoryJournal();
    pool = openPool();
  });

  const take = (source = pool.source(), outcome: "included" | "skipped" = "included"): Hash[] => {
    const hashes: Hash[] = [];
    for (;;) {
      const given = source.take({ baseFee: BASE_FEE, count: 1 });
      if (given.length === 0) return hashes;
      hashes.push(...given.map(({ hash }) => hash));
      source.settle(given.map((transaction) => ({ transaction, outcome })));
    }
  };

  test("gives transactions by tip, each sender's in nonce order, and stops at a gap", async () => {
    const low0 = await pool.add(await signed(1, 0, "1"));
    const high1 = await pool.add(await signed(1, 1, "9"));
    const mid0 = await pool.add(await signed(2, 0, "5"));
    await pool.add(await signed(3, 1, "20"));
    expect(take()).toEqual([mid0, low0, high1]);
    expect(pool.count()).toEqual({ pending: 3, queued: 1 });
    expect(pool.pendingNonce(accounts[1]!.address.toLowerCase() as Address)).toBe(2n);
    expect(pool.pendingNonce(accounts[3]!.address.toLowerCase() as Address)).toBeUndefined();
    expect(take(pool.source(), "skipped")).toEqual([mid0, low0]);
  });

  test("counts on inclusion within one take, and leaves a sender alone whose transaction did not get in", async () => {
    const first = await pool.add(await signed(1, 0, "9"));
    const second = await pool.add(await signed(1, 1, "8"));
    await pool.add(await signed(1, 2, "7"));
    const other = await pool.add(await signed(2, 0, "1"));
    const source = pool.source();
    const given = source.take({ baseFee: BASE_FEE, count: 2 });
    expect(given.map(({ hash }) => hash)).toEqual([first, second]);
    source.settle([
      { transaction: given[0]!, outcome: "included" },
      { transaction: given[1]!, outcome: "skipped" },
    ]);
    expect(source.take({ baseFee: BASE_FEE, count: 9 }).map(({ hash }) => hash)).toEqual([other]);
  });

  test("drops a sender's later transactions with one that took too long", async () => {
    await pool.add(await signed(1, 0));
    await pool.add(await signed(1, 1));
    await pool.add(await signed(2, 0));
    const source = pool.source();
    const given = source.take({ baseFee: BASE_FEE, count: 1 });
    source.settle([{ transaction: given[0]!, outcome: { invalid: "too slow", sender: true } }]);
    expect(pool.count()).toEqual({ pending: 1, queued: 0 });
  });

  test("holds back what the base fee makes unprofitable", async () => {
    await pool.add(await signed(1, 0, "1"));
    const at = (baseFee: bigint) => pool.source().take({ baseFee, count: 9 });
    expect(at(BASE_FEE + parseGwei("1"))).toHaveLength(1);
    expect(at(BASE_FEE + parseGwei("1") + 1n)).toEqual([]);
  });

  test("replaces only for ten percent more", async () => {
    await pool.add(await signed(1, 0, "10"));
    await expect(pool.add(await signed(1, 0, "10.5"))).rejects.toMatchObject({
      code: "TXPOOL_REPLACEMENT_UNDERPRICED",
    });
    const dearer = await signed(1, 0, "11", { maxFeePerGas: parseGwei("13") });
    const hash = await pool.add(dearer);
    expect(take()).toEqual([hash]);
    expect([...journal.raws.values()]).toEqual([dearer]);
  });

  test("an invalid transaction leaves the pool and the journal", async () => {
    await pool.add(await signed(1, 0));
    const source = pool.source();
    const [transaction] = source.take({ baseFee: BASE_FEE, count: 9 });
    const outcome = { invalid: "sender has code", sender: false };
    source.settle([{ transaction: transaction!, outcome }]);
    await Promise.resolve();
    expect(pool.count()).toEqual({ pending: 0, queued: 0 });
    expect(journal.raws.size).toBe(0);
  });

  test("included transactions leave; those of removed blocks come back", async () => {
    const raws = [await signed(1, 0), await signed(1, 1), await signed(1, 2)];
    for (const raw of raws) await pool.add(raw);
    const block = blockOf(raws[0]!, raws[1]!);
    const [, second, third] = raws.map((raw) => decodeTransaction(raw, rules).hash);
    nonces.set(accounts[1]!.address.toLowerCase() as Address, 2n);
    pool.chainChanged({ removed: [], added: [block] });
    expect(take()).toEqual([third]);
    await Promise.resolve();
    expect(journal.raws.size).toBe(1);
    nonces.set(accounts[1]!.address.toLowerCase() as Address, 1n);
    const arrivals = journal.append([raws[1]!]);
    const journalled = new Map([[second!, arrivals[0]!]]);
    pool.chainChanged({ removed: [block], added: [blockOf(raws[0]!)], journalled });
    expect(take()).toEqual([second, third]);
    await Promise.resolve();
    expect(journal.raws.size).toBe(2);
  });

  test("restores the journal and forgets what the chain has passed", async () => {
    const raws = [await signed(1, 0), await signed(1, 1)];
    for (const raw of raws) await pool.add(raw);
    nonces.set(accounts[1]!.address.toLowerCase() as Address, 1n);
    pool = openPool();
    await pool.restore();
    expect(take()).toEqual([decodeTransaction(raws[1]!, rules).hash]);
    expect([...journal.raws.values()]).toEqual([raws[1]]);
  });

  test("refuses bad transactions with a code", async () => {
    nonces.set(accounts[1]!.address.toLowerCase() as Address, 5n);
    const known = await signed(1, 5);
    await pool.add(known);
    const legacy = { type: "legacy", gasPrice: 1n, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined };
    const cases: [Uint8Array, string][] = [
      [known, "TXPOOL_ALREADY_KNOWN"],
      [await signed(1, 4), "TXPOOL_NONCE_TOO_LOW"],
      [await signed(1, 2 ** 53 - 1), "TXPOOL_NONCE_TOO_HIGH"],
      [await signed(2, 0, "0"), "TXPOOL_TIP_TOO_LOW"],
      [await signed(2, 0, "1", { value: 10n ** 21n }), "TXPOOL_FUNDS"],
      [await signed(2, 0, "1", { gas: 20_999n }), "TXPOOL_INTRINSIC_GAS"],
      [await signed(2, 0, "1", { gas: 22_000n, data: `0x${"01".repeat(100)}` }), "TXPOOL_INTRINSIC_GAS"],
      [await signed(2, 0, "1", { gas: 30_000_001n }), "TXPOOL_GAS_LIMIT"],
      [await signed(2, 0, "1", { gas: 9_000_000n, data: `0x${"00".repeat(131_072)}` }), "TXPOOL_SIZE"],
      [await signed(2, 0, "1", { chainId: 1 }), "TRANSACTION_INVALID"],
      [await signed(2, 0, "1", { ...legacy, chainId: 902 }), "TRANSACTION_INVALID"],
      [await signed(2, 0, "1", { ...legacy, chainId: undefined }), "TXPOOL_UNPROTECTED"],
      [Uint8Array.of(), "TRANSACTION_INVALID"],
      [Uint8Array.of(0x03, 0xc0), "TRANSACTION_INVALID"],
      [Uint8Array.of(0x7e, 0xc0), "DEPOSIT_ENCODING_INVALID"],
    ];
    for (const [raw, code] of cases) await expect(pool.add(raw), code).rejects.toMatchObject({ code });
    expect(pool.count()).toEqual({ pending: 1, queued: 0 });
  });

  test("counts L1 and operator fee into the funds needed", async () => {
    balance = 21_000n * parseGwei("2") + 1n + 4n;
    await expect(pool.add(await signed(1, 0))).rejects.toMatchObject({ code: "TXPOOL_FUNDS" });
    balance += 1n;
    await pool.add(await signed(1, 0));
  });

  test("recovers the senders of what arrives together as one batch, after the checks that need none", async () => {
    const batches: number[] = [];
    pool = openPool({
      recover: async (batch: readonly RecoveryJob[]) => {
        batches.push(batch.length);
        return recoverSendersHere(batch);
      },
    });
    const cheap = await signed(1, 3, "1", { gas: 20_999n });
    const raws = [await signed(1, 0), await signed(2, 0), await signed(1, 1), cheap];
    const outcomes = await Promise.allSettled(raws.map((raw) => pool.add(raw)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
    expect(batches).toEqual([3]);
    expect([...journal.raws.values()]).toEqual(raws.slice(0, 3));
  });

  test("refuses what nobody has signed, and a failed batch alone", async () => {
    let answers: (() => Promise<undefined[]>)[] = [];
    pool = openPool({
      recover: (batch: readonly RecoveryJob[]) => answers.shift()?.() ?? recoverSendersHere(batch),
    });
    const raw = await signed(1, 0);
    answers = [async () => [undefined], () => Promise.reject(new Error("thread ended"))];
    await expect(pool.add(raw)).rejects.toMatchObject({ code: "TRANSACTION_INVALID" });
    await expect(pool.add(raw)).rejects.toThrow("thread ended");
    expect(pool.count()).toEqual({ pending: 0, queued: 0 });
    await pool.add(raw);
    expect(pool.count()).toEqual({ pending: 1, queued: 0 });
  });

  test("takes the same bytes in once however often they come at once", async () => {
    const raw = await signed(1, 0);
    const outcomes = await Promise.allSettled([pool.add(raw), pool.add(raw.slice()), pool.add(raw)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(journal.raws.size).toBe(1);
  });

  test("tells of accepted transactions", async () => {
    const seen: Hash[] = [];
    const stop = pool.onPending((transaction) => seen.push(transaction.hash));
    const hash = await pool.add(await signed(1, 0));
    stop();
    await pool.add(await signed(1, 1));
    expect(seen).toEqual([hash]);
  });
});
