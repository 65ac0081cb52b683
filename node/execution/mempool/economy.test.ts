import { parseGwei } from "viem";
import { describe, expect, test } from "vitest";
import {
  hashOf,
  POOL_BASE_FEE,
  POOL_EXTRA_COST,
  PoolFixture,
  poolAccount,
  poolAddress,
  poolBlock,
  poolTransfer,
} from "../../../test/support/pool-fixture.ts";
import type { Block } from "../../chain/types/block.ts";
import { DEFAULT_POOL_LIMITS } from "./limits.ts";

const COST = 21_000n * (POOL_BASE_FEE + parseGwei("1")) + 1n + POOL_EXTRA_COST;

async function refusal(adding: Promise<unknown>): Promise<string> {
  return adding.then(
    () => "accepted",
    (error: Error) => error.message,
  );
}

describe("the pool's prices", () => {
  test("refuse a tip below the least one, whatever the fee cap", async () => {
    const { pool } = new PoolFixture();
    expect(await refusal(pool.add(await poolTransfer(1, 0, "0")))).toBe(
      "transaction gas price below minimum: gas tip cap 0, minimum needed 1",
    );
    expect(await refusal(pool.add(await poolTransfer(1, 0, "0", { maxPriorityFeePerGas: 1n })))).toBe(
      "accepted",
    );
  });

  test("let the cheapest out first when the pool is full, by what the next block earns", async () => {
    const fixture = new PoolFixture({ limits: { globalSlots: 3, globalQueue: 1 } });
    const { pool } = fixture;
    const low = await poolTransfer(1, 0, "2");
    // A high tip that the fee cap doesn't allow.
    const capped = await poolTransfer(2, 0, "50", {
      maxFeePerGas: POOL_BASE_FEE + 1n,
      maxPriorityFeePerGas: 9n,
    });
    const high = [await poolTransfer(3, 0, "5"), await poolTransfer(4, 0, "6")];
    expect(await fixture.add(low, capped, ...high)).toEqual(["ok", "ok", "ok", "ok"]);
    const same = await poolTransfer(5, 0, "1", {
      maxFeePerGas: POOL_BASE_FEE + 1n,
      maxPriorityFeePerGas: 9n,
    });
    expect(await refusal(pool.add(same))).toBe("transaction underpriced");
    expect(await fixture.add(await poolTransfer(6, 0, "3"))).toEqual(["ok"]);
    expect(fixture.held().has(hashOf(capped))).toBe(false);
    expect(await fixture.add(await poolTransfer(7, 0, "4"))).toEqual(["ok"]);
    expect(fixture.held().has(hashOf(low))).toBe(false);
    expect(pool.count()).toEqual({ pending: 4, queued: 0 });
    expect(fixture.journal.raws.size).toBe(4);
  });

  test("count large envelopes as several", async () => {
    const fixture = new PoolFixture({ limits: { globalSlots: 4, globalQueue: 1 } });
    const data = `0x${"00".repeat(100_000)}`;
    const large = (who: number, tip: string) => poolTransfer(who, 0, tip, { gas: 2_000_000n, data });
    expect(await fixture.add(await large(1, "1"), await poolTransfer(2, 0, "2"))).toEqual(["ok", "ok"]);
    expect(await fixture.add(await poolTransfer(3, 0, "3"))).toEqual(["ok"]);
    expect(fixture.pool.count()).toEqual({ pending: 2, queued: 0 });
    expect(await fixture.add(await large(4, "2"))).toEqual(["TXPOOL_UNDERPRICED"]);
    expect(await fixture.add(await large(4, "4"))).toEqual(["ok"]);
    expect(fixture.pool.count()).toEqual({ pending: 2, queued: 0 });
  });

  test("don't let one that waits for a nonce push out one that is ready", async () => {
    const fixture = new PoolFixture({ limits: { globalSlots: 2, globalQueue: 1, accountSlots: 1 } });
    const ready = [await poolTransfer(1, 0), await poolTransfer(2, 0), await poolTransfer(3, 0)];
    expect(await fixture.add(...ready)).toEqual(["ok", "ok", "ok"]);
    expect(await refusal(fixture.pool.add(await poolTransfer(4, 1, "9")))).toBe(
      "future transaction tries to replace pending",
    );
    expect(fixture.pool.count()).toEqual({ pending: 3, queued: 0 });
  });

  test("replace only for a tenth more in both fees, and strictly", async () => {
    const fixture = new PoolFixture();
    const fees = (tip: bigint, cap: bigint) => ({ maxPriorityFeePerGas: tip, maxFeePerGas: cap });
    const cap = 2_000_000_000n;
    await fixture.pool.add(await poolTransfer(1, 0, "0", fees(100n, cap)));
    for (const [tip, feeCap] of [
      [100n, cap * 2n],
      [109n, cap * 2n],
      [200n, cap],
      [200n, (cap * 109n) / 100n],
    ] as const) {
      expect(await refusal(fixture.pool.add(await poolTransfer(1, 0, "0", fees(tip, feeCap))))).toBe(
        "replacement transaction underpriced",
      );
    }
    const dearer = await poolTransfer(1, 0, "0", fees(110n, (cap * 110n) / 100n));
    await fixture.pool.add(dearer);
    expect(fixture.held()).toEqual(new Set([hashOf(dearer)]));
    // A tenth of the least tips rounds to nothing: more it must be all the same.
    await fixture.pool.add(await poolTransfer(2, 0, "0", fees(1n, cap)));
    expect(await fixture.add(await poolTransfer(2, 0, "0", fees(1n, cap * 2n)))).toEqual([
      "TXPOOL_REPLACEMENT_UNDERPRICED",
    ]);
  });
});

describe("the pool's quotas", () => {
  test("give an account 64 places behind a missing nonce, the lowest nonces first", async () => {
    const fixture = new PoolFixture();
    const gapped = await Promise.all(Array.from({ length: 64 }, (_, i) => poolTransfer(1, 10 + i)));
    expect(new Set(await fixture.add(...gapped))).toEqual(new Set(["ok"]));
    expect(await refusal(fixture.pool.add(await poolTransfer(1, 200)))).toBe(
      "account limit exceeded: 64 transactions wait for nonce 0",
    );
    const lower = await poolTransfer(1, 5);
    expect(await fixture.add(lower)).toEqual(["ok"]);
    expect(fixture.held().has(hashOf(gapped[63]!))).toBe(false);
    expect(fixture.pool.count()).toEqual({ pending: 0, queued: 64 });
  });

  test("bound what waits of all accounts; the dearer stays", async () => {
    const fixture = new PoolFixture({ limits: { globalQueue: 3 } });
    const cheap = await Promise.all([1, 2, 3].map((who) => poolTransfer(who, 1, String(who))));
    await fixture.add(...cheap);
    expect(await refusal(fixture.pool.add(await poolTransfer(4, 1, "1")))).toBe("txpool is full");
    expect(await fixture.add(await poolTransfer(5, 1, "2"))).toEqual(["ok"]);
    expect(fixture.held().has(hashOf(cheap[0]!))).toBe(false);
    expect(await fixture.add(await poolTransfer(6, 0))).toEqual(["ok"]);
    expect(fixture.pool.count()).toEqual({ pending: 1, queued: 3 });
  });

  test("take room from the account with the most for those with few", async () => {
    const fixture = new PoolFixture({ limits: { globalSlots: 8, globalQueue: 8, accountSlots: 2 } });
    const many = await Promise.all(Array.from({ length: 8 }, (_, i) => poolTransfer(1, i, "9")));
    await fixture.add(...many);
    expect(await fixture.add(await poolTransfer(1, 8, "90"))).toEqual(["TXPOOL_FULL"]);
    for (let i = 0; i < 4; i++) expect(await fixture.add(await poolTransfer(2, i, "1"))).toEqual(["ok"]);
    expect(fixture.pool.content(poolAddress(1)).pending.get(poolAddress(1))).toHaveLength(4);
    expect(await fixture.add(await poolTransfer(2, 4, "1"))).toEqual(["TXPOOL_FULL"]);
    // Each account's own slots are never refused.
    expect(await fixture.add(await poolTransfer(3, 0), await poolTransfer(4, 0))).toEqual(["ok", "ok"]);
  });

  test("let nobody wait for a missing nonce longer than the lifetime", async () => {
    const fixture = new PoolFixture();
    const [ready, gapped] = [await poolTransfer(1, 0), await poolTransfer(2, 1)];
    await fixture.add(ready, gapped);
    fixture.time = DEFAULT_POOL_LIMITS.lifetimeMs - 1;
    const young = await poolTransfer(3, 1);
    await fixture.add(young);
    fixture.include();
    expect(fixture.held().size).toBe(3);
    fixture.time++;
    fixture.include();
    expect(fixture.held()).toEqual(new Set([ready, young].map(hashOf)));
    await Promise.resolve();
    expect(fixture.journal.raws.size).toBe(2);
  });

  test("don't hold for local senders", async () => {
    const limits = { globalSlots: 1, globalQueue: 1, accountSlots: 1, accountQueue: 1 };
    const fixture = new PoolFixture({ limits, locals: [poolAddress(1)] });
    await fixture.add(await poolTransfer(2, 0, "9"), await poolTransfer(3, 1, "9"));
    const free = { maxPriorityFeePerGas: 0n };
    const local = await Promise.all([0, 1, 5, 6, 7].map((nonce) => poolTransfer(1, nonce, "0", free)));
    expect(await fixture.add(...local)).toEqual(["ok", "ok", "ok", "ok", "TXPOOL_FULL"]);
    expect(await fixture.add(await poolTransfer(4, 0, "90"))).toEqual(["TXPOOL_FULL"]);
    fixture.time = DEFAULT_POOL_LIMITS.lifetimeMs;
    fixture.include();
    expect(fixture.held()).toEqual(new Set(local.slice(0, 4).map(hashOf)));
  });
});

describe("the pool's funds", () => {
  test("count all that the account has pending", async () => {
    const fixture = new PoolFixture();
    fixture.balances.set(poolAddress(1), 2n * COST + 1n);
    expect(await fixture.add(await poolTransfer(1, 0), await poolTransfer(1, 1))).toEqual(["ok", "ok"]);
    expect(await refusal(fixture.pool.add(await poolTransfer(1, 2)))).toBe(
      `insufficient funds for gas * price + value: balance ${2n * COST + 1n}, queued cost ${2n * COST}, tx cost ${COST}, overshot ${COST - 1n}`,
    );
    expect(await fixture.add(await poolTransfer(1, 1, "2"))).toEqual(["TXPOOL_FUNDS"]);
    fixture.balances.set(poolAddress(2), COST - 1n);
    expect(await refusal(fixture.pool.add(await poolTransfer(2, 0)))).toBe(
      `insufficient funds for gas * price + value: balance ${COST - 1n}, tx cost ${COST}, overshot 1`,
    );
  });

  test("are looked at again when a block spends them", async () => {
    const fixture = new PoolFixture();
    const raws = await Promise.all([0, 1, 2].map((nonce) => poolTransfer(1, nonce)));
    await fixture.add(...raws);
    fixture.balances.set(poolAddress(1), COST - 1n);
    fixture.include(raws[0]!);
    expect(fixture.held()).toEqual(new Set());
  });
});

describe("accounts that run code (EIP-7702)", () => {
  const authorize = (who: number, nonce: number) =>
    poolAccount(who).signAuthorization({ chainId: 901, address: poolAddress(99), nonce });
  const setCode = async (who: number, nonce: number, ...authorities: number[]) =>
    poolTransfer(who, nonce, "1", {
      type: "eip7702",
      gas: 200_000n,
      authorizationList: await Promise.all(authorities.map((each) => authorize(each, 0))),
    });

  test("have one transaction at a time, which may be replaced", async () => {
    const fixture = new PoolFixture();
    fixture.delegated.add(poolAddress(1));
    expect(await refusal(fixture.pool.add(await poolTransfer(1, 1)))).toBe(
      "gapped-nonce tx from delegated accounts",
    );
    expect(await fixture.add(await poolTransfer(1, 0))).toEqual(["ok"]);
    expect(await refusal(fixture.pool.add(await poolTransfer(1, 1)))).toBe(
      "in-flight transaction limit reached for delegated accounts",
    );
    expect(await fixture.add(await poolTransfer(1, 0, "2", { maxFeePerGas: parseGwei("9") }))).toEqual([
      "ok",
    ]);
  });

  test("or will run it, as a waiting authorization says", async () => {
    const fixture = new PoolFixture();
    const raw = await setCode(2, 0, 1);
    expect(await fixture.add(raw)).toEqual(["ok"]);
    expect(await fixture.add(await poolTransfer(1, 0))).toEqual(["ok"]);
    expect(await fixture.add(await poolTransfer(1, 1))).toEqual(["TXPOOL_DELEGATED_LIMIT"]);
    fixture.include(raw);
    expect(await fixture.add(await poolTransfer(1, 1))).toEqual(["ok"]);
    expect(await refusal(fixture.pool.add(await setCode(3, 0, 1)))).toBe("authority already reserved");
  });

  test("are free again with the last authorization that waits", async () => {
    const fixture = new PoolFixture();
    const raws = [await setCode(2, 0, 1), await setCode(3, 0, 1)];
    await fixture.add(...raws, await poolTransfer(1, 0));
    fixture.pool.drop(hashOf(raws[0]!));
    expect(await fixture.add(await poolTransfer(1, 1))).toEqual(["TXPOOL_DELEGATED_LIMIT"]);
    fixture.pool.drop(hashOf(raws[1]!));
    expect(await fixture.add(await poolTransfer(1, 1))).toEqual(["ok"]);
  });

  test("move on with the nonces that a block's authorizations spend", async () => {
    const fixture = new PoolFixture();
    const [stale, next] = [await poolTransfer(1, 0), await poolTransfer(1, 1)];
    await fixture.add(stale, next);
    fixture.nonces.set(poolAddress(1), 1n);
    fixture.include(await setCode(2, 0, 1));
    expect(fixture.held()).toEqual(new Set([hashOf(next)]));
    expect(fixture.pool.count()).toEqual({ pending: 1, queued: 0 });
  });
});

describe("what was acknowledged before a reorganisation", () => {
  const invalid = { invalid: "insufficient funds for gas * price + value (have 0)", sender: false };
  const refuseAll = (fixture: PoolFixture) => {
    const source = fixture.pool.source();
    const taken = source.take({ baseFee: fixture.baseFee, count: 99 });
    source.settle(taken.map((transaction) => ({ transaction, outcome: invalid })));
  };

  test("has room however full the pool is, and is not pushed out", async () => {
    const fixture = new PoolFixture({ limits: { globalSlots: 1, globalQueue: 1, accountSlots: 1 } });
    const raws = await Promise.all([0, 1, 2].map((nonce) => poolTransfer(1, nonce)));
    const blocks: Block[] = [];
    for (const raw of raws) {
      expect(await fixture.add(raw)).toEqual(["ok"]);
      blocks.push(fixture.include(raw));
    }
    await fixture.add(await poolTransfer(2, 0, "9"));
    fixture.orphan(...blocks);
    expect(fixture.pool.count()).toEqual({ pending: 4, queued: 0 });
    expect(await fixture.add(await poolTransfer(3, 0, "90"))).toEqual(["TXPOOL_FULL"]);
    expect(fixture.take().slice(-3)).toEqual(raws.map(hashOf));
    fixture.orphan();
    expect(fixture.pool.count()).toEqual({ pending: 4, queued: 0 });
  });

  test("is pushed out like any other once it has had its time, or after a restart", async () => {
    const fixture = new PoolFixture({ limits: { globalSlots: 1, globalQueue: 1, accountSlots: 1 } });
    const [first, second] = [await poolTransfer(1, 0), await poolTransfer(2, 0)];
    await fixture.add(first, second);
    fixture.orphan(fixture.include(first), fixture.include(second));
    expect(await fixture.add(await poolTransfer(3, 0, "9"))).toEqual(["TXPOOL_FULL"]);
    fixture.time = DEFAULT_POOL_LIMITS.lifetimeMs;
    fixture.include();
    expect(await fixture.add(await poolTransfer(3, 0, "9"))).toEqual(["ok"]);
    await fixture.open().restore();
    expect(await fixture.add(await poolTransfer(4, 0, "9"))).toEqual(["ok"]);
    expect(fixture.pool.count()).toEqual({ pending: 2, queued: 0 });
    expect(fixture.held()).not.toContain(hashOf(first));
  });

  test("lets the cheapest go after a start with lower limits", async () => {
    const before = new PoolFixture();
    const raws = await Promise.all([1, 2, 3, 4].map((who) => poolTransfer(who, 0, String(who))));
    await before.add(...raws);
    const fixture = new PoolFixture({ journal: before.journal, limits: { globalSlots: 1, globalQueue: 1 } });
    await fixture.pool.restore();
    expect(fixture.pool.count().pending).toBe(4);
    fixture.include();
    expect(fixture.held()).toEqual(new Set(raws.slice(2).map(hashOf)));
  });

  test("waits for its money, but not for ever", async () => {
    const fixture = new PoolFixture();
    const [kept, other] = [await poolTransfer(1, 0), await poolTransfer(2, 0)];
    await fixture.add(kept);
    const block = fixture.include(kept);
    fixture.balances.set(poolAddress(1), 0n);
    fixture.orphan(block);
    await fixture.add(other);
    refuseAll(fixture);
    expect(fixture.held()).toEqual(new Set([hashOf(kept)]));
    fixture.time = DEFAULT_POOL_LIMITS.lifetimeMs;
    refuseAll(fixture);
    expect(fixture.held()).toEqual(new Set());
  });

  test("leaves pool and journal when the new chain has passed its nonce", async () => {
    const fixture = new PoolFixture();
    const [old, dearer] = [await poolTransfer(1, 0), await poolTransfer(1, 0, "2")];
    await fixture.add(old);
    const removed = fixture.include(old);
    const arrivals = fixture.journal.append([old]);
    const journalled = new Map([[hashOf(old), arrivals[0]!]]);
    fixture.pool.chainChanged({ removed: [removed], added: [poolBlock(dearer)], journalled });
    await Promise.resolve();
    expect(fixture.held()).toEqual(new Set());
    expect(fixture.journal.raws.size).toBe(0);
  });
});
