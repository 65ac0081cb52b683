import { beforeEach, describe, expect, test } from "vitest";
import { addressOf, bytesOf, EMPTY_CODE_HASH, Host, hexOf, le, Reader, sized, wordOf } from "./smoke-host.ts";

const JOVIAN = 108;
const CALL = 1;
const CREATE = 2;
const DEPOSIT = 4;
const MINT = 16;
const FRAMES = 32;
const STEPS = 64;
const TOUCHED = 128;
const ACCESS = 256;
const MEMORY = 1024;
const STORAGE = 2048;

const alice = addressOf(0xa11ce);
const bob = addressOf(0xb0b);
const token = addressOf(0x70c3);
const hostPrecompile = addressOf(0xa03);
const l1Block = "4200000000000000000000000000000000000015";
const baseFeeVault = "4200000000000000000000000000000000000019";
const ether = 10n ** 18n;

interface Transaction {
  flags?: number;
  type?: number;
  from?: string;
  to?: string;
  value?: bigint;
  gas?: bigint;
  nonce?: bigint;
  fee?: bigint;
  tip?: bigint;
  mint?: bigint;
  data?: string;
  enveloped?: string;
}

function encode(tx: Transaction): string {
  const deposit = ((tx.flags ?? 0) & DEPOSIT) !== 0;
  return [
    le(tx.flags ?? 0, 4),
    le(tx.type ?? (deposit ? 0x7e : 2), 1),
    tx.from ?? alice,
    tx.to ?? bob,
    wordOf(tx.value ?? 0n),
    le(tx.gas ?? 100_000n, 8),
    le(tx.nonce ?? 0n, 8),
    le(tx.fee ?? 10n ** 9n, 16),
    le(tx.tip ?? 0n, 16),
    le(tx.mint ?? 0n, 16),
    wordOf(deposit ? 77n : 0n),
    sized(tx.data ?? ""),
    sized(tx.enveloped ?? (deposit ? "" : "02ff")),
    le(0, 4),
    le(0, 4),
  ].join("");
}

function read(reader: Reader) {
  const status = reader.uint(1);
  if (status === 3) return { status, code: reader.uint(1), text: reader.text() };
  if (status === 4) return { status, text: reader.text() };
  const output = reader.sized();
  const halt = [reader.uint(1), reader.text()];
  const [used, refund, spent, floor] = [reader.big(8), reader.big(8), reader.big(8), reader.big(8)];
  const created = reader.uint(1) === 1 ? reader.raw(20) : (reader.raw(20), undefined);
  const logs = reader.list(() => ({
    address: reader.raw(20),
    topics: Array.from({ length: reader.uint(1) }, () => reader.raw(32)),
    data: reader.sized(),
  }));
  const costs = [reader.word(), reader.word()];
  return { status, output, halt, used, refund, spent, floor, created, logs, costs, rest: reader };
}

function readChanges(reader: Reader) {
  const changes = reader.list(() => {
    const [address, flags] = [reader.raw(20), reader.uint(1)];
    if (flags & 1) return { address, flags };
    const [nonce, balance, codeHash] = [reader.big(8), reader.word(), reader.raw(32)];
    const code = flags & 4 ? reader.sized() : undefined;
    const slots = reader.list(() => [reader.word(), reader.word()]);
    return { address, flags, nonce, balance, codeHash, code, slots };
  });
  expect(reader.done).toBe(true);
  return Object.fromEntries(changes.map(({ address, ...rest }) => [address, rest]));
}

let host: Host;

const exec = (tx: Transaction) => read(host.call("exec", encode(tx)));
const changes = () => readChanges(host.call("changes", ""));

function openBlock(spec = JOVIAN): void {
  const block = le(7, 8) + le(1_000, 8) + le(30_000_000, 8) + le(50, 8);
  host.call("open_block", le(spec, 1) + block + addressOf(0xc0) + wordOf(9n) + le(0, 8));
}

function put(address: string, balance: bigint, code?: string): void {
  const codeHash = code === undefined ? EMPTY_CODE_HASH : wordOf(BigInt(`0x${address}`));
  if (code !== undefined) host.codes.set(codeHash, code);
  host.accounts.set(address, { nonce: code === undefined ? 0n : 1n, balance, codeHash });
}

beforeEach(() => {
  host = new Host();
  put(alice, ether);
  put(l1Block, 0n, "00");
  host.storage.set(l1Block + wordOf(1n), wordOf(1_000n));
  // Operator fee: scalar 7, constant 9.
  host.storage.set(l1Block + wordOf(8n), `${"00".repeat(20)}00000007${"00".repeat(7)}09`);
  host.call("configure", le(901, 8) + hostPrecompile);
  openBlock();
});

describe("transactions", () => {
  test("a transfer pays its fees, and only kept changes stay", () => {
    expect(host.module.abi_version()).toBe(1);
    const result = exec({ value: 5n });
    expect(result).toMatchObject({ status: 0, used: 21_000n, costs: [0n, 21_000n * 7n * 100n + 9n] });
    expect(changes()).toEqual({});
    exec({ value: 5n });
    host.module.settle(1);
    const after = changes();
    expect(after[bob]).toMatchObject({ flags: 0, nonce: 0n, balance: 5n, slots: [] });
    expect(after[baseFeeVault]).toMatchObject({ balance: 21_000n * 50n });
    const paid = 5n + 21_000n * 50n + 21_000n * 700n + 9n;
    expect(after[alice]).toMatchObject({ nonce: 1n, balance: ether - paid });
  });

  test("what a block read it does not ask again", () => {
    exec({ value: 5n });
    host.module.settle(1);
    const asked = host.asked.length;
    expect(exec({ value: 5n, nonce: 1n })).toMatchObject({ status: 0 });
    expect(host.asked).toHaveLength(asked);
  });

  test("invalid transactions have numbers and change nothing", () => {
    expect(exec({ nonce: 5n })).toMatchObject({ status: 3, code: 10 });
    expect(exec({ gas: 20_000n })).toMatchObject({ status: 3, code: 4 });
    expect(exec({ value: 2n * ether })).toMatchObject({ status: 3, code: 7 });
    expect(exec({ fee: 49n })).toMatchObject({ status: 3, code: 2 });
    expect(exec({ type: 3 })).toMatchObject({ status: 3, code: 16 });
    host.module.settle(1);
    expect(changes()).toEqual({});
  });

  test("a host that fails ends the call with status 4", () => {
    host.fails = true;
    expect(exec({})).toMatchObject({ status: 4, text: "the host failed: storage" });
    host.fails = false;
    expect(exec({})).toMatchObject({ status: 0 });
  });

  test("a malformed request traps", () => {
    expect(() => host.call("exec", "00")).toThrow(WebAssembly.RuntimeError);
  });
});

describe("deposits", () => {
  test("mint and value arrive without a fee", () => {
    const deposit = { flags: DEPOSIT | MINT, from: addressOf(0xd0), mint: 100n, value: 40n };
    expect(exec(deposit)).toMatchObject({ status: 0, used: 21_000n, costs: [0n, 0n] });
    host.module.settle(1);
    expect(changes()).toMatchObject({
      [addressOf(0xd0)]: { nonce: 1n, balance: 60n },
      [bob]: { balance: 40n },
    });
  });

  test("one that fails keeps mint and nonce, and uses its gas limit", () => {
    const deposit = { flags: DEPOSIT | MINT, from: addressOf(0xd0), mint: 100n, value: 400n };
    const halt = [18, "failed deposit: insufficient balance for transfer"];
    expect(exec(deposit)).toMatchObject({ status: 2, used: 100_000n, halt });
    host.module.settle(1);
    expect(changes()).toEqual({
      [addressOf(0xd0)]: { flags: 0, nonce: 1n, balance: 100n, codeHash: EMPTY_CODE_HASH, slots: [] },
    });
  });

  test("init code beyond EIP-3860's limit fails the deposit", () => {
    const data = "00".repeat(49_153);
    const result = exec({ flags: DEPOSIT | CREATE, data, gas: 2_000_000n });
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
    put(token, 0n, transferCode);
    host.storage.set(token + wordOf(BigInt(`0x${alice}`)), wordOf(1_000n));
    for (let nonce = 0n; nonce < 50n; nonce++) {
      const result = exec({ to: token, nonce, data: wordOf(0x77n) + wordOf(2n) });
      expect(result).toMatchObject({ status: 0, logs: [{ address: token, data: wordOf(2n) }] });
      host.module.settle(1);
    }
    expect(changes()[token]).toMatchObject({
      slots: [
        [0x77n, 100n],
        [BigInt(`0x${alice}`), 900n],
      ],
    });
    expect(host.module.code_cache_bytes()).toBeGreaterThan(0);
  });

  test("a contract is created, found again in the block, and part of its changes", () => {
    // Returns the two bytes 5f5f.
    const result = exec({ flags: CREATE, data: "615f5f5f526002601ef3" });
    const created = (result as { created: string }).created;
    host.module.settle(1);
    expect(changes()[created]).toMatchObject({ flags: 4, nonce: 1n, code: "5f5f" });
    expect(exec({ nonce: 1n, to: created })).toMatchObject({ status: 0, used: 21_004n });
  });

  test("put_code sets nonce and code at once", () => {
    put(bob, 3n);
    host.call("put_code", bob + le(1, 8) + "fe");
    expect(changes()[bob]).toMatchObject({ flags: 4, nonce: 1n, balance: 3n, code: "fe" });
    expect(exec({ to: bob })).toMatchObject({
      status: 2,
      halt: [3, "invalid opcode: INVALID"],
      used: 100_000n,
    });
  });

  test("a system call changes only the contract", () => {
    // Stores calldata word 0 at slot 0.
    put(token, 0n, "5f355f55");
    expect(read(host.call("system_call", token + wordOf(5n)))).toMatchObject({ status: 0 });
    host.module.settle(1);
    expect(changes()).toEqual({ [token]: expect.objectContaining({ slots: [[0n, 5n]] }) });
    expect(read(host.call("system_call", bob + wordOf(5n)))).toMatchObject({ status: 0, used: 0n });
    host.module.settle(1);
    expect(Object.keys(changes())).toEqual([token]);
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
    const result = exec({ to: hostPrecompile, value: 10n, data: "01" });
    host.module.settle(1);
    return { seen, result };
  };

  test("transfer, slot and log are the transaction's", () => {
    const { seen, result } = run(0);
    const call = { gas: 100_000n - 21_016n, self: hostPrecompile, input: "01", depth: 1 };
    // Bob is absent and cold, then warm; the second transfer asks for more than there is.
    expect(seen).toEqual([call, 2, 0, 0, 1, 0, 0]);
    expect(result).toMatchObject({ status: 0, output: "c0de", used: 22_016n, logs: [{ data: "beef" }] });
    expect(changes()).toMatchObject({
      [bob]: { balance: 6n },
      [hostPrecompile]: { balance: 4n, slots: [[1n, 2n]] },
    });
  });

  test("they go with a revert", () => {
    expect(run(1).result).toMatchObject({ status: 1, output: "c0de", used: 22_016n, logs: [] });
    expect(changes()).not.toHaveProperty(bob);
  });

  test("a halt takes all gas, and pre functions answer -1 outside", () => {
    expect(run(2).result).toMatchObject({ status: 2, halt: [9, "precompile error"], used: 100_000n });
    expect(host.module.pre_account(host.module.outbuf(92), 1)).toBe(-1);
  });
});

test("built-in cryptography works, and the host's goes before it", () => {
  const key = 0x4n;
  const input = wordOf(0n) + wordOf(27n) + wordOf(1n) + wordOf(key);
  const call = { flags: CALL, to: addressOf(1), data: input, fee: 0n };
  const builtIn = exec(call) as { output: string };
  expect(builtIn.output).toHaveLength(64);
  host.crypto = (operation, bytes) => (operation === 1 ? new Uint8Array(32).fill(bytes.length) : -2);
  expect(exec(call)).toMatchObject({ output: "61".repeat(32) });
  host.crypto = () => -3;
  expect(exec(call)).toMatchObject({ status: 0, output: "" });
  host.crypto = () => -1;
  expect(exec(call)).toMatchObject({ status: 4, text: "the host failed: crypto" });
});

/** Reads the stream of records; ops as `[op, pc, cost, error]`. */
function records(): unknown[] {
  const all = Buffer.concat(host.traces);
  const reader = new Reader(all);
  const list: unknown[] = [];
  while (!reader.done) {
    const kind = reader.uint(1);
    if (kind === 1) {
      const head = { enter: reader.uint(1), from: reader.raw(20), to: reader.raw(20), value: reader.word() };
      list.push({ ...head, gas: reader.big(8), input: reader.sized() });
    } else if (kind === 2) {
      const head = { leave: reader.uint(1), gas: reader.big(8), created: reader.raw(20) };
      list.push({ ...head, output: reader.sized(), error: reader.text() });
    } else if (kind === 3) {
      const head = { op: reader.uint(1), pc: reader.uint(4), gas: reader.big(8), depth: reader.uint(2) };
      const refund = reader.big(8);
      const stack = Array.from({ length: reader.uint(2) }, () => reader.word());
      const memory = reader.sized();
      const cost = reader.big(8);
      const slot = reader.uint(1) === 1 ? [reader.word(), reader.word()] : undefined;
      list.push({ ...head, refund, stack, memory, cost, slot, error: reader.text() });
    } else {
      throw new Error(`record ${kind} not expected`);
    }
  }
  return list;
}

describe("traces", () => {
  test("frames and steps with memory, storage, cost and the failing step's error", () => {
    // Calls the token with 1,000 gas; the token stores at slot 1, reads it, and jumps to nowhere.
    put(token, 0n, "6002600155600154600956");
    put(bob, 0n, `5f5f5f5f5f73${token}620186a0f100`);
    const flags = FRAMES | STEPS | MEMORY | STORAGE | TOUCHED;
    const result = exec({ flags, to: bob, gas: 200_000n });
    expect(result).toMatchObject({ status: 0 });
    const list = records();
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

  test("an access list of what instructions name", () => {
    put(token, 0n, "600154");
    put(bob, 0n, `5f5f5f5f5f73${token}620186a0f1613131315000`);
    const { rest } = exec({ flags: CALL | ACCESS, to: bob, fee: 0n, gas: 200_000n }) as { rest: Reader };
    const list = rest.list(() => [rest.raw(20), rest.list(() => rest.word())]);
    expect(list).toEqual([
      [addressOf(0x3131), []],
      [token, [1n]],
    ]);
    expect(host.traces).toEqual([]);
  });
});
