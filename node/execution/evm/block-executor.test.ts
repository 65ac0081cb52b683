import { describe, expect, it, vi } from "vitest";
import { createSmallChain, FUNDS, ListPool, SENDER, signed } from "../../../test/support/small-chain.ts";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { encodeDeposit } from "../../chain/codec/deposit.ts";
import { BASE_FEE_VAULT, SEQUENCER_FEE_VAULT } from "../../chain/constants.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import type { DepositTransaction } from "../../chain/types/transaction.ts";
import { ChainState } from "./ethereumjs/chain-state.ts";
import { EvmInstance, EvmTrap } from "./revm/instance.ts";
import { createStateReader } from "./state-reader.ts";

const alice: Address = `0x${"a1".repeat(20)}`;
const target: Address = `0x${"ee".repeat(20)}`;

function deposit(fields: Partial<DepositTransaction>): Uint8Array {
  return encodeDeposit({
    sourceHash: `0x${"05".repeat(32)}`,
    from: alice,
    to: target,
    mint: undefined,
    value: 0n,
    gas: 100_000n,
    isSystemTx: false,
    data: new Uint8Array(0),
    ...fields,
  });
}

describe("deposits", () => {
  it("mint, transfer and step the nonce without paying for gas", async () => {
    const small = createSmallChain();
    const { receipts, block } = await small.advance([deposit({ mint: 1000n, value: 400n })]);
    const state = createStateReader(small.database);
    expect(await state.account(block.header.stateRoot, alice)).toMatchObject({ balance: 600n, nonce: 1n });
    expect(await state.account(block.header.stateRoot, target)).toMatchObject({ balance: 400n });
    expect(receipts[1]).toMatchObject({
      status: 1,
      gasUsed: 21_000n,
      depositNonce: 0n,
      depositReceiptVersion: 1,
    });
  });

  it.each([
    ["the value is above the balance", { mint: 5n, value: 6n }],
    ["the gas is below the intrinsic cost", { mint: 5n, gas: 20_999n }],
    ["the gas is below the calldata floor", { mint: 5n, gas: 21_500n, data: new Uint8Array(100).fill(1) }],
    ["it claims to be a system transaction", { mint: 5n, isSystemTx: true }],
    ["its initcode is too long", { mint: 5n, to: undefined, gas: 20_000_000n, data: new Uint8Array(49_153) }],
  ])("are included as failed when %s: mint and nonce stay, all gas is used", async (_, fields) => {
    const small = createSmallChain();
    const { receipts, block } = await small.advance([deposit(fields)]);
    expect(receipts[1]).toMatchObject({
      status: 0,
      gasUsed: (fields as Partial<DepositTransaction>).gas ?? 100_000n,
    });
    const account = await createStateReader(small.database).account(block.header.stateRoot, alice);
    expect(account).toMatchObject({ balance: 5n, nonce: 1n });
  });

  it("that revert use the gas they used", async () => {
    const small = createSmallChain({ accounts: [{ address: target, codeHex: "0x5f5ffd" }] });
    const { receipts } = await small.advance([deposit({ mint: 1n })]);
    expect(receipts[1]).toMatchObject({ status: 0, gasUsed: 21_004n });
  });

  it("that don't fit into the block's gas make the payload invalid", async () => {
    const small = createSmallChain();
    const build = small.executor.build(small.head, small.attributes([deposit({ gas: 29_999_999n })]));
    await expect(build).rejects.toMatchObject({ code: "PAYLOAD_INVALID" });
  });
});

describe("signed transactions", () => {
  it("pay base fee and tip to the vaults, and the state keeps every wei", async () => {
    const small = createSmallChain();
    const { block, receipts } = await small.advance([
      await signed({ nonce: 0, value: 7n, maxPriorityFeePerGas: 3n }),
    ]);
    const state = createStateReader(small.database);
    const balance = async (address: Address) =>
      (await state.account(block.header.stateRoot, address))?.balance ?? 0n;
    const baseFee = block.header.baseFeePerGas!;
    expect(receipts[1]?.gasUsed).toBe(21_000n);
    expect(await balance(BASE_FEE_VAULT)).toBe(21_000n * baseFee);
    expect(await balance(SEQUENCER_FEE_VAULT)).toBe(21_000n * 3n);
    expect(await balance(SENDER.address.toLowerCase() as Address)).toBe(
      FUNDS - 7n - 21_000n * (baseFee + 3n),
    );
  });

  it.each([
    ["undecodable bytes", () => hexToBytes("0x02c0")],
    ["an empty envelope", () => new Uint8Array(0)],
    ["a blob transaction", () => hexToBytes("0x03c0")],
    ["a nonce gap", () => signed({ nonce: 5 })],
    [
      "another chain's id",
      async () =>
        hexToBytes(
          await SENDER.signTransaction({
            type: "eip1559",
            chainId: 1,
            gas: 21_000n,
            nonce: 0,
            to: target,
            maxFeePerGas: 10n ** 10n,
            maxPriorityFeePerGas: 0n,
          }),
        ),
    ],
    ["more value than the balance", () => signed({ nonce: 0, value: FUNDS })],
    ["too little gas", () => signed({ nonce: 0, gas: 20_999n })],
    ["a fee cap below the base fee", () => signed({ nonce: 0, maxFeePerGas: 1n })],
  ])("forced with %s make the payload invalid", async (_, make) => {
    const small = createSmallChain();
    const build = small.executor.build(small.head, small.attributes([await make()]));
    await expect(build).rejects.toMatchObject({ code: "PAYLOAD_INVALID" });
  });

  it("from the pool are included, skipped for later, or dropped with a reason", async () => {
    const small = createSmallChain();
    const pool = new ListPool([
      await signed({ nonce: 0 }),
      await signed({ nonce: 0, value: 1n }),
      await signed({ nonce: 2 }),
      await signed({ nonce: 1, gas: 29_980_000n }),
      await signed({ nonce: 1, gas: 31_000_000n }),
      await signed({ nonce: 1 }),
    ]);
    const { block } = await small.advance([], pool);
    expect(pool.outcomes).toEqual([
      "included",
      { invalid: expect.stringContaining("nonce too low") },
      "skipped",
      "skipped",
      { invalid: expect.stringContaining("gas limit") },
      "included",
    ]);
    expect(block.transactions).toHaveLength(3);
  });

  it("are left in the pool when time is up", async () => {
    const small = createSmallChain();
    const pool = new ListPool([await signed({ nonce: 0 })]);
    const signal = AbortSignal.abort();
    const { block } = await small.executor.build(small.head, small.attributes(), pool, { signal });
    expect(block.transactions).toHaveLength(1);
    expect(pool.outcomes).toEqual([]);
  });

  it("that break ethereumjs cost the pool that transaction, not the block", async () => {
    const small = createSmallChain({
      executor: "ts",
      accounts: [
        {
          address: target,
          codeHex: "0x60016001555f5f5f5f60017300000000000000000000000000000000000000aa5af100",
        },
      ],
    });
    const poisoned: Address = "0x00000000000000000000000000000000000000aa";
    const getCode = ChainState.prototype.getCode;
    vi.spyOn(ChainState.prototype, "getCode").mockImplementation(async function (this: ChainState, address) {
      if (address.toString() === poisoned) throw new Error("a bug");
      return getCode.call(this, address);
    });
    const pool = new ListPool([
      await signed({ nonce: 0, to: target }),
      await signed({ nonce: 0, to: alice, value: 3n }),
    ]);
    const { block, receipts } = await small.advance([], pool);
    vi.restoreAllMocks();
    expect(pool.outcomes).toEqual([{ invalid: "execution failed: a bug" }, "included"]);
    expect(receipts).toHaveLength(2);
    const state = createStateReader(small.database);
    expect(await state.storage(block.header.stateRoot, target, `0x${"01".padStart(64, "0")}`)).toEqual(
      new Uint8Array(32),
    );
  });

  it("that trap the EVM module cost the pool that transaction, not the block", async () => {
    const small = createSmallChain({ executor: "wasm" });
    const exec = EvmInstance.prototype.exec;
    const traps = await signed({ nonce: 1, to: alice, value: 66n });
    vi.spyOn(EvmInstance.prototype, "exec").mockImplementation(function (this: EvmInstance, request) {
      if (Buffer.from(request).includes(Buffer.from(traps))) throw new EvmTrap("a bug");
      return exec.call(this, request);
    });
    const pool = new ListPool([
      await signed({ nonce: 0, to: alice, value: 1n }),
      traps,
      await signed({ nonce: 1, to: alice, value: 3n }),
    ]);
    const { block, receipts } = await small.advance([], pool);
    vi.restoreAllMocks();
    expect(pool.outcomes).toEqual(["included", { invalid: expect.stringContaining("a bug") }, "included"]);
    expect(receipts).toHaveLength(3);
    expect((await createStateReader(small.database).account(block.header.stateRoot, alice))?.balance).toBe(
      4n,
    );
  });

  /** Makes the module busy for so long with each run whose request holds one of these envelopes. */
  /** Of this process, which a busy machine gives less than the clock says. */
  const processorMs = () => process.cpuUsage().user / 1000;

  function slowDown(ms: number, clock: () => number, ...envelopes: readonly Uint8Array[]): void {
    const exec = EvmInstance.prototype.exec;
    vi.spyOn(EvmInstance.prototype, "exec").mockImplementation(function (this: EvmInstance, request) {
      const isSlow = envelopes.some((raw) => Buffer.from(request).includes(Buffer.from(raw)));
      const end = clock() + (isSlow ? ms : 0);
      while (clock() < end);
      return exec.call(this, request);
    });
  }

  it("that take longer than their gas allows are dropped with their sender's others, and leave no trace", async () => {
    const small = createSmallChain({ executor: "wasm" });
    const slow = await signed({ nonce: 0, to: alice, value: 5n });
    slowDown(400, processorMs, slow);
    const pool = new ListPool([slow, await signed({ nonce: 0, to: alice, value: 1n })]);
    const { block } = await small.advance([], pool);
    vi.restoreAllMocks();
    expect(pool.outcomes).toEqual([{ invalid: "took longer than its gas allows" }, "included"]);
    expect(pool.dropsSenders).toEqual([true]);
    expect((await createStateReader(small.database).account(block.header.stateRoot, alice))?.balance).toBe(
      1n,
    );
  });

  it("are not started once the block's time is spent, also in the middle of what the pool gave", async () => {
    const small = createSmallChain({ executor: "wasm" });
    const envelopes = await Promise.all(
      Array.from({ length: 60 }, (_, nonce) => signed({ nonce, to: alice })),
    );
    slowDown(100, () => performance.now(), ...envelopes);
    const pool = new ListPool(envelopes);
    const deadline = performance.now() + 3_000;
    const { block } = await small.executor.build(small.head, small.attributes(), pool, { deadline });
    vi.restoreAllMocks();
    expect(block.transactions.length).toBeGreaterThan(1);
    expect(block.transactions.length).toBeLessThan(60);
  });

  it("find a fault of the node thrown, not themselves dropped", async () => {
    for (const executor of ["wasm", "ts"] as const) {
      // A contract whose code is read from the database when it is called first.
      const small = createSmallChain({ executor, accounts: [{ address: target, codeHex: "0x5f5f" }] });
      const pool = new ListPool([await signed({ nonce: 0, to: target })]);
      const get = small.database.get.bind(small.database);
      small.database.get = (key) => {
        if (key.length === 33) throw new Error("the disk is gone");
        return get(key);
      };
      await expect(small.advance([], pool)).rejects.toMatchObject({ code: "STATE_READ_FAILED" });
      expect(pool.outcomes).toEqual([]);
    }
  });

  it("count their DA footprint against the gas limit", async () => {
    // About 3,000 bytes that don't compress count 1.02 million at scalar 400: only one fits.
    const small = createSmallChain({ gasLimit: 1_060_000n });
    let seed = 1;
    const noise = bytesToHex(
      Uint8Array.from({ length: 3000 }, () => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return (seed >> 16) & 255 || 1;
      }),
    );
    const pool = new ListPool([
      await signed({ nonce: 0, gas: 200_000n, data: noise }),
      await signed({ nonce: 1, gas: 200_000n, data: noise }),
    ]);
    const { block } = await small.advance([], pool);
    expect(pool.outcomes).toEqual(["included", "skipped"]);
    expect(block.header.blobGasUsed).toBeGreaterThan(530_000n);
  });
});

describe("validate", () => {
  it("accepts a built block and names the field that differs", async () => {
    const small = createSmallChain();
    const parent = small.head;
    const { block } = await small.advance([await signed({ nonce: 0 })]);
    const again = await small.executor.check(parent, block);
    expect(again.block.hash).toBe(block.hash);
    const changed = { ...block, header: { ...block.header, gasUsed: block.header.gasUsed + 1n } };
    await expect(small.executor.check(parent, changed)).rejects.toMatchObject({
      code: "BLOCK_INVALID",
      facts: { field: "gasUsed" },
    });
  });
});

describe("calls", () => {
  /** Returns its storage slot 0 and adds one to it. */
  const counter: Hex = "0x5f54805f52600101 5f5560205ff3".replace(" ", "") as Hex;

  it("run on the state without changing it, while a block is built", async () => {
    const small = createSmallChain({ accounts: [{ address: target, codeHex: counter }] });
    const request = {
      from: alice,
      to: target,
      value: 0n,
      data: new Uint8Array(0),
      gas: 100_000n,
      gasPrice: 0n,
    };
    const parent = small.head;
    const building = small.executor.build(parent, small.attributes([await signed({ nonce: 0, to: target })]));
    const results = await Promise.all([
      small.executor.call(parent, request),
      building,
      small.executor.call(parent, request),
    ]);
    expect(results[0]).toEqual(results[2]);
    expect(results[0].returnData).toEqual(new Uint8Array(32));
    expect((await building).receipts[1]?.status).toBe(1);
  });

  it("estimate what a transaction needs, and give the revert when it can't succeed", async () => {
    const reverter: Address = `0x${"bb".repeat(20)}`;
    const small = createSmallChain({
      accounts: [
        { address: target, codeHex: counter },
        { address: reverter, codeHex: "0x5f5ffd" },
      ],
    });
    const request = {
      from: alice,
      to: target,
      value: 0n,
      data: new Uint8Array(0),
      gas: 30_000_000n,
      gasPrice: 0n,
    };
    const gas = await small.executor.estimateGas(small.head, request);
    if (typeof gas !== "bigint") throw new Error("no estimate");
    const { receipts } = await small.advance([await signed({ nonce: 0, to: target, gas })]);
    expect(receipts[1]?.status).toBe(1);
    expect(gas).toBeLessThan((receipts[1]!.gasUsed * 115n) / 100n);
    const failed = await small.executor.estimateGas(small.head, { ...request, to: reverter });
    expect(failed).toMatchObject({ error: { kind: "revert" } });
  });
});
