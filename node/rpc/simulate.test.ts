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
