import { describe, expect, it } from "vitest";
import { type Ask, askOf } from "../../test/support/ask.ts";
import { createSmallChain, SENDER } from "../../test/support/small-chain.ts";
import type { Hex } from "../chain/types/primitives.ts";

const at = (byte: string): Hex => `0x${byte.repeat(20)}`;
const word = (value: bigint | number): Hex => `0x${value.toString(16).padStart(64, "0")}`;
const rich = at("ab");
const contract = at("cd");
/** Returns slot 0. */
const READS_SLOT = "0x5f545f5260205ff3";
/** Returns what ecrecover's address answers for its input of 128 bytes. */
const identity = `0x${"04".padStart(40, "0")}`;
const sha256 = `0x${"02".padStart(40, "0")}`;

describe.each(["wasm", "ts", "both"] as const)("overrides of the state with the executor %s", (executor) => {
  const small = createSmallChain({ executor, accounts: [{ address: at("5c"), codeHex: READS_SLOT }] });
  const ask: Ask = askOf(small);
  const call = async (message: object, state?: unknown, block?: unknown) => {
    const { result, error } = await ask("eth_call", message, "latest", state, block);
    return result ?? `${error?.code} ${error?.message}`;
  };

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
    for (const [state, text] of [
      [{ [contract]: { balance: "1" } }, "balance"],
      [{ "0x12": {} }, "address"],
      [{ [contract]: { stateDiff: { "0x0": word(1) } } }, "hash"],
      [[], "state overrides"],
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
    expect(await call({ to: contract }, {}, { beaconRoot: word(1) })).toBe(
      '-32000 block override "beaconRoot" is not supported for this RPC method',
    );
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
