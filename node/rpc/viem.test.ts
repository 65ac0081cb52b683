import { createPublicClient, createWalletClient, defineChain, http, parseGwei, webSocket } from "viem";
import { chainConfig, publicActionsL2 } from "viem/op-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSmallChain, FUNDS, SENDER, type SmallChain } from "../../test/support/small-chain.ts";
import { serveSmallChain } from "../../test/support/small-rpc.ts";
import type { RpcServer } from "./server.ts";

const target = `0x${"ee".repeat(20)}` as const;
/** Emits LOG1 with topic 7 and its calldata's length. */
const logger = `0x${"1c".repeat(20)}` as const;

let server: RpcServer;
let small: SmallChain;

beforeAll(async () => {
  small = createSmallChain({ accounts: [{ address: logger, codeHex: "0x60075f5fa100" }] });
  server = await serveSmallChain(small);
});
afterAll(() => server.close());

function clients() {
  const chain = defineChain({
    ...chainConfig,
    id: 901,
    name: "OpenLedger",
    nativeCurrency: { name: "OPEN", symbol: "OPEN", decimals: 18 },
    rpcUrls: { default: { http: [server.httpUrl], webSocket: [server.wsUrl] } },
  });
  const reader = createPublicClient({ chain, transport: http(), pollingInterval: 50 }).extend(
    publicActionsL2(),
  );
  const wallet = createWalletClient({ chain, account: SENDER, transport: http() });
  return { chain, reader, wallet };
}

describe("viem", () => {
  it("adds the network, sends a transfer with its own fee and gas choice, and reads it back", async () => {
    const { reader, wallet } = clients();
    expect(await reader.getChainId()).toBe(901);
    expect(await reader.getGasPrice()).toBeGreaterThan(0n);
    const hash = await wallet.sendTransaction({ to: target, value: 5n });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    expect(receipt).toMatchObject({ status: "success", gasUsed: 21_000n, type: "eip1559" });
    expect(await reader.getBalance({ address: target })).toBe(5n);
    const transaction = await reader.getTransaction({ hash });
    expect(transaction).toMatchObject({ value: 5n, from: SENDER.address.toLowerCase() });
    const block = await reader.getBlock({ blockNumber: receipt.blockNumber, includeTransactions: true });
    expect(block.transactions.map((item) => item.type)).toEqual(["deposit", "eip1559"]);
    expect(await reader.getTransactionCount({ address: SENDER.address, blockTag: "pending" })).toBe(1);
    const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] });
    expect(history.reward).toHaveLength(2);
  });

  it("reads logs, proofs and calls, and names a missing account's values", async () => {
    const { reader, wallet } = clients();
    const hash = await wallet.sendTransaction({ to: logger, data: "0x01" });
    const { blockNumber } = await reader.waitForTransactionReceipt({ hash });
    const logs = await reader.getLogs({ address: logger, fromBlock: 0n, toBlock: "latest" });
    expect(logs).toMatchObject([{ blockNumber, transactionHash: hash, data: "0x" }]);
    expect(await reader.getLogs({ address: target, fromBlock: 0n })).toEqual([]);
    expect(await reader.call({ to: logger })).toEqual({ data: undefined });
    const proof = await reader.getProof({ address: logger, storageKeys: [] });
    expect(proof.accountProof.length).toBeGreaterThan(0);
    expect(await reader.getCode({ address: target })).toBeUndefined();
  });

  it("overrides state, simulates calls, sends and waits in one call, and polls filters", async () => {
    const { reader, wallet } = clients();
    const stateOverride = [{ address: target, code: "0x602a5f5260205ff3" as const }];
    expect((await reader.call({ to: target, stateOverride })).data).toBe(`0x${"2a".padStart(64, "0")}`);
    const { results } = await reader.simulateCalls({ calls: [{ to: logger }], traceAssetChanges: false });
    expect(results).toMatchObject([{ status: "success", logs: [{ address: logger }] }]);
    const filter = await reader.createEventFilter({ address: logger });
    const pending = await reader.createPendingTransactionFilter();
    const blocks = await reader.createBlockFilter();
    const receipt = await wallet.sendTransactionSync({ to: logger });
    expect(receipt.status).toBe("success");
    expect(await reader.getFilterChanges({ filter })).toMatchObject([
      { transactionHash: receipt.transactionHash },
    ]);
    expect(await reader.getFilterChanges({ filter: pending })).toEqual([receipt.transactionHash]);
    expect(await reader.getFilterChanges({ filter: blocks })).toEqual([receipt.blockHash]);
    expect(await reader.uninstallFilter({ filter })).toBe(true);
  });

  it("follows heads, logs and pending transactions over WebSocket", async () => {
    const { chain, wallet } = clients();
    const live = createPublicClient({ chain, transport: webSocket(server.wsUrl) });
    const seen: Record<string, unknown[]> = { heads: [], logs: [], pending: [] };
    const stops = [
      live.watchBlockNumber({ onBlockNumber: (number) => seen.heads!.push(number) }),
      live.watchEvent({ address: logger, onLogs: (logs) => seen.logs!.push(...logs) }),
      live.watchPendingTransactions({ onTransactions: (hashes) => seen.pending!.push(...hashes) }),
    ];
    await live.getBlockNumber();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const hash = await wallet.sendTransaction({ to: logger });
    await expect.poll(() => seen.logs).toMatchObject([{ transactionHash: hash }]);
    expect(seen.pending).toEqual([hash]);
    expect(seen.heads!.at(-1)).toBe(small.head.number);
    for (const stop of stops) stop();
    (await live.transport.getRpcClient()).close();
  });

  it("shows op-geth's texts for refused transactions", async () => {
    const { wallet } = clients();
    const request = { to: target, gas: 21_000n, maxFeePerGas: parseGwei("10"), maxPriorityFeePerGas: 1n };
    await expect(wallet.sendTransaction({ ...request, value: FUNDS + 1n })).rejects.toThrow(
      /insufficient funds/,
    );
  });
});

describe("hostile parameters", () => {
  const ask = async (method: string, ...params: unknown[]) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(server.httpUrl, { method: "POST", body });
    return (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
  };

  it.each([
    ["eth_getBalance", []],
    ["eth_getBalance", ["0x12"]],
    ["eth_getBalance", [5]],
    ["eth_getBalance", [target, "0x01"]],
    ["eth_getBalance", [target, "yesterday"]],
    ["eth_getBalance", [target, { blockHash: "0x1" }]],
    ["eth_getBlockByNumber", ["0x"]],
    ["eth_getBlockByNumber", ["0x1", "yes"]],
    ["eth_getBlockByHash", [`0x${"1".repeat(63)}`]],
    ["eth_getLogs", []],
    ["eth_getLogs", [{ topics: [[], [], [], [], []] }]],
    ["eth_getLogs", [{ address: "0x1" }]],
    ["eth_getLogs", [{ fromBlock: "0x9", toBlock: "0x1" }]],
    ["eth_call", []],
    ["eth_call", [{ to: target, data: "0x1" }]],
    ["eth_call", [{ to: target, value: "-1" }]],
    ["eth_getProof", [target, "0x0"]],
    ["eth_getStorageAt", [target, `0x${"0".repeat(65)}`]],
    ["web3_sha3", ["hello"]],
    ["eth_sendRawTransaction", ["0xabc"]],
  ])("%s %j is refused as invalid", async (method, params) => {
    expect((await ask(method, ...params)).error?.code).toBe(-32602);
  });

  it.each(["0x", "0x02", "0x7ec0", "0x03c0", "0xf8ff", `0x02f8${"00".repeat(100)}`])(
    "the malformed transaction %s is refused with a code",
    async (raw) => {
      const { error } = await ask("eth_sendRawTransaction", raw);
      expect(error).toMatchObject({ code: -32000 });
    },
  );

  it("an unknown block, transaction or subscription over HTTP is not an accident", async () => {
    expect(await ask("eth_getBlockByNumber", "0xffffff")).toMatchObject({ result: null });
    expect(await ask("eth_getTransactionByHash", `0x${"00".repeat(32)}`)).toMatchObject({ result: null });
    expect(await ask("eth_getBalance", target, "0xffffff")).toMatchObject({ error: { code: -32000 } });
    expect(await ask("eth_subscribe", "newHeads")).toMatchObject({ error: { code: -32601 } });
  });

  it("a call cannot run for ever or ask for more than the cap", async () => {
    const loop = { data: "0x5b5f56", gas: "0xffffffffff" };
    const { error } = await ask("eth_call", loop);
    expect(error).toMatchObject({ code: -32000, message: "out of gas" });
  });
});
