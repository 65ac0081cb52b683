import type { EVM } from "@ethereumjs/evm";
import { EVMError } from "@ethereumjs/evm";
import { bytesToHex, decodeErrorResult, encodeFunctionData, hexToBytes } from "viem";
import { beforeEach, describe, expect, it } from "vitest";
import { iInfluenceVerifierAbi, iRewardSplitterAbi } from "../node/chain/generated/abi.ts";
import type { Address, Hex } from "../node/chain/types/primitives.ts";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS } from "./addresses.ts";
import { balanceOf, CALLER, call, createTestEvm, setBalance, setCode } from "./testing/evm.ts";
import { makeIndex } from "./testing/fixture.ts";

const ALICE: Address = "0x00000000000000000000000000000000000a11ce";
const BOB: Address = "0x0000000000000000000000000000000000000b0b";
const PROXY: Address = "0x000000000000000000000000000000000000cafe";

const pay = (to: Address[], weights: bigint[]) =>
  encodeFunctionData({ abi: iRewardSplitterAbi, functionName: "pay", args: [to, weights] });
const split = (amount: bigint, weights: bigint[]) =>
  encodeFunctionData({ abi: iRewardSplitterAbi, functionName: "split", args: [amount, weights] });

function errorName(returnValue: Uint8Array): string {
  return decodeErrorResult({ abi: iRewardSplitterAbi, data: bytesToHex(returnValue) }).errorName;
}

/**
 * Code that forwards its input and value by `opcode`, then returns or reverts with what came back.
 * calldatacopy(0, 0, calldatasize); op(gas, target[, callvalue], 0, calldatasize, 0, 0); returndatacopy; return or revert
 */
function forwarder(opcode: "call" | "callcode" | "delegatecall" | "staticcall", target: Address, tail?: Hex) {
  const op = { call: "f1", callcode: "f2", delegatecall: "f4", staticcall: "fa" }[opcode];
  const value = opcode === "call" || opcode === "callcode" ? "34" : "";
  const body = `3660006000375f5f365f${value}73${target.slice(2)}5a${op}`;
  if (tail !== undefined) return hexToBytes(`0x${body}${tail.slice(2)}`);
  const jump = (body.length / 2 + 10).toString(16).padStart(2, "0");
  return hexToBytes(`0x${body}3d5f5f3e60${jump}573d5ffd5b3d5ff3`);
}

describe("attribution precompiles in the EVM", () => {
  let evm: EVM;
  beforeEach(async () => {
    evm = await createTestEvm();
  });

  it("pays recipients in proportion and logs each payment", async () => {
    const result = await call(evm, REWARD_SPLITTER_ADDRESS, pay([ALICE, BOB, ALICE], [1n, 1n, 1n]), {
      value: 100n,
    });
    expect(result.execResult.exceptionError).toBeUndefined();
    expect(await balanceOf(evm, ALICE)).toBe(67n);
    expect(await balanceOf(evm, BOB)).toBe(33n);
    expect(await balanceOf(evm, REWARD_SPLITTER_ADDRESS)).toBe(0n);
    const logs = result.execResult.logs!.map(([address, topics, data]) => [
      bytesToHex(address),
      ...topics.slice(1).map((topic) => bytesToHex(topic.subarray(12))),
      BigInt(bytesToHex(data)),
    ]);
    expect(logs).toEqual([
      [REWARD_SPLITTER_ADDRESS, CALLER, ALICE, 34n],
      [REWARD_SPLITTER_ADDRESS, CALLER, BOB, 33n],
      [REWARD_SPLITTER_ADDRESS, CALLER, ALICE, 33n],
    ]);
  });

  it("keeps what the splitter itself is paid, and what it had", async () => {
    await setBalance(evm, REWARD_SPLITTER_ADDRESS, 5n);
    await call(evm, REWARD_SPLITTER_ADDRESS, pay([REWARD_SPLITTER_ADDRESS, BOB], [1n, 1n]), { value: 10n });
    expect(await balanceOf(evm, REWARD_SPLITTER_ADDRESS)).toBe(10n);
    expect(await balanceOf(evm, BOB)).toBe(5n);
  });

  it("runs no recipient's code", async () => {
    await setCode(evm, PROXY, hexToBytes("0xfe"));
    const result = await call(evm, REWARD_SPLITTER_ADDRESS, pay([PROXY], [1n]), { value: 7n });
    expect(result.execResult.exceptionError).toBeUndefined();
    expect(await balanceOf(evm, PROXY)).toBe(7n);
  });

  it("works through a contract, whose address is then the payer", async () => {
    await setCode(evm, PROXY, forwarder("call", REWARD_SPLITTER_ADDRESS));
    const result = await call(evm, PROXY, pay([ALICE], [1n]), { value: 9n });
    expect(result.execResult.exceptionError).toBeUndefined();
    expect(await balanceOf(evm, ALICE)).toBe(9n);
    expect(bytesToHex(result.execResult.logs![0]![1][1]!.subarray(12))).toBe(PROXY);
  });

  it("undoes payments and logs when a caller above reverts", async () => {
    await setCode(evm, PROXY, forwarder("call", REWARD_SPLITTER_ADDRESS, "0x5f5ffd"));
    const result = await call(evm, PROXY, pay([ALICE], [1n]), { value: 9n });
    expect(result.execResult.exceptionError?.error).toBe(EVMError.errorMessages.REVERT);
    expect(result.execResult.logs).toEqual([]);
    expect(await balanceOf(evm, ALICE)).toBe(0n);
    expect(await balanceOf(evm, CALLER)).toBe(10n ** 27n);
  });

  it.each(["delegatecall", "callcode"] as const)("refuses %s", async (opcode) => {
    await setCode(evm, PROXY, forwarder(opcode, REWARD_SPLITTER_ADDRESS));
    await setBalance(evm, PROXY, 100n);
    for (const data of [pay([ALICE], [1n]), split(1n, [1n])]) {
      const result = await call(evm, PROXY, data, {
        value: data.startsWith(pay([], []).slice(0, 10)) ? 5n : 0n,
      });
      expect(errorName(result.execResult.returnValue)).toBe("DelegateCallRefused");
    }
    expect(await balanceOf(evm, ALICE)).toBe(0n);
  });

  it("refuses pay in a static frame, however deep, and answers split there", async () => {
    await setCode(evm, PROXY, forwarder("call", REWARD_SPLITTER_ADDRESS));
    const OUTER: Address = "0x000000000000000000000000000000000000d00d";
    await setCode(evm, OUTER, forwarder("staticcall", PROXY));
    const refused = await call(evm, OUTER, pay([ALICE], [1n]));
    expect(errorName(refused.execResult.returnValue)).toBe("StaticCallRefused");
    const answered = await call(evm, OUTER, split(3n, [1n]));
    expect(answered.execResult.exceptionError).toBeUndefined();
    expect(answered.execResult.returnValue.length).toBe(96);
  });

  it("refuses value where none belongs", async () => {
    const onSplit = await call(evm, REWARD_SPLITTER_ADDRESS, split(3n, [1n]), { value: 1n });
    expect(errorName(onSplit.execResult.returnValue)).toBe("ValueRefused");
    const { index } = makeIndex({ rows: 3, dimension: 4, topK: 2, floor: 0n, contributors: 2, seed: 1 });
    const data = encodeFunctionData({
      abi: iInfluenceVerifierAbi,
      functionName: "checkIndex",
      args: [index],
    });
    const onVerifier = await call(evm, INFLUENCE_VERIFIER_ADDRESS, data, { value: 1n });
    expect(errorName(onVerifier.execResult.returnValue)).toBe("ValueRefused");
    expect(await balanceOf(evm, INFLUENCE_VERIFIER_ADDRESS)).toBe(0n);
  });

  it("charges from sizes before it works: one gas less halts and pays nobody", async () => {
    const data = pay([ALICE, BOB], [1n, 1n]);
    const full = await call(evm, REWARD_SPLITTER_ADDRESS, data, { value: 10n });
    const gas = full.execResult.executionGasUsed;
    const failing = await call(evm, REWARD_SPLITTER_ADDRESS, data, { value: 10n, gas: gas - 1n });
    expect(failing.execResult.exceptionError?.error).toBe(EVMError.errorMessages.OUT_OF_GAS);
    expect(failing.execResult.executionGasUsed).toBe(gas - 1n);
    expect(await balanceOf(evm, ALICE)).toBe(5n);
    const exact = await call(evm, REWARD_SPLITTER_ADDRESS, data, { value: 10n, gas });
    expect(exact.execResult.exceptionError).toBeUndefined();
  });

  it("acts as an empty account before the fork: succeeds, costs nothing, keeps the value", async () => {
    const before = await createTestEvm(false);
    const result = await call(before, REWARD_SPLITTER_ADDRESS, pay([ALICE], [1n]), { value: 4n });
    expect(result.execResult.exceptionError).toBeUndefined();
    expect(result.execResult.executionGasUsed).toBe(0n);
    expect(result.execResult.returnValue.length).toBe(0);
    expect(await balanceOf(before, ALICE)).toBe(0n);
    expect(await balanceOf(before, REWARD_SPLITTER_ADDRESS)).toBe(4n);
  });

  it("names its mistake when an EVM lacks frame capture", async () => {
    const copy = evm.shallowCopy();
    await expect(call(copy, REWARD_SPLITTER_ADDRESS, split(1n, [1n]))).rejects.toMatchObject({
      code: "FRAME_CAPTURE_MISSING",
    });
  });
});
