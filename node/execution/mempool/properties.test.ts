import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  hashOf,
  PoolFixture,
  poolAccount,
  poolAddress,
  poolTransfer,
} from "../../../test/support/pool-fixture.ts";
import { decodeTransaction } from "../../chain/codec/transaction.ts";
import type { Block } from "../../chain/types/block.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { PoolLimits } from "./limits.ts";

const SENDERS = 4;
const NONCES = 7;
/** Tips in gwei: some raise another by less than a tenth. */
const TIPS = ["1", "1.05", "1.2", "4"];
const ROOMY: Partial<PoolLimits> = { accountQueue: NONCES, globalQueue: 100, globalSlots: 100 };
const TIGHT = { accountSlots: 1, globalSlots: 4, accountQueue: 2, globalQueue: 3 };

interface Signed {
  raw: Uint8Array;
  hash: Hash;
  who: number;
  nonce: number;
  tip: number;
}

type Step =
  | { kind: "add"; picks: readonly [number, number, number][] }
  | { kind: "block"; count: number }
  | { kind: "orphan"; depth: number }
  | { kind: "wait"; ms: number }
  | { kind: "restart" };

const pick = fc.tuple(fc.nat(SENDERS - 1), fc.nat(NONCES - 1), fc.nat(TIPS.length - 1));
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("add" as const),
        picks: fc.array(pick, { minLength: 1, maxLength: 6 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("block" as const), count: fc.nat(6) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("orphan" as const), depth: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(2_000) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  ),
  { maxLength: 40 },
);

/** A pool with a chain below it that includes what the pool gives and takes blocks back. */
class World {
  readonly fixture: PoolFixture;
  readonly signed: readonly Signed[];
  readonly blocks: Block[] = [];

  constructor(signed: readonly Signed[], limits: Partial<PoolLimits>) {
    this.signed = signed;
    this.fixture = new PoolFixture({ limits });
  }

  of([who, nonce, tip]: readonly [number, number, number]): Signed {
    return this.signed.find((each) => each.who === who && each.nonce === nonce && each.tip === tip)!;
  }

  /** Includes the first `count` that a block would take. */
  include(count: number): void {
    const taken = this.fixture.take(count).map((hash) => this.signed.find((each) => each.hash === hash)!);
    this.blocks.push(this.fixture.include(...taken.map(({ raw }) => raw)));
  }

  orphan(depth: number): Block[] {
    const removed = this.blocks.splice(-depth);
    this.fixture.orphan(...removed);
    return removed;
  }
}

/** What an unbounded pool must hold: by sender and nonce the acknowledged transaction. */
class Model {
  private readonly nonces = Array.from({ length: SENDERS }, () => 0);
  private held = new Map<string, Signed>();

  hashes(): Set<Hash> {
    return new Set([...this.held.values()].map(({ hash }) => hash));
  }

  expected(signed: Signed): string {
    const old = this.held.get(`${signed.who}/${signed.nonce}`);
    if (old?.hash === signed.hash) return "TXPOOL_ALREADY_KNOWN";
    if (signed.nonce < this.nonces[signed.who]!) return "TXPOOL_NONCE_TOO_LOW";
    const raises = old === undefined || Number(TIPS[signed.tip]) >= Number(TIPS[old.tip]) * 1.1;
    // The fee caps are a gwei above the tips.
    const capRaises = old === undefined || Number(TIPS[signed.tip]) + 1 >= (Number(TIPS[old.tip]) + 1) * 1.1;
    return raises && capRaises ? "ok" : "TXPOOL_REPLACEMENT_UNDERPRICED";
  }

  add(signed: Signed): void {
    this.held.set(`${signed.who}/${signed.nonce}`, signed);
  }

  included(signed: Signed): void {
    this.nonces[signed.who] = signed.nonce + 1;
    this.held.delete(`${signed.who}/${signed.nonce}`);
  }

  orphaned(signed: Signed): void {
    this.nonces[signed.who] = Math.min(this.nonces[signed.who]!, signed.nonce);
    this.add(signed);
  }
}

describe("whatever happens to the pool", () => {
  const signed: Signed[] = [];

  beforeAll(async () => {
    for (let who = 0; who < SENDERS; who++) {
      for (let nonce = 0; nonce < NONCES; nonce++) {
        for (const [tip, gwei] of TIPS.entries()) {
          const raw = await poolTransfer(who, nonce, gwei);
          signed.push({ raw, hash: hashOf(raw), who, nonce, tip });
        }
      }
    }
  });

  const ofBlock = (block: Block): Signed[] =>
    block.transactions.map(({ hash }) => signed.find((each) => each.hash === hash)!);

  const journalled = (fixture: PoolFixture): Set<Hash> =>
    new Set([...fixture.journal.raws.values()].map(hashOf));

  test("with room it holds just what it acknowledged and no block holds", async () => {
    const run = async (list: readonly Step[]) => {
      const world = new World(signed, ROOMY);
      const { fixture } = world;
      const model = new Model();
      for (const step of list) {
        if (step.kind === "add") {
          for (const picked of step.picks) {
            const one = world.of(picked);
            const expected = model.expected(one);
            expect(await fixture.add(one.raw)).toEqual([expected]);
            if (expected === "ok") model.add(one);
          }
        } else if (step.kind === "block") {
          world.include(step.count);
          for (const one of ofBlock(world.blocks.at(-1)!)) model.included(one);
        } else if (step.kind === "orphan") {
          for (const block of world.orphan(step.depth).toReversed()) {
            for (const one of ofBlock(block).toReversed()) model.orphaned(one);
          }
        } else if (step.kind === "restart") {
          await fixture.open().restore();
        }
        await Promise.resolve();
        expect(fixture.held()).toEqual(model.hashes());
        expect(journalled(fixture)).toEqual(model.hashes());
      }
    };
    await fc.assert(fc.asyncProperty(steps, run), { numRuns: 150 });
  });

  test("without room it stays within its limits, and its sums are right", async () => {
    const run = async (list: readonly Step[]) => {
      const world = new World(signed, { ...TIGHT, lifetimeMs: 5_000 });
      const { fixture } = world;
      // Quotas don't drop what a block has held.
      let hasKept = false;
      for (const step of list) {
        const isBlock = step.kind === "block";
        if (step.kind === "add") await fixture.add(...step.picks.map((picked) => world.of(picked).raw));
        else if (isBlock) world.include(step.count);
        else if (step.kind === "wait") fixture.time += step.ms;
        if (step.kind === "orphan") {
          hasKept = true;
          world.orphan(step.depth);
        }
        if (step.kind === "restart") await fixture.open().restore();
        await Promise.resolve();
        check(fixture, hasKept, isBlock);
      }
    };
    await fc.assert(fc.asyncProperty(steps, run), { numRuns: 300 });
  });

  function check(fixture: PoolFixture, hasKept: boolean, isAfterBlock: boolean): void {
    const { pending, queued } = fixture.pool.count();
    const content = fixture.pool.content();
    const size = (lists: ReadonlyMap<unknown, readonly unknown[]>) =>
      [...lists.values()].reduce((sum, list) => sum + list.length, 0);
    expect([size(content.pending), size(content.queued)]).toEqual([pending, queued]);
    expect(journalled(fixture)).toEqual(fixture.held());
    for (let who = 0; who < SENDERS; who++) {
      const address = poolAddress(who);
      const first = Number(fixture.nonces.get(address) ?? 0n);
      const ready = content.pending.get(address) ?? [];
      expect(ready.map(({ nonce }) => Number(nonce))).toEqual(ready.map((_, index) => first + index));
      const next = fixture.pool.pendingNonce(address);
      expect(next).toBe(ready.length === 0 ? undefined : BigInt(first + ready.length));
      const waiting = content.queued.get(address) ?? [];
      expect(waiting.every(({ nonce }) => Number(nonce) > first + ready.length)).toBe(true);
      if (!hasKept && isAfterBlock) expect(waiting.length).toBeLessThanOrEqual(TIGHT.accountQueue);
    }
    if (hasKept) return;
    expect(pending + queued).toBeLessThanOrEqual(TIGHT.globalSlots + TIGHT.globalQueue);
    if (isAfterBlock) expect(queued).toBeLessThanOrEqual(TIGHT.globalQueue);
  }

  test("it takes a sender's transactions in nonce order and none twice", async () => {
    const world = new World(signed, ROOMY);
    const raws = signed.filter(({ tip }) => tip === 0).map(({ raw }) => raw);
    await world.fixture.add(...raws.toReversed());
    const taken = world.fixture.take().map((hash) => signed.find((each) => each.hash === hash)!);
    expect(taken).toHaveLength(SENDERS * NONCES);
    for (let who = 0; who < SENDERS; who++) {
      const nonces = taken.filter((each) => each.who === who).map(({ nonce }) => nonce);
      expect(nonces).toEqual(Array.from({ length: NONCES }, (_, nonce) => nonce));
      expect(poolAccount(who).address.toLowerCase()).toBe(
        (decodeTransaction(raws[who * NONCES]!, { l2ChainId: 901n }) as { from: string }).from,
      );
    }
  });
});
