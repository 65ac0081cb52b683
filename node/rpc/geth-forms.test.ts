import { expect, it } from "vitest";
import { createSmallChain, SENDER } from "../../test/support/small-chain.ts";
import { createStateReader } from "../execution/evm/state-reader.ts";
import { createDispatcher } from "./dispatch.ts";
import { nodeRpcMethods } from "./node-methods.ts";
import { DEFAULT_RPC_LIMITS } from "./server.ts";

const low = `0x${"aa".repeat(20)}` as const;
const high = `0x${"bb".repeat(20)}` as const;
/** Reverts with Panic(0x12). */
const panics = `0x${"1a".repeat(20)}` as const;
/** Touches `high`, then `low`. */
const touches = `0x${"1b".repeat(20)}` as const;
/** Returns the first word of its input. */
const echoes = `0x${"1d".repeat(20)}` as const;
/** Writes so far into memory that it takes 39 million gas; a block holds 30. */
const wide = `0x${"1e".repeat(20)}` as const;

const small = createSmallChain({
  accounts: [
    { address: panics, codeHex: "0x634e487b715f5260126020526024601cfd" },
    { address: touches, codeHex: `0x73${high.slice(2)}3173${low.slice(2)}3100` },
    { address: echoes, codeHex: "0x5f355f5260205ff3" },
    { address: wide, codeHex: "0x5f630045000052" },
  ],
});
const dispatcher = createDispatcher(
  nodeRpcMethods({
    chain: small.chain,
    state: createStateReader(small.database),
    simulator: small.executor,
    rollup: small.rollup,
    version: "test",
  }),
  DEFAULT_RPC_LIMITS,
  () => undefined,
);
const ask = async (method: string, ...params: unknown[]) => {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return JSON.parse((await dispatcher.handle(body, { connection: undefined }))!);
};
const from = SENDER.address;
const word = (digit: string) => `0x${digit.repeat(64)}`;

it("names Solidity's panics as geth does", async () => {
  const { error } = await ask("eth_call", { from, to: panics });
  expect(error).toMatchObject({ code: 3, message: "execution reverted: division or modulo by zero" });
});

it("sorts an access list by address and leaves out the contract that is created", async () => {
  const { result } = await ask("eth_createAccessList", { from, to: touches });
  expect(result.accessList).toEqual([
    { address: low, storageKeys: [] },
    { address: high, storageKeys: [] },
  ]);
  const created = await ask("eth_createAccessList", { from, data: "0x5f5ff3" });
  expect(created.result.accessList).toEqual([]);
});

it("ignores a gas limit below a transfer's in estimates", async () => {
  const { result } = await ask("eth_estimateGas", { from, to: low, value: "0x1", gas: "0x5207" });
  expect(result).toBe("0x5208");
  const call = await ask("eth_estimateGas", { from, to: echoes, gas: "0x5207" });
  expect(BigInt(call.result)).toBeGreaterThan(21_000n);
});

it("estimates above a block's gas where the request says so, as geth does", async () => {
  const call = { from, to: wide };
  expect((await ask("eth_estimateGas", call)).error?.message).toBe(
    "gas required exceeds allowance (30000000)",
  );
  const { result } = await ask("eth_estimateGas", { ...call, gas: "0x2faf080" });
  expect(BigInt(result)).toBeGreaterThan(39_000_000n);
});

it("prefers `input` to `data` and refuses another chain's id", async () => {
  const { result } = await ask("eth_call", { from, to: echoes, data: word("1"), input: word("2") });
  expect(result).toBe(word("2"));
  const { error } = await ask("eth_call", { from, to: echoes, chainId: "0x1" });
  expect(error).toMatchObject({ code: -32000, message: expect.stringContaining("have=1, want=901") });
});
