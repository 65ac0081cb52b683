import { encodeFunctionData, parseAbi } from "viem";
import { describe, expect, it } from "vitest";
import { type Ask, askOf } from "../../test/support/ask.ts";
import { createSmallChain, SENDER, signed } from "../../test/support/small-chain.ts";
import type { Hex } from "../chain/types/primitives.ts";

const at = (byte: string): Hex => `0x${byte.repeat(20)}`;
const word = (value: bigint | number): Hex => `0x${value.toString(16).padStart(64, "0")}`;
const rich = at("ab");
const contract = at("cd");
/** Returns slot 0. */
const READS_SLOT = "0x5f545f5260205ff3";
/** With input writes 5 into slot 0; without returns it. */
const KEEPS_SLOT = "0x36600c575f545f5260205ff35b60055f5500";
/** Returns what ecrecover's address answers for its input of 128 bytes. */
const identity = `0x${"04".padStart(40, "0")}`;
const sha256 = `0x${"02".padStart(40, "0")}`;

describe.each(["wasm", "ts", "both"] as const)("overrides of the state with the executor %s", (executor) => {
  const small = createSmallChain({
    executor,
    openledger: { attributionTime: 0n },
    accounts: [{ address: at("5c"), codeHex: READS_SLOT }],
  });
  const ask: Ask = askOf(small);
  const callOn = (on: Ask) => async (message: object, state?: unknown, block?: unknown) => {
    const { result, error } = await on("eth_call", message, "latest", state, block);
    return result ?? `${error?.code} ${error?.message}`;
  };
  const call = callOn(ask);

  it("give an account code, a balance and a nonce", async () => {
    expect(await call({ to: contract }, { [contract]: { code: "0x602a60005260206000f3" } })).toBe(word(42));
    const send = { from: rich, to: contract, value: "0x1" };
    expect(await call(send)).toBe(
      `-32000 err: insufficient funds for gas * price + value: address 0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB have 0 want 1 (supplied gas 50000000)`,
    );
    expect(await call(send, { [rich]: { balance: "0xff" } })).toBe("0x");
    const estimate = await ask("eth_estimateGas", send, "latest", { [rich]: { balance: "0xff" } });
    expect(estimate.result).toBe("0x5208");
    // CREATE of nothing: the address that comes tells the nonce.
    const creates = { [contract]: { code: "0x5f5f5ff05f5260205ff3" } };
    const first = await call({ to: contract }, creates);
    const second = await call({ to: contract }, { [contract]: { ...creates[contract], nonce: "0x5" } });
    expect(BigInt(first)).toBeGreaterThan(0n);
    expect(second).not.toBe(first);
    expect(await call({ to: contract }, { [contract]: { ...creates[contract], nonce: "0x0" } })).toBe(first);
  });

  it("write some slots, or all of them", async () => {
    const diff = { [at("5c")]: { stateDiff: { [word(0)]: word(7) } } };
    expect(await call({ to: at("5c") }, diff)).toBe(word(7));
    const state = { [at("5c")]: { state: { [word(1)]: word(7) } } };
    expect(await call({ to: at("5c") }, state)).toBe(word(0));
    expect(await call({ to: at("5c") })).toBe(word(0));
    const list = await ask("eth_createAccessList", { to: contract }, "latest", {
      [contract]: { code: READS_SLOT },
    });
    expect(list.result.accessList).toEqual([{ address: contract, storageKeys: [word(0)] }]);
  });

  it("leave other slots, or none of them", async () => {
    const other = createSmallChain({ executor, accounts: [{ address: at("5d"), codeHex: KEEPS_SLOT }] });
    await other.advance([await signed({ nonce: 0, to: at("5d"), data: "0x01" })]);
    const call = callOn(askOf(other));
    const kept = { to: at("5d") };
    expect(await call(kept)).toBe(word(5));
    expect(await call(kept, { [at("5d")]: { stateDiff: { [word(1)]: word(7) } } })).toBe(word(5));
    expect(await call(kept, { [at("5d")]: { state: { [word(1)]: word(7) } } })).toBe(word(0));
    expect(await call(kept, { [at("5d")]: { state: {} } })).toBe(word(0));
    expect(await call(kept, { [at("5d")]: { state: { [word(0)]: word(9) } } })).toBe(word(9));
    expect(await call(kept, { [at("5d")]: { stateDiff: { [word(0)]: word(0) } } })).toBe(word(0));
    const wide = 0x0100n << 240n;
    expect(await call(kept, { [at("5d")]: { stateDiff: { [word(0)]: word(wide) } } })).toBe(word(wide));
    // What is null is not overridden; of one account under two spellings the later counts.
    const nothing = { nonce: null, balance: null, code: null, state: null, stateDiff: null };
    expect(await call(kept, { [at("5d")]: nothing })).toBe(word(5));
    expect(await call(kept, { [at("5d")]: { code: "0x" } })).toBe("0x");
    const twice = { [at("5d").toUpperCase().replace("0X", "0x")]: { code: "0x" }, [at("5d")]: {} };
    expect(await call(kept, twice)).toBe(word(5));
  });

  it("put code in an attribution precompile's place, and move it", async () => {
    const splitter = `0x${"a03".padStart(40, "0")}`;
    expect(await call({ to: splitter })).toMatch(/^3 execution reverted/);
    expect(await call({ to: splitter }, { [splitter]: { code: "0x602a60005260206000f3" } })).toBe(word(42));
    const moved = { [splitter]: { movePrecompileToAddress: contract } };
    expect(await call({ to: contract }, moved)).toMatch(/^3 execution reverted/);
    expect(await call({ to: splitter }, moved)).toBe("0x");
    // Pays out of the account where it is.
    const pay = encodeFunctionData({
      abi: parseAbi(["function pay(address[] recipients, uint256[] weights) payable"]),
      args: [[rich], [1n]],
    });
    const calls = [{ from: SENDER.address, to: contract, data: pay, value: "0x64" }];
    const { result } = await ask("eth_simulateV1", { blockStateCalls: [{ stateOverrides: moved, calls }] });
    const [paid] = result[0].calls;
    expect(paid).toMatchObject({ status: "0x1", logs: [{ address: contract }] });
  });

  it("know the fork's precompiles only where the chain has it, and leave no zeros in the storage", async () => {
    const other = askOf(createSmallChain({ executor }));
    const splitter = { [`0x${"a03".padStart(40, "0")}`]: { movePrecompileToAddress: contract } };
    expect(await callOn(other)({ to: contract }, splitter)).toContain("is not a precompile");
    const rootWith = async (stateDiff: object) => {
      const stateOverrides = { [contract]: { code: "0x00", stateDiff } };
      return (await other("eth_simulateV1", { blockStateCalls: [{ stateOverrides }] })).result[0].stateRoot;
    };
    expect(await rootWith({ [word(0)]: word(0) })).toBe(await rootWith({}));
    expect(await rootWith({ [word(0)]: word(1) })).not.toBe(await rootWith({}));
  });

  it("put code in a precompile's place, and move it", async () => {
    const echo = { to: identity, data: "0x1234" };
    expect(await call(echo)).toBe("0x1234");
    expect(await call(echo, { [identity]: { code: "0x602a60005260206000f3" } })).toBe(word(42));
    const moved = { [identity]: { movePrecompileToAddress: contract } };
    expect(await call({ ...echo, to: contract }, moved)).toBe("0x1234");
    expect(await call(echo, moved)).toBe("0x");
    const away = { [identity]: { code: "0x602a60005260206000f3", movePrecompileToAddress: sha256 } };
    expect(await call({ to: sha256, data: "0x1234" }, away)).toBe("0x1234");
    expect(await call(echo, away)).toBe(word(42));
  });

  it("are refused in geth's words", async () => {
    const both = { [contract]: { state: {}, stateDiff: {} } };
    expect(await call({ to: contract }, both)).toMatch(
      /^-32000 account 0x\w{40} has both 'state' and 'stateDiff'$/,
    );
    const none = { [contract]: { movePrecompileToAddress: rich } };
    expect(await call({ to: contract }, none)).toContain("is not a precompile");
    const taken = { [identity]: { movePrecompileToAddress: rich }, [rich]: { balance: "0x1" } };
    expect(await call({ to: contract }, taken)).toContain("is already overridden");
    // In order of address, whatever the order in which they are given.
    const wrong = { movePrecompileToAddress: contract };
    expect(await call({ to: contract }, { [at("ee")]: wrong, [at("aa")]: wrong })).toMatch(/account 0xa/i);
    expect(await call({ to: contract }, { [at("aa")]: wrong, [at("ee")]: wrong })).toMatch(/account 0xa/i);
    for (const [state, text] of [
      [{ [contract]: { balance: "1" } }, "balance"],
      [{ "0x12": {} }, "address"],
      [{ [contract]: { stateDiff: { "0x0": word(1) } } }, "hash"],
      [[], "state overrides"],
      [{ [contract]: { nonce: `0x1${"0".repeat(16)}` } }, "nonce exceeds 64 bits"],
    ] as const) {
      const { error } = await ask("eth_call", { to: contract }, "latest", state);
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(text) });
    }
  });

  it("change the block", async () => {
    const op = (code: string) => ({ data: `0x${code}5f5260205ff3` });
    expect(await call(op("43"), {}, { number: "0x1234" })).toBe(word(0x1234));
    expect(await call(op("42"), {}, { time: "0x77777777" })).toBe(word(0x77777777));
    expect(await call(op("45"), null, { GasLimit: "0x99" })).toBe(word(0x99));
    expect(await call(op("41"), null, { feeRecipient: rich })).toBe(word(BigInt(rich)));
    expect(await call(op("44"), null, { prevRandao: word(9) })).toBe(word(9));
    expect(
      await call({ ...op("48"), gasPrice: "0x9", from: SENDER.address }, {}, { baseFeePerGas: "0x7" }),
    ).toBe(word(7));
    expect(await call(op("4a"), {}, { blobBaseFee: "0x20" })).toBe(word(0x20));
    // BLOCKHASH of the block itself and of what comes after it: none.
    expect(await call(op("5f40"), {}, { number: "0x5" })).toBe(word(0));
    for (const name of ["beaconRoot", "withdrawals"]) {
      expect(await call({ to: contract }, {}, { [name]: word(1) })).toBe(
        `-32000 block override "${name}" is not supported for this RPC method`,
      );
      expect(await call({ to: contract }, {}, { [name]: null })).toBe("0x");
    }
    for (const wrong of [{ difficulty: "1" }, { number: `0x1${"0".repeat(16)}` }, { time: 5 }, []]) {
      expect(await call({ to: contract }, {}, wrong)).toMatch(/^-32602 /);
    }
    expect(await call({ to: contract }, {}, { difficulty: "0x1" })).toBe("0x");
    expect(await call({ to: contract }, {}, [])).toContain("invalid argument 3: block overrides");
    expect(await call({ to: contract }, {}, { time: "x" })).toContain("invalid argument 3: time");
    // What is not overridden is the chain's.
    const paid = { ...op("48"), gasPrice: "0x3b9aca00", from: SENDER.address };
    const baseFee = BigInt((await ask("eth_getBlockByNumber", "latest", false)).result.baseFeePerGas);
    expect(baseFee).toBeGreaterThan(0n);
    expect(await call(paid, {}, { number: "0x5" })).toBe(word(baseFee));
  });
});

describe("a call's fees", () => {
  const small = createSmallChain();
  const ask = askOf(small);
  const from = SENDER.address;

  it("are checked by the most that the sender would pay", async () => {
    // 10^24 wei: enough for the price, not for the cap.
    const fees = { maxFeePerGas: `0x${(10n ** 18n).toString(16)}`, maxPriorityFeePerGas: "0x1" };
    const { error } = await ask("eth_call", { from, to: contract, gas: "0x1e8480", ...fees });
    expect(error?.message).toMatch(
      /^err: insufficient funds for gas \* price \+ value: .* \(supplied gas 2000000\)$/,
    );
    const estimate = await ask("eth_estimateGas", { from, to: contract, data: "0x00", ...fees });
    expect(Number(estimate.result)).toBeGreaterThanOrEqual(21_010);
    const less = { maxFeePerGas: `0x${(10n ** 20n).toString(16)}`, maxPriorityFeePerGas: "0x1" };
    const short = await ask("eth_estimateGas", { from, to: contract, data: "0x00", ...less });
    expect(short.error?.message).toBe("gas required exceeds allowance (10000)");
  });

  it.each([
    [{ maxPriorityFeePerGas: "0x5" }, "max priority fee per gas higher than max fee per gas: address 0x"],
    [{ maxFeePerGas: "0x1" }, "max fee per gas less than block base fee: address 0x"],
    [{ gasPrice: "0x1" }, "max fee per gas less than block base fee: address 0x"],
    [{ gasPrice: "0x1", maxFeePerGas: "0x1" }, "both gasPrice and"],
  ])("%j is refused", async (fees, text) => {
    const { error } = await ask("eth_call", { from, to: contract, ...fees });
    expect(error).toMatchObject({ code: -32000, message: expect.stringContaining(text) });
  });

  it("are not asked of a transfer that can't be paid for: it fails as such", async () => {
    const { error } = await ask("eth_estimateGas", { from: rich, to: contract, value: "0x1" });
    expect(error?.message).toMatch(/^failed with \d+ gas: insufficient funds for gas \* price \+ value/);
  });
});
