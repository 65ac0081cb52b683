import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Web3 } from "web3";
import type { RpcServer } from "../../node/rpc/server.ts";
import { ANSWERS, KEY, LOGGER, REVERTS, startClientNode } from "./fixture.ts";

const target = `0x${"ee".repeat(20)}`;
const word = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;

let server: RpcServer;
beforeAll(async () => {
  ({ server } = await startClientNode());
}, 60_000);
afterAll(() => server.close());

describe("web3.js 4", { timeout: 60_000 }, () => {
  it("sends, calls and reads logs over HTTP", async () => {
    const web3 = new Web3(server.httpUrl);
    const account = web3.eth.accounts.privateKeyToAccount(KEY);
    web3.eth.accounts.wallet.add(account);
    expect(await web3.eth.getChainId()).toBe(901n);
    const receipt = await web3.eth.sendTransaction({
      from: account.address,
      to: target,
      value: 5,
      gas: 21_000,
    });
    expect(receipt.status).toBe(1n);
    expect(await web3.eth.getBalance(target)).toBe(5n);
    expect(await web3.eth.call({ to: ANSWERS })).toBe(word(42));
    await expect(web3.eth.call({ to: REVERTS })).rejects.toMatchObject({
      cause: { message: "execution reverted: no" },
    });
    await web3.eth.sendTransaction({ from: account.address, to: LOGGER, gas: 50_000 });
    expect(await web3.eth.getPastLogs({ address: LOGGER, fromBlock: 0 })).toHaveLength(1);
    expect((await web3.eth.getFeeHistory(2, "latest", [50])).gasUsedRatio).toHaveLength(2);
  });

  it("hears of heads and logs over WebSocket", async () => {
    const web3 = new Web3(server.wsUrl);
    const account = web3.eth.accounts.privateKeyToAccount(KEY);
    web3.eth.accounts.wallet.add(account);
    const heads = await web3.eth.subscribe("newHeads");
    const logs = await web3.eth.subscribe("logs", { address: LOGGER });
    const heard = Promise.all([
      new Promise((resolve) => heads.once("data", resolve)),
      new Promise((resolve) => logs.once("data", resolve)),
    ]);
    await web3.eth.sendTransaction({ from: account.address, to: LOGGER, gas: 50_000 });
    const [head, log] = await heard;
    expect(head).toMatchObject({ number: expect.anything() });
    expect(log).toMatchObject({ topics: [word(7)] });
    web3.currentProvider?.disconnect();
  });
});
