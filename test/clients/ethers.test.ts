import * as six from "ethers";
import * as five from "ethers5";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RpcServer } from "../../node/rpc/server.ts";
import { ANSWERS, KEY, LOGGER, REVERTS, startClientNode } from "./fixture.ts";

const target = `0x${"ee".repeat(20)}`;
const word = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;

let server: RpcServer;
beforeAll(async () => {
  ({ server } = await startClientNode());
}, 60_000);
afterAll(() => server.close());

describe("ethers 6", { timeout: 60_000 }, () => {
  it("sends, calls, reads logs and names reverts over HTTP", async () => {
    const provider = new six.JsonRpcProvider(server.httpUrl, undefined, {
      polling: true,
      pollingInterval: 50,
      // ethers remembers each answer, the next nonce too, for longer than this node takes to mine.
      cacheTimeout: -1,
    });
    const wallet = new six.Wallet(KEY, provider);
    expect((await provider.getNetwork()).chainId).toBe(901n);
    const sent = await wallet.sendTransaction({ to: target, value: 5n });
    expect((await sent.wait())?.status).toBe(1);
    expect(await provider.getBalance(target)).toBe(5n);
    expect(await provider.call({ to: ANSWERS })).toBe(word(42));
    await expect(provider.call({ to: REVERTS })).rejects.toMatchObject({
      code: "CALL_EXCEPTION",
      reason: "no",
    });
    await (await wallet.sendTransaction({ to: LOGGER })).wait();
    expect(await provider.getLogs({ address: LOGGER, fromBlock: 0 })).toHaveLength(1);
    expect((await provider.getFeeData()).maxFeePerGas).toBeGreaterThan(0n);
    provider.destroy();
  });

  it("hears of blocks, logs and pending transactions over WebSocket", async () => {
    const provider = new six.WebSocketProvider(server.wsUrl);
    const wallet = new six.Wallet(KEY, provider);
    const heard = Promise.all([
      new Promise((resolve) => void provider.once("block", resolve)),
      new Promise((resolve) => void provider.once({ address: LOGGER }, resolve)),
      new Promise((resolve) => void provider.once("pending", resolve)),
    ]);
    await provider.getBlockNumber();
    await wallet.sendTransaction({ to: LOGGER });
    const [block, log, pending] = await heard;
    expect(block).toBeTypeOf("number");
    expect(log).toMatchObject({ topics: [word(7)] });
    expect(pending).toMatch(/^0x[0-9a-f]{64}$/);
    // It asks to be unsubscribed meanwhile, and does not wait for the answers.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await provider.destroy();
  });
});

describe("ethers 5", { timeout: 60_000 }, () => {
  it("sends, calls and polls filters over HTTP", async () => {
    const provider = new five.providers.JsonRpcProvider(server.httpUrl);
    provider.pollingInterval = 50;
    const wallet = new five.Wallet(KEY, provider);
    expect((await provider.getNetwork()).chainId).toBe(901);
    const pending = new Promise((resolve) => provider.once("pending", resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const sent = await wallet.sendTransaction({ to: target, value: 1 });
    expect((await sent.wait()).status).toBe(1);
    expect(await pending).toMatchObject({ hash: sent.hash });
    expect(await provider.call({ to: ANSWERS })).toBe(word(42));
    const contract = new five.Contract(REVERTS, ["function anything() view returns (uint256)"], provider);
    await expect(contract.anything()).rejects.toMatchObject({ code: "CALL_EXCEPTION", reason: "no" });
    expect((await provider.getBlockWithTransactions("latest")).transactions.length).toBeGreaterThan(0);
    provider.removeAllListeners();
  });

  it("hears of logs over WebSocket", async () => {
    const provider = new five.providers.WebSocketProvider(server.wsUrl);
    const wallet = new five.Wallet(KEY, provider);
    const log = new Promise((resolve) => provider.once({ address: LOGGER }, resolve));
    await provider.getBlockNumber();
    await wallet.sendTransaction({ to: LOGGER });
    expect(await log).toMatchObject({ topics: [word(7)] });
    await provider.destroy();
  });
});
