import { keccak } from "hash-wasm";
import { beforeEach, describe, expect, test } from "vitest";
import {
  alice,
  baseFeeVault,
  bob,
  CALL,
  CREATE,
  DEPOSIT,
  ether,
  hostPrecompile,
  MINT,
  read,
  token,
  World,
} from "./smoke-codec.ts";
import { addressOf, bytesOf, EMPTY_CODE_HASH, hexOf, le, wordOf } from "./smoke-host.ts";

let host: World;

const zerosDigest = (size: number) => keccak(new Uint8Array(size), 256);

beforeEach(() => {
  host = new World();
  host.call("configure", le(901, 8) + hostPrecompile);
  host.openBlock();
});

describe("transactions", () => {
  test("a transfer pays its fees, and only kept changes stay", () => {
    expect(host.module.abi_version()).toBe(3);
    const result = host.exec({ value: 5n });
    expect(result).toMatchObject({ status: 0, used: 21_000n, costs: [0n, 21_000n * 7n * 100n + 9n] });
    expect(host.changes()).toEqual({});
    host.exec({ value: 5n });
    host.module.settle(1);
    const after = host.changes();
    expect(after[bob]).toMatchObject({ flags: 0, nonce: 0n, balance: 5n, slots: [] });
    expect(after[baseFeeVault]).toMatchObject({ balance: 21_000n * 50n });
    const paid = 5n + 21_000n * 50n + 21_000n * 700n + 9n;
    expect(after[alice]).toMatchObject({ nonce: 1n, balance: ether - paid });
  });

  test("what a block read it does not ask again", () => {
    host.exec({ value: 5n });
    host.module.settle(1);
    const asked = host.asked.length;
    expect(host.exec({ value: 5n, nonce: 1n })).toMatchObject({ status: 0 });
    expect(host.asked).toHaveLength(asked);
  });

  test("invalid transactions have numbers and change nothing", () => {
    expect(host.exec({ nonce: 5n })).toMatchObject({ status: 3, code: 10 });
    expect(host.exec({ gas: 20_000n })).toMatchObject({ status: 3, code: 4 });
    expect(host.exec({ value: 2n * ether })).toMatchObject({ status: 3, code: 7 });
    expect(host.exec({ fee: 49n })).toMatchObject({ status: 3, code: 2 });
    expect(host.exec({ type: 3 })).toMatchObject({ status: 3, code: 16 });
    host.module.settle(1);
    expect(host.changes()).toEqual({});
  });

  test("a host that fails ends the call with status 4", () => {
    host.fails = true;
    expect(host.exec({})).toMatchObject({ status: 4, text: "the host failed: storage" });
    host.fails = false;
    expect(host.exec({})).toMatchObject({ status: 0 });
  });

  test("a malformed request traps", () => {
    expect(() => host.call("exec", "00")).toThrow(WebAssembly.RuntimeError);
  });
});

test("a size is asked for without the code, once", () => {
  // EXTCODESIZE of calldata's address, returned.
  host.put(bob, 0n, "5f353b5f5260205ff3");
  const large = addressOf(0xb16);
  host.put(large, 0n, "fe".repeat(24_576));
  for (const nonce of [0n, 1n]) {
    const data = large.padStart(64, "0");
    expect(host.exec({ to: bob, data, nonce, gas: 100_000n })).toMatchObject({
      status: 0,
      output: wordOf(24_576n),
    });
    host.module.settle(1);
  }
  expect(host.asked.filter((asked) => asked.startsWith("code"))).toHaveLength(2);
  expect(host.asked).toContain(`code size ${wordOf(0xb16n)}`);
});

test("memory grows in few pieces however much code a block calls", () => {
  const count = 4_000;
  const at = (i: number) => addressOf(0xc0de0000 + i);
  for (let i = 0; i < count; i++)
    host.put(at(i), 0n, `${le(i, 4).replaceAll("5b", "00")}${"00".repeat(24_572)}`);
  // Calls one account after the other, as long as there is gas: JUMPDEST (0, 0, 0, 0, 0, DUP6, 0) CALL POP 1 ADD, JUMP.
  host.put(bob, 0n, `63${at(0).slice(-8)}5b5f5f5f5f5f855ff150600101600556`);
  const sizes = new Set<number>();
  const { codes } = host;
  const get = codes.get.bind(codes);
  codes.get = (hash) => {
    sizes.add(host.module.memory.buffer.byteLength);
    return get(hash);
  };
  host.exec({ to: bob, gas: 2_700n * BigInt(count - 10) });
  expect(host.asked.filter((asked) => asked.startsWith("code ")).length).toBeGreaterThan(3_000);
  expect(sizes.size).toBeLessThanOrEqual(2);
});

test("exhausted memory traps", () => {
  // MSTORE at 4,000,000,000: no gas limit of a block pays for it.
  host.put(bob, 0n, "5f63ee6b280052");
  const greedy = { flags: CALL, to: bob, gas: 1n << 62n, fee: 0n };
  expect(() => host.exec(greedy)).toThrow(WebAssembly.RuntimeError);
});

describe("deposits", () => {
  test("mint and value arrive without a fee", () => {
    const deposit = { flags: DEPOSIT | MINT, from: addressOf(0xd0), mint: 100n, value: 40n };
    expect(host.exec(deposit)).toMatchObject({ status: 0, used: 21_000n, costs: [0n, 0n] });
    host.module.settle(1);
    expect(host.changes()).toMatchObject({
      [addressOf(0xd0)]: { nonce: 1n, balance: 60n },
      [bob]: { balance: 40n },
    });
  });

  test("one that fails keeps mint and nonce, and uses its gas limit", () => {
    const deposit = { flags: DEPOSIT | MINT, from: addressOf(0xd0), mint: 100n, value: 400n };
    const halt = [18, "failed deposit: insufficient balance for transfer"];
    expect(host.exec(deposit)).toMatchObject({ status: 2, used: 100_000n, halt });
    host.module.settle(1);
    expect(host.changes()).toEqual({
      [addressOf(0xd0)]: { flags: 0, nonce: 1n, balance: 100n, codeHash: EMPTY_CODE_HASH, slots: [] },
    });
  });

  test("init code beyond EIP-3860's limit fails the deposit", () => {
    const data = "00".repeat(49_153);
    const result = host.exec({ flags: DEPOSIT | CREATE, data, gas: 2_000_000n });
    expect(result).toMatchObject({
      status: 2,
      used: 2_000_000n,
      halt: [18, expect.stringContaining("initcode")],
    });
  });
});

/** Moves calldata word 1 from the sender's slot to the slot in word 0, and logs it: what an ERC-20 transfer costs. */
const transferCode = [
  "602035335403", // sender's balance - amount
  "3355", // stored
  "6020355f355401", // receiver's balance + amount
  "5f3555",
  "6020355f525f3533601160205fa3", // log3-like: two topics and the amount
].join("");

describe("code", () => {
  test("an ERC-20-like loop changes slots once a block", () => {
    host.put(token, 0n, transferCode);
    host.storage.set(token + wordOf(BigInt(`0x${alice}`)), wordOf(1_000n));
    for (let nonce = 0n; nonce < 50n; nonce++) {
      const result = host.exec({ to: token, nonce, data: wordOf(0x77n) + wordOf(2n) });
      expect(result).toMatchObject({ status: 0, logs: [{ address: token, data: wordOf(2n) }] });
      host.module.settle(1);
    }
    expect(host.changes()[token]).toMatchObject({
      slots: [
        [0x77n, 100n],
        [BigInt(`0x${alice}`), 900n],
      ],
    });
    expect(host.module.code_cache_bytes()).toBeGreaterThan(0);
  });

  test("a contract is created, found again in the block, and part of its changes", () => {
    // Returns the two bytes 5f5f.
    const result = host.exec({ flags: CREATE, data: "615f5f5f526002601ef3" });
    const created = (result as { created: string }).created;
    host.module.settle(1);
    expect(host.changes()[created]).toMatchObject({ flags: 4, nonce: 1n, code: "5f5f" });
    expect(host.exec({ nonce: 1n, to: created })).toMatchObject({ status: 0, used: 21_004n });
  });

  test("put_code sets nonce and code at once", () => {
    host.put(bob, 3n);
    host.call("put_code", `${bob}${le(1, 8)}fe`);
    expect(host.changes()[bob]).toMatchObject({ flags: 4, nonce: 1n, balance: 3n, code: "fe" });
    expect(host.exec({ to: bob })).toMatchObject({
      status: 2,
      halt: [3, "invalid opcode: INVALID"],
      used: 100_000n,
    });
  });

  test("a system call changes only the contract", () => {
    // Stores calldata word 0 at slot 0.
    host.put(token, 0n, "5f355f55");
    expect(read(host.call("system_call", token + wordOf(5n)))).toMatchObject({ status: 0 });
    host.module.settle(1);
    expect(host.changes()).toEqual({ [token]: expect.objectContaining({ slots: [[0n, 5n]] }) });
    expect(read(host.call("system_call", bob + wordOf(5n)))).toMatchObject({ status: 0, used: 0n });
    host.module.settle(1);
    expect(Object.keys(host.changes())).toEqual([token]);
  });
});

describe("host precompiles", () => {
  const run = (status: number) => {
    const seen: unknown[] = [];
    host.precompile = ({ gas, self, input, depth }) => {
      seen.push({ gas, self, input: hexOf(input), depth });
      const { outbuf, pre_account, pre_transfer, pre_log, pre_storage } = host.module;
      const place = outbuf(92);
      host.write(place, bob);
      seen.push(pre_account(place, 1), pre_account(place, 1));
      host.write(place, self + bob + wordOf(6n));
      seen.push(pre_transfer(place));
      host.write(place, self + bob + wordOf(60n));
      seen.push(pre_transfer(place));
      host.write(place, self + wordOf(1n) + wordOf(2n));
      seen.push(pre_storage(place, 1));
      const log = `${self}01${wordOf(4n)}beef`;
      host.write(place, log);
      seen.push(pre_log(place, log.length / 2));
      return { status, gas: 1_000n, output: bytesOf("c0de") };
    };
    const result = host.exec({ to: hostPrecompile, value: 10n, data: "01" });
    host.module.settle(1);
    return { seen, result };
  };

  test("transfer, slot and log are the transaction's", () => {
    const { seen, result } = run(0);
    const call = { gas: 100_000n - 21_016n, self: hostPrecompile, input: "01", depth: 1 };
    // Bob is absent and cold, then warm; the second transfer asks for more than there is.
    expect(seen).toEqual([call, 2, 0, 0, 1, 0, 0]);
    expect(result).toMatchObject({ status: 0, output: "c0de", used: 22_016n, logs: [{ data: "beef" }] });
    expect(host.changes()).toMatchObject({
      [bob]: { balance: 6n },
      [hostPrecompile]: { balance: 4n, slots: [[1n, 2n]] },
    });
  });

  test("they go with a revert", () => {
    expect(run(1).result).toMatchObject({ status: 1, output: "c0de", used: 22_016n, logs: [] });
    expect(host.changes()).not.toHaveProperty(bob);
  });

  test("a halt takes all gas, and pre functions answer -1 outside", () => {
    expect(run(2).result).toMatchObject({ status: 2, halt: [9, "precompile error"], used: 100_000n });
    expect(host.module.pre_account(host.module.outbuf(92), 1)).toBe(-1);
  });
});

test("the host is asked once for the seed of the maps", () => {
  const asked: number[] = [];
  host = new World();
  host.crypto = (operation) => {
    asked.push(operation);
    return new Uint8Array(16).fill(7);
  };
  host.call("configure", le(901, 8));
  host.openBlock();
  expect(asked).toEqual([0]);
});

test("long KECCAK256 is the host's, where it has it", async () => {
  // Digests of the 512 and of the 511 zero bytes of memory, in slot 0 and 1.
  host.put(bob, 0n, "6102005f205f556101ff5f20600155");
  const slots = () => {
    expect(host.exec({ to: bob })).toMatchObject({ status: 0 });
    host.module.settle(1);
    return (host.changes()[bob] as { slots: bigint[][] }).slots.map(([, value]) => wordOf(value!));
  };
  const own = slots();
  expect(own).toEqual([await zerosDigest(512), await zerosDigest(511)]);
  host = new World();
  host.put(bob, 0n, "6102005f205f556101ff5f20600155");
  host.crypto = (operation, input) => (operation === 2 ? new Uint8Array(32).fill(input.length >> 8) : -2);
  host.call("configure", le(901, 8));
  host.openBlock();
  expect(slots()).toEqual(["02".repeat(32), own[1]]);
  host.crypto = () => -1;
  expect(host.exec({ to: bob, nonce: 1n })).toMatchObject({ status: 4, text: "the host failed: crypto" });
});

test("built-in cryptography works, and the host's goes before it", () => {
  const key = 0x4n;
  const input = wordOf(0n) + wordOf(27n) + wordOf(1n) + wordOf(key);
  const call = { flags: CALL, to: addressOf(1), data: input, fee: 0n };
  const builtIn = host.exec(call) as { output: string };
  expect(builtIn.output).toHaveLength(64);
  host.crypto = (operation, bytes) => (operation === 1 ? new Uint8Array(32).fill(bytes.length) : -2);
  expect(host.exec(call)).toMatchObject({ output: "61".repeat(32) });
  host.crypto = () => -3;
  expect(host.exec(call)).toMatchObject({ status: 0, output: "" });
  host.crypto = () => -1;
  expect(host.exec(call)).toMatchObject({ status: 4, text: "the host failed: crypto" });
});
