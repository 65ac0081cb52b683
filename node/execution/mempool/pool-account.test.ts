import fc from "fast-check";
import { expect, test } from "vitest";
import { hashOf, POOL_RULES, poolTransfer } from "../../../test/support/pool-fixture.ts";
import { decodeTransaction } from "../../chain/codec/transaction.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { PoolAccount, type PoolEntry } from "./pool-account.ts";

const step = fc.record({
  kind: fc.constantFrom("put" as const, "delete" as const, "move" as const),
  nonce: fc.nat(8),
  cost: fc.bigInt({ min: 1n, max: 1_000n }),
});

test("an account's sums are those of what it holds, whatever comes and goes", async () => {
  const raw = await poolTransfer(1, 0);
  expect(hashOf(raw)).toMatch(/^0x/);
  const transaction = decodeTransaction(raw, POOL_RULES) as SignedTransaction;
  const entryOf = (nonce: number, cost: bigint): PoolEntry => {
    const fees = { feeCap: 1n, tipCap: 1n, cost };
    const rest = {
      authorities: [],
      slots: 1,
      order: 0,
      isKept: false,
      holdsPlace: false,
      since: 0,
      arrival: undefined,
    };
    return { transaction, nonce, ...fees, ...rest, account: undefined };
  };
  const run = (steps: readonly { kind: "put" | "delete" | "move"; nonce: number; cost: bigint }[]) => {
    const account = new PoolAccount("0x00000000000000000000000000000000000000aa", 3, false);
    const held = new Map<number, bigint>();
    for (const { kind, nonce, cost } of steps) {
      const old = account.get(nonce);
      if (kind === "put" && nonce >= account.nonce) {
        const entry = entryOf(nonce, cost);
        if (old === undefined) account.set(entry);
        else account.replace(old, entry);
        held.set(nonce, cost);
      } else if (kind === "delete" && old !== undefined) {
        account.delete(old, 0);
        held.delete(nonce);
      } else if (kind === "move") {
        const passed = account.moveTo(nonce, 0).map((entry) => entry.nonce);
        expect(passed.sort()).toEqual([...held.keys()].filter((each) => each < nonce).sort());
        for (const each of passed) held.delete(each);
      }
      let next = account.nonce;
      let sum = 0n;
      for (; held.has(next); next++) sum += held.get(next)!;
      expect([account.pendingNonce, account.pendingCost, account.size]).toEqual([next, sum, held.size]);
    }
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), run), { numRuns: 500 });
});
