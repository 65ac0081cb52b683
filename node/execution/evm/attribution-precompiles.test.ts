import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bytesToHex, decodeErrorResult, encodeFunctionData, hexToBytes } from "viem";
import { describe, expect, it } from "vitest";
import {
  INFLUENCE_VERIFIER_ADDRESS,
  OWN_PRECOMPILES,
  REWARD_SPLITTER_ADDRESS,
  SPAN_VERIFIER_ADDRESS,
} from "../../../precompiles/addresses.ts";
import {
  createSmallChain,
  SENDER,
  type SmallChain,
  type SmallChainOptions,
  signed,
} from "../../../test/support/small-chain.ts";
import { packageRoot } from "../../base/paths.ts";
import { iRewardSplitterAbi } from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import type { CallResult } from "./executor.ts";
import { createStateReader } from "./state-reader.ts";

// Every chain here runs on both executors, which must agree in each receipt, answer and root.

const ALICE: Address = "0x00000000000000000000000000000000000a11ce";
const BOB: Address = "0x0000000000000000000000000000000000000b0b";
const PROXY: Address = "0x000000000000000000000000000000000000cafe";
const OUTER: Address = "0x000000000000000000000000000000000000d00d";
const sender = SENDER.address.toLowerCase() as Address;

const pay = (to: Address[], weights: bigint[]) =>
  encodeFunctionData({ abi: iRewardSplitterAbi, functionName: "pay", args: [to, weights] });
const split = (amount: bigint, weights: bigint[]) =>
  encodeFunctionData({ abi: iRewardSplitterAbi, functionName: "split", args: [amount, weights] });

function errorName(returnData: Uint8Array): string {
  return decodeErrorResult({ abi: iRewardSplitterAbi, data: bytesToHex(returnData) }).errorName;
}

/**
 * Code that forwards its input and value by `opcode`, then returns or reverts with what came back, or ends with `tail`.
 * calldatacopy(0, 0, calldatasize); op(gas, target[, callvalue], 0, calldatasize, 0, 0); returndatacopy; return or revert
 */
function forwarder(
  opcode: "call" | "callcode" | "delegatecall" | "staticcall",
  target: Address,
  tail?: Hex,
): Hex {
  const op = { call: "f1", callcode: "f2", delegatecall: "f4", staticcall: "fa" }[opcode];
  const value = opcode === "call" || opcode === "callcode" ? "34" : "";
  const body = `3660006000375f5f365f${value}73${target.slice(2)}5a${op}`;
  if (tail !== undefined) return `0x${body}${tail.slice(2)}`;
  const jump = (body.length / 2 + 10).toString(16).padStart(2, "0");
  return `0x${body}3d5f5f3e60${jump}573d5ffd5b3d5ff3`;
}

function chainWith(accounts: SmallChainOptions["accounts"] = []): SmallChain {
  const stubs = OWN_PRECOMPILES.map((address) => ({ address, nonce: 1n, codeHex: "0xfe" as const }));
  return createSmallChain({
    executor: "both",
    openledger: { attributionTime: 0n, spanVerifierTime: 0n },
    accounts: [...stubs, ...accounts],
  });
}

const contract = (address: Address, codeHex: Hex, balance = 0n) => ({ address, codeHex, balance, nonce: 1n });

function call(small: SmallChain, to: Address, data: Hex, value = 0n, gas = 25_000_000n): Promise<CallResult> {
  const request = { from: sender, to, data: hexToBytes(data), value, gas, gasPrice: 0n };
  return small.executor.call(small.head, request);
}

async function balance(small: SmallChain, address: Address): Promise<bigint> {
  return (await createStateReader(small.database).account(small.head.stateRoot, address))?.balance ?? 0n;
}

describe("attribution precompiles in the executors", () => {
  it("pay recipients in proportion and log each payment", async () => {
    const small = chainWith();
    const data = pay([ALICE, BOB, ALICE], [1n, 1n, 1n]);
    const raw = await signed({ nonce: 0, to: REWARD_SPLITTER_ADDRESS, data, value: 100n, gas: 400_000n });
    const { receipts } = await small.advance([raw]);
    expect(receipts[1]!.status).toBe(1);
    expect([await balance(small, ALICE), await balance(small, BOB)]).toEqual([67n, 33n]);
    expect(await balance(small, REWARD_SPLITTER_ADDRESS)).toBe(0n);
    const logs = receipts[1]!.logs.map(({ address, topics, data: amount }) => [
      address,
      ...topics.slice(1).map((topic) => `0x${topic.slice(26)}`),
      BigInt(bytesToHex(amount)),
    ]);
    expect(logs).toEqual([
      [REWARD_SPLITTER_ADDRESS, sender, ALICE, 34n],
      [REWARD_SPLITTER_ADDRESS, sender, BOB, 33n],
      [REWARD_SPLITTER_ADDRESS, sender, ALICE, 33n],
    ]);
  });

  it("keep what the splitter itself is paid, run no recipient's code, and pay through contracts", async () => {
    const small = chainWith([
      contract(BOB, "0xfe"),
      contract(PROXY, forwarder("call", REWARD_SPLITTER_ADDRESS)),
    ]);
    const { receipts } = await small.advance([
      await signed({
        nonce: 0,
        to: REWARD_SPLITTER_ADDRESS,
        data: pay([REWARD_SPLITTER_ADDRESS, BOB], [1n, 1n]),
        value: 10n,
        gas: 400_000n,
      }),
      await signed({ nonce: 1, to: PROXY, data: pay([ALICE], [1n]), value: 9n, gas: 400_000n }),
    ]);
    expect(receipts.map(({ status }) => status)).toEqual([1, 1, 1]);
    expect(await balance(small, REWARD_SPLITTER_ADDRESS)).toBe(5n);
    expect([await balance(small, ALICE), await balance(small, BOB)]).toEqual([9n, 5n]);
    expect(receipts[2]!.logs[0]!.topics[1]).toBe(`0x${PROXY.slice(2).padStart(64, "0")}`);
  });

  it("undo payments and logs when a caller above reverts", async () => {
    const small = chainWith([contract(PROXY, forwarder("call", REWARD_SPLITTER_ADDRESS, "0x5f5ffd"))]);
    const raw = await signed({ nonce: 0, to: PROXY, data: pay([ALICE], [1n]), value: 9n, gas: 400_000n });
    const { receipts } = await small.advance([raw]);
    expect(receipts[1]).toMatchObject({ status: 0, logs: [] });
    expect(await balance(small, ALICE)).toBe(0n);
  });

  it.each(["delegatecall", "callcode"] as const)("refuse %s", async (opcode) => {
    const small = chainWith([contract(PROXY, forwarder(opcode, REWARD_SPLITTER_ADDRESS), 100n)]);
    for (const [data, value] of [
      [pay([ALICE], [1n]), 5n],
      [split(1n, [1n]), 0n],
    ] as const) {
      const { error, returnData } = await call(small, PROXY, data, value);
      expect(error?.kind).toBe("revert");
      expect(errorName(returnData)).toBe("DelegateCallRefused");
    }
  });

  it("refuse pay in a static frame, however deep, and answer split there", async () => {
    const small = chainWith([
      contract(PROXY, forwarder("call", REWARD_SPLITTER_ADDRESS)),
      contract(OUTER, forwarder("staticcall", PROXY)),
    ]);
    expect(errorName((await call(small, OUTER, pay([ALICE], [1n]))).returnData)).toBe("StaticCallRefused");
    const answered = await call(small, OUTER, split(3n, [1n]));
    expect(answered.error).toBeUndefined();
    expect(answered.returnData).toHaveLength(96);
  });

  it("charge before they work: one gas less halts and pays nobody", async () => {
    const small = chainWith();
    const data = pay([ALICE, BOB], [1n, 1n]);
    const full = await call(small, REWARD_SPLITTER_ADDRESS, data, 10n);
    expect(full.error).toBeUndefined();
    const short = await call(small, REWARD_SPLITTER_ADDRESS, data, 10n, full.gasUsed - 1n);
    expect(short.error?.kind).toBe("halt");
    expect(short.gasUsed).toBe(full.gasUsed - 1n);
    expect((await call(small, REWARD_SPLITTER_ADDRESS, data, 10n, full.gasUsed)).error).toBeUndefined();
  });

  it.each([
    ["a new account: cold access, creation, log", [], [ALICE], [1n], 2_600n + 25_000n + 1_756n],
    ["an account that is there: no creation", [ALICE], [ALICE], [1n], 2_600n + 1_756n],
    [
      "twice the same: cold and new once",
      [],
      [ALICE, ALICE],
      [1n, 1n],
      2_600n + 25_000n + 100n + 2n * 1_756n,
    ],
    ["the sender, who is warm", [], [sender], [1n], 100n + 1_756n],
    ["nobody for a part of 0", [], [ALICE, sender], [0n, 1n], 100n + 1_756n],
  ] as const)("charge a payment to %s", async (_, there, to, weights, more) => {
    const small = chainWith(there.map((address) => ({ address, balance: 1n })));
    const data = pay([...to], [...weights]);
    const { gasUsed, error } = await call(small, REWARD_SPLITTER_ADDRESS, data, 10n);
    expect(error).toBeUndefined();
    const bytes = hexToBytes(data);
    const calldata = bytes.reduce((sum, byte) => sum + (byte === 0 ? 4n : 16n), 0n);
    const sizes = 1_000n + 200n * BigInt(Math.ceil(bytes.length / 32));
    expect(gasUsed).toBe(21_000n + calldata + sizes + more);
  });

  it("leave recipients warm", async () => {
    // Passes its input and value on, then returns the gas that the balance of ALICE takes.
    const reader: Hex = `0x3660006000375f5f365f3473${REWARD_SPLITTER_ADDRESS.slice(2)}5af1505a73${ALICE.slice(2)}31505a90035f5260205ff3`;
    const small = chainWith([contract(PROXY, reader)]);
    const { returnData } = await call(small, PROXY, pay([ALICE], [1n]), 9n);
    // BALANCE of a warm account 100, and the opcodes around it.
    expect(BigInt(bytesToHex(returnData))).toBe(107n);
  });

  it("pay in a call without moving anything", async () => {
    const small = chainWith();
    await call(small, REWARD_SPLITTER_ADDRESS, pay([ALICE], [1n]), 10n);
    await small.advance();
    expect(await balance(small, ALICE)).toBe(0n);
  });
});

interface Vector {
  name: string;
  input: Hex;
  output?: Hex;
  revert?: Hex;
  value?: string;
  isStatic?: boolean;
}

describe("the precompiles' vectors in the executors", async () => {
  const relay = "0x0000000000000000000000000000000000005ca1" as const;
  for (const [folder, address] of [
    ["influence-verifier", INFLUENCE_VERIFIER_ADDRESS],
    ["span-verifier", SPAN_VERIFIER_ADDRESS],
    ["reward-splitter", REWARD_SPLITTER_ADDRESS],
  ] as const) {
    const small = chainWith([contract(relay, forwarder("staticcall", address))]);
    const file = join(packageRoot(), "precompiles", folder, "vectors.json");
    it.each(JSON.parse(readFileSync(file, "utf8")) as Vector[])(`${folder}: $name`, async (vector) => {
      const to = vector.isStatic ? relay : address;
      const value = vector.isStatic ? 0n : BigInt(vector.value ?? 0);
      const { error, returnData } = await call(small, to, vector.input, value);
      expect(error?.kind).toBe(vector.revert === undefined ? undefined : "revert");
      expect(bytesToHex(returnData)).toBe(vector.output ?? vector.revert);
    });
  }
});
