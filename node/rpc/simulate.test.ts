import { afterAll, describe, expect, it } from "vitest";
import { askOf } from "../../test/support/ask.ts";
import { createDiskChain } from "../../test/support/disk-chain.ts";
import { createSmallChain, SENDER } from "../../test/support/small-chain.ts";

const at = (byte: string) => `0x${byte.repeat(20)}` as const;
const word = (value: bigint | number) => `0x${value.toString(16).padStart(64, "0")}`;
const from = SENDER.address.toLowerCase();
const [a, b, c] = [at("c1"), at("c2"), at("c3")];
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const NATIVE = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
/** Adds 1 to slot 0 and returns it. */
const adds = { code: "0x60015f5401805f555f5260205ff3" };
/** Sends its value on to `b`. */
const forwards = { code: `0x5f5f5f5f34${"73"}${b.slice(2)}5af1` };
const limit = "0x1c9c380";

describe.each(["wasm", "ts", "both"] as const)("eth_simulateV1 with the executor %s", (executor) => {
  const small = createSmallChain({ executor });
  const ask = askOf(small);
  const simulate = async (blockStateCalls: unknown, options: object = {}) => {
    const { result, error } = await ask("eth_simulateV1", { blockStateCalls, ...options }, "latest");
    return result ?? `${error?.code} ${error?.message}`;
  };

  it("chains messages and blocks", async () => {
    const calls = [{ to: a }, { to: a }];
    const [one, two] = await simulate([{ stateOverrides: { [a]: adds }, calls }, { calls }]);
    expect(one.calls.map((call: { returnData: string }) => call.returnData)).toEqual([word(1), word(2)]);
    expect(two.calls.map((call: { returnData: string }) => call.returnData)).toEqual([word(3), word(4)]);
    expect(one).toMatchObject({ number: "0x1", timestamp: "0x3f4", baseFeePerGas: "0x0", gasLimit: limit });
    expect(two).toMatchObject({ number: "0x2", parentHash: one.hash });
    expect(one.stateRoot).not.toBe(two.stateRoot);
    expect(one.transactions).toHaveLength(2);
    // Nothing of it is in the chain.
    expect((await ask("eth_call", { to: a }, "latest")).result).toBe("0x");
  });

  it("fills gaps, and gives BLOCKHASH of what it made", async () => {
    const hash = { code: "0x6001430340" + "5f5260205ff3" };
    const blocks = await simulate([
      { blockOverrides: { number: "0x3", time: "0x500" } },
      { stateOverrides: { [a]: hash }, calls: [{ to: a }] },
    ]);
    expect(blocks.map(({ number }: { number: string }) => number)).toEqual(["0x1", "0x2", "0x3", "0x4"]);
    expect(blocks[3].calls[0].returnData).toBe(blocks[2].hash);
  });

  it("tells of transfers, but not of those that failed", async () => {
    const calls = [
      { from, to: a, value: "0x5" },
      { from, to: c, value: "0x7" },
    ];
    const stateOverrides = { [a]: forwards, [c]: { code: "0x5f5ffd" } };
    const [{ calls: results }] = await simulate([{ stateOverrides, calls }], { traceTransfers: true });
    expect(results[0].logs).toMatchObject([
      {
        address: NATIVE,
        topics: [TRANSFER, `0x${"0".repeat(24)}${from.slice(2)}`, `0x${"0".repeat(24)}${a.slice(2)}`],
      },
      { data: word(5), logIndex: "0x1" },
    ]);
    expect(results[1]).toMatchObject({
      logs: [],
      status: "0x0",
      error: { code: 3, message: "execution reverted" },
    });
    const [silent] = await simulate([{ stateOverrides, calls }]);
    expect(silent.calls[0].logs).toEqual([]);
  });

  it("validates as a block of the chain where that is asked for", async () => {
    const validation = { validation: true };
    const fees = { maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1" };
    const [block] = await simulate([{ calls: [{ from, to: b, ...fees }] }], {
      ...validation,
      returnFullTransactions: true,
    });
    expect(BigInt(block.baseFeePerGas)).toBeGreaterThan(0n);
    expect(block.transactions[0]).toMatchObject({
      from,
      to: b,
      nonce: "0x0",
      type: "0x2",
      blockHash: block.hash,
    });
    expect(await simulate([{ calls: [{ from, to: b }] }], validation)).toMatch(
      /^-38012 err: max fee per gas less than/,
    );
    const wrong = (nonce: string) => simulate([{ calls: [{ from, to: b, nonce, ...fees }] }], validation);
    expect(await wrong("0x5")).toMatch(
      /^-38011 err: nonce too high: address 0x\w+, tx: 5 state: 0 \(supplied gas/,
    );
    const stepped = {
      stateOverrides: { [from]: { nonce: "0x9" } },
      calls: [{ from, to: b, nonce: "0x1", ...fees }],
    };
    expect(await simulate([stepped], validation)).toMatch(/^-38010 err: nonce too low/);
  });

  it.each([
    ["no blocks", [], "-32602 empty input"],
    ["too many blocks", Array.from({ length: 257 }, () => ({})), "-38026 too many blocks"],
    ["a gap that is too wide", [{ blockOverrides: { number: "0x102" } }], "-38026 too many blocks"],
    [
      "numbers out of order",
      [{ blockOverrides: { number: "0x0" } }],
      "-38020 block numbers must be in order: 0 <= 0",
    ],
    [
      "times out of order",
      [{ blockOverrides: { time: "0x1" } }],
      "-38021 block timestamps must be in order: 1 <= 1000",
    ],
    ["a poor sender", [{ calls: [{ from: a, to: b, value: "0x1" }] }], "-38014 err: insufficient funds"],
    [
      "too little gas",
      [{ calls: [{ to: b, gas: "0x1" }] }],
      "-38013 err: intrinsic gas too low: have 1, want 21000",
    ],
    [
      "more gas than a block",
      [{ calls: [{ to: b, gas: "0x2000000" }] }],
      "-38015 block gas limit reached: 0 >= 30000000",
    ],
    [
      "initcode that is too long",
      [{ calls: [{ data: `0x${"00".repeat(49_153)}` }] }],
      "-38025 err: max initcode size",
    ],
    ["withdrawals", [{ blockOverrides: { withdrawals: [{}] } }], "-32602 invalid argument 0: withdrawals"],
    [
      "both kinds of fees",
      [{ calls: [{ gasPrice: "0x1", maxFeePerGas: "0x1" }] }],
      "-32000 both gasPrice and",
    ],
    ["no list", 5, "-32602 invalid argument 0: blockStateCalls"],
  ])("refuses %s", async (_, blocks, text) => {
    expect((await simulate(blocks)).slice(0, text.length)).toBe(text);
  });

  it("carries on what a block does not say from the block before, and says the rest", async () => {
    const overrides = {
      feeRecipient: c,
      gasLimit: "0x989680",
      prevRandao: word(3),
      beaconRoot: word(4),
      baseFeePerGas: "0x7",
    };
    // COINBASE, GASLIMIT, PREVRANDAO, BASEFEE.
    const environment = { code: "0x415f5245602052446040524860605260805ff3" };
    const calls = [{ to: a }];
    const [one, two] = await simulate([
      { stateOverrides: { [a]: environment }, blockOverrides: overrides, calls },
      { calls },
    ]);
    const read = (block: { calls: [{ returnData: string }] }) =>
      block.calls[0].returnData
        .slice(2)
        .match(/.{64}/g)!
        .map((part) => BigInt(`0x${part}`));
    expect(read(one)).toEqual([BigInt(c), 10_000_000n, 3n, 7n]);
    expect(read(two)).toEqual([BigInt(c), 10_000_000n, 0n, 0n]);
    expect(one).toMatchObject({
      miner: c,
      gasLimit: "0x989680",
      mixHash: word(3),
      parentBeaconBlockRoot: word(4),
      baseFeePerGas: "0x7",
      extraData: "0x",
      difficulty: "0x0",
      gasUsed: one.calls[0].gasUsed,
    });
    expect(two).toMatchObject({ miner: c, mixHash: word(0), parentBeaconBlockRoot: word(0) });
    expect(Number(two.timestamp) - Number(one.timestamp)).toBe(12);
  });

  it("counts gas over messages and blocks, up to the node's cap", async () => {
    const burn = { [a]: { code: "0x5b5f56" } };
    const capped = askOf(small, { gasCap: 150_000n });
    const blocks = [
      { stateOverrides: burn, calls: [{ to: a, gas: "0x186a0" }, { to: a }] },
      { calls: [{ to: b }] },
    ];
    const { error } = await capped("eth_simulateV1", { blockStateCalls: blocks }, "latest");
    expect(error).toMatchObject({ code: -38013, message: expect.stringContaining("have 0, want 21000") });
    const { result } = await capped("eth_simulateV1", { blockStateCalls: blocks.slice(0, 1) }, "latest");
    expect(result[0].calls.map((call: { gasUsed: string }) => Number(call.gasUsed))).toEqual([
      100_000, 50_000,
    ]);
    expect(result[0].gasUsed).toBe("0x249f0");
    // What a message does not say is what the block has left.
    const [whole] = await simulate([
      {
        stateOverrides: burn,
        blockOverrides: { gasLimit: "0x30d40" },
        calls: [{ to: a, gas: "0x5208" }, { to: a }],
      },
    ]);
    expect(whole.gasUsed).toBe("0x30d40");
    const full = await simulate([
      {
        calls: [
          { to: b, gas: limit },
          { to: b, gas: limit },
        ],
      },
    ]);
    expect(full).toBe("-38015 block gas limit reached: 21000 >= 30000000");
  });

  it("chooses nonces, types and fees, and tells them", async () => {
    const rich = { [from]: { balance: "0xffffffffffffffff" } };
    const authorizationList = [
      { chainId: "0x0", address: b, nonce: "0x0", yParity: "0x0", r: "0x1", s: "0x1" },
    ];
    const [block] = await simulate(
      [
        {
          stateOverrides: rich,
          blockOverrides: { baseFeePerGas: "0xa" },
          calls: [
            { from, to: b },
            { from, to: b, gasPrice: "0xb" },
            { from, to: b, maxFeePerGas: "0x14", maxPriorityFeePerGas: "0x2" },
            { from, to: b, maxFeePerGas: "0xb", maxPriorityFeePerGas: "0x5", nonce: "0x9" },
            { from, to: b, gas: "0x186a0", authorizationList },
            { from, data: "0x" },
          ],
        },
      ],
      { returnFullTransactions: true },
    );
    const all = block.transactions.map((one: Record<string, string>) => [one.type, one.nonce, one.to]);
    expect(all).toEqual([
      ["0x2", "0x0", b],
      ["0x0", "0x1", b],
      ["0x2", "0x2", b],
      ["0x2", "0x9", b],
      ["0x4", "0x4", b],
      ["0x2", "0x5", null],
    ]);
    const prices = block.transactions.map(({ gasPrice }: { gasPrice: string }) => Number(gasPrice));
    expect(prices).toEqual([0, 11, 12, 11, 0, 0]);
    const tip = await simulate([{ calls: [{ from, maxFeePerGas: "0x1", maxPriorityFeePerGas: "0x2" }] }]);
    expect(tip).toMatch(/^-32602 err: max priority fee per gas higher than max fee per gas/);
    const low = await simulate([
      { blockOverrides: { baseFeePerGas: "0xa" }, calls: [{ from, gasPrice: "0x9", to: b }] },
    ]);
    expect(low).toMatch(/^-38012 err: max fee per gas less than block base fee/);
  });

  it("refuses the last nonce where it validates", async () => {
    const last = { stateOverrides: { [from]: { nonce: "0xffffffffffffffff" } } };
    const fees = { maxFeePerGas: "0x77359400" };
    const one = await simulate([{ ...last, calls: [{ from, to: b, ...fees }] }], { validation: true });
    expect(one).toMatch(/^-32603 err: nonce has max value/);
    const [free] = await simulate([{ ...last, calls: [{ from, to: b }] }]);
    expect(free.calls[0].status).toBe("0x1");
  });

  it("numbers logs over the block, and leaves out those of frames that failed", async () => {
    // LOG0, then a call of `b`, which logs and fails, then LOG0.
    const logs = { code: `0x5f5fa05f5f5f5f5f73${b.slice(2)}5af1505f5fa000` };
    const fails = { code: "0x5f5fa05f5ffd" };
    const [block] = await simulate([
      { stateOverrides: { [a]: logs, [b]: fails }, calls: [{ to: a }, { to: a }] },
    ]);
    const indexes = block.calls.map((call: { logs: { logIndex: string; transactionIndex: string }[] }) =>
      call.logs.map(({ logIndex, transactionIndex }) => [logIndex, transactionIndex]),
    );
    expect(indexes).toEqual([
      [
        ["0x0", "0x0"],
        ["0x2", "0x0"],
      ],
      [
        ["0x3", "0x1"],
        ["0x5", "0x1"],
      ],
    ]);
  });

  it("runs the blocks' system calls where their contracts are", async () => {
    const history = "0x0000f90827f1c53a10cb7a02335b175320002935";
    const roots = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02";
    // Keeps the word that it is given; gives it where it is given none.
    const code = { code: "0x3615600a575f355f55005b5f545f5260205ff3" };
    const [one, two] = await simulate([
      {
        stateOverrides: { [history]: code, [roots]: code },
        blockOverrides: { beaconRoot: word(77) },
        calls: [{ to: history }, { to: roots }],
      },
      { calls: [{ to: history }, { to: roots }] },
    ]);
    expect(one.calls[1].returnData).toBe(word(77));
    expect(one.calls[0].returnData).toBe(one.parentHash);
    expect(two.calls[0].returnData).toBe(one.hash);
    expect(two.calls[1].returnData).toBe(word(0));
  });

  it("bounds blocks, messages and what it is asked", async () => {
    const gap = await simulate([{ blockOverrides: { number: "0x100" } }]);
    expect(gap).toHaveLength(256);
    expect(Number(gap.at(-1).timestamp) - Number(gap[0].timestamp)).toBe(255 * 12);
    const many = Array.from({ length: 5_001 }, () => ({}));
    expect(await simulate([{ calls: many }])).toMatch(/^-32602 .*calls has more than 5000 items/);
    const two = { calls: many.slice(2_500) };
    expect(await simulate([two, two])).toBe("-38026 too many calls");
    expect(await simulate(Array.from({ length: 257 }, () => ({})))).toBe("-38026 too many blocks");
    for (const [options, text] of [
      [{ validation: 1 }, "validation must be true or false"],
      [{ traceTransfers: "yes" }, "traceTransfers must be true or false"],
      [{ returnFullTransactions: 0 }, "returnFullTransactions must be true or false"],
    ] as const)
      expect(await simulate([{}], options)).toContain(text);
    const empty = await simulate([{ calls: null, stateOverrides: null, blockOverrides: null }], {
      validation: null,
    });
    expect(empty[0].transactions).toEqual([]);
    expect(await simulate(null)).toBe("-32602 empty input");
    const nowhere = async (block: unknown) =>
      (await ask("eth_simulateV1", { blockStateCalls: [{}] }, block)).error?.message;
    expect(await nowhere("0x99")).toBe("header not found");
    expect(await nowhere(word(1))).toBe("header for hash not found");
    const withdrawn = await simulate([{ blockOverrides: { withdrawals: [] } }]);
    expect(withdrawn).toHaveLength(1);
    expect(await simulate([{ blockOverrides: { withdrawals: [{}] } }])).toMatch(
      /^-32602 .*withdrawals don't exist/,
    );
  });

  it("gives a reverted message's reason and data with its error, not as what it returned", async () => {
    // Error("no"): MSTORE of the words of its ABI encoding, REVERT from byte 28 on.
    const data = `0x08c379a0${word(32).slice(2)}${word(2).slice(2)}${"6e6f".padEnd(64, "0")}`;
    const bytes = data.slice(2);
    const stores = [0, 1, 2, 3].map((i) => {
      const part = bytes.slice(64 * i, 64 * i + 64).padEnd(64, "0");
      return `7f${part}60${(32 * i).toString(16).padStart(2, "0")}52`;
    });
    const code = `0x${stores.join("")}6064${"5f"}fd`;
    const [{ calls }] = await simulate([{ stateOverrides: { [a]: { code } }, calls: [{ to: a }] }]);
    expect(calls[0]).toMatchObject({
      status: "0x0",
      returnData: "0x",
      error: { code: 3, message: "execution reverted: no", data },
    });
  });

  it("gives a halted message's reason", async () => {
    const [{ calls }] = await simulate([
      { stateOverrides: { [a]: { code: "0xfe" } }, calls: [{ to: a, gas: "0x7530" }] },
    ]);
    expect(calls[0]).toMatchObject({
      status: "0x0",
      gasUsed: "0x7530",
      returnData: "0x",
      error: { code: -32015 },
    });
  });
});

describe("eth_simulateV1 on a thread", async () => {
  const disk = await createDiskChain();
  afterAll(() => disk.close());

  it("answers the same, and ends at its deadline", { timeout: 120_000 }, async () => {
    const thread = askOf(disk.small, {
      simulator: disk.startPool({ deadlineMs: 1_000, maxWaitMs: 60_000, threads: 1 }),
      gasCap: 10n ** 15n,
    });
    const request = { blockStateCalls: [{ stateOverrides: { [a]: adds }, calls: [{ to: a }] }] };
    expect(await thread("eth_simulateV1", request)).toEqual(
      await askOf(disk.small)("eth_simulateV1", request),
    );
    const endless = {
      blockOverrides: { gasLimit: "0x38d7ea4c68000" },
      stateOverrides: { [a]: { code: "0x5b5f56" } },
      calls: [{ to: a }],
    };
    const { error } = await thread("eth_simulateV1", { blockStateCalls: [endless] });
    expect(error).toMatchObject({ code: -32000, message: "execution aborted (timeout = 1s)" });
  });
});
