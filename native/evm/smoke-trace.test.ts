import { beforeEach, describe, expect, test } from "vitest";
import {
  ACCESS,
  alice,
  bob,
  CALL,
  FRAMES,
  hostPrecompile,
  MEMORY,
  STEPS,
  STORAGE,
  TOUCHED,
  token,
  World,
} from "./smoke-codec.ts";
import { addressOf, le, type Reader } from "./smoke-host.ts";

let host: World;

beforeEach(() => {
  host = new World();
  host.call("configure", le(901, 8) + hostPrecompile);
  host.openBlock();
});

describe("traces", () => {
  test("frames and steps with memory, storage, cost and the failing step's error", () => {
    // Calls the token with 1,000 gas; the token stores at slot 1, reads it, and jumps to nowhere.
    host.put(token, 0n, "6002600155600154600956");
    host.put(bob, 0n, `5f5f5f5f5f73${token}620186a0f100`);
    const flags = FRAMES | STEPS | MEMORY | STORAGE | TOUCHED;
    const result = host.exec({ flags, to: bob, gas: 200_000n });
    expect(result).toMatchObject({ status: 0 });
    const list = host.records();
    expect(list[0]).toMatchObject({ enter: 0, from: alice, to: bob, gas: 179_000n });
    expect(list).toContainEqual(expect.objectContaining({ op: 0xf1, depth: 1, cost: 102_600n, error: "" }));
    expect(list).toContainEqual(expect.objectContaining({ enter: 0, from: bob, to: token, gas: 100_000n }));
    expect(list).toContainEqual(
      expect.objectContaining({ op: 0x55, slot: [1n, 2n], stack: [2n, 1n], cost: 22_100n }),
    );
    expect(list).toContainEqual(expect.objectContaining({ op: 0x54, slot: [1n, 2n], cost: 100n }));
    expect(list).toContainEqual(expect.objectContaining({ op: 0x56, error: "invalid jump destination" }));
    const error = "invalid jump destination";
    expect(list).toContainEqual(expect.objectContaining({ leave: 2, gas: 100_000n, error }));
    expect(list.at(-1)).toMatchObject({ leave: 0, error: "" });
    const { rest } = result as { rest: Reader };
    const touched = rest.list(() => {
      const [address, exist] = [rest.raw(20), rest.uint(1)];
      rest.raw(144);
      return { address, exist, slots: rest.list(() => [rest.word(), rest.word(), rest.word()]) };
    });
    expect(rest.done).toBe(true);
    expect(touched).toContainEqual({ address: token, exist: 3, slots: [[1n, 0n, 0n]] });
  });

  test("the words of a bad end name the instruction as geth does", () => {
    const cases = [
      ["600101", "stack underflow (1 <=> 2)"],
      ["0c", "invalid opcode: opcode 0xc not defined"],
      ["fe", "invalid opcode: INVALID"],
      ["5b5f600056", "stack limit reached 1024 (1023)"],
    ] as const;
    for (const [i, [code, error]] of cases.entries()) {
      const at = addressOf(0x5000 + i);
      host.put(at, 0n, code);
      expect(host.exec({ flags: FRAMES, to: at, gas: 200_000n })).toMatchObject({ status: 2 });
      expect(host.records().at(-1)).toMatchObject({ leave: 2, error });
      host.traces.splice(0);
    }
  });

  test("created contracts, logs and self-destructs are records too", () => {
    // Creates a contract whose init code logs once and destroys itself in favour of bob.
    const init = `5f5fa073${bob}ff`;
    const size = init.length / 2;
    const push = (0x5f + size).toString(16);
    const hex = (value: number) => value.toString(16).padStart(2, "0");
    host.put(bob, 9n, `${push}${init}5f5260${hex(size)}60${hex(32 - size)}6005f000`);
    expect(host.exec({ flags: FRAMES, to: bob, gas: 200_000n })).toMatchObject({ status: 0, logs: [{}] });
    const list = host.records();
    const created = (list[1] as { to: string }).to;
    expect(list[1]).toMatchObject({ enter: 4, from: bob, value: 5n, input: init });
    expect(list[2]).toEqual({ log: created, topics: "", data: "" });
    expect(list[3]).toEqual({ destroyed: created, heir: bob, balance: 5n });
    expect(list[4]).toMatchObject({ leave: 0, created });
    host.module.settle(1);
    expect(host.changes()).not.toHaveProperty(created);
  });

  test("records are whole in each piece", () => {
    // Counts down from 2,000 with 2 KiB of memory.
    host.put(bob, 0n, "5f6107e0526107d05b60019003806008575000");
    expect(host.exec({ flags: FRAMES | STEPS | MEMORY, to: bob, gas: 200_000n })).toMatchObject({
      status: 0,
    });
    const pieces = [...host.traces];
    const total = host.records().length;
    expect(total).toBeGreaterThan(12_000);
    expect(pieces.length).toBeGreaterThan(100);
    let sum = 0;
    for (const piece of pieces) {
      host.traces.splice(0, host.traces.length, piece);
      sum += host.records().length;
      expect(piece.length).toBeLessThanOrEqual(65_536);
    }
    expect(sum).toBe(total);
  });

  test("an access list of what instructions name", () => {
    host.put(token, 0n, "600154");
    host.put(bob, 0n, `5f5f5f5f5f73${token}620186a0f1613131315000`);
    const { rest } = host.exec({ flags: CALL | ACCESS, to: bob, fee: 0n, gas: 200_000n }) as { rest: Reader };
    const list = rest.list(() => [rest.raw(20), rest.list(() => rest.word())]);
    expect(list).toEqual([
      [addressOf(0x3131), []],
      [token, [1n]],
    ]);
    expect(host.traces).toEqual([]);
  });
});
