import { encodeFunctionData } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { datanetRegistryAbi as abi } from "../../chain/generated/abi.ts";
import { MarketWorld, PAYER } from "../testing/market-world.ts";
import { send } from "./chain.ts";

let world: MarketWorld;
beforeAll(async () => {
  world = await MarketWorld.open();
});
afterAll(() => world?.close());

test("a transaction that reverts in its block says why", async () => {
  const { client } = world.chain;
  const order = {
    to: world.at.datanets,
    data: encodeFunctionData({ abi, functionName: "accept", args: [9n] }),
  };
  // With a limit of its own it is not estimated, which would refuse it before it is sent.
  await expect(send(client, world.account(PAYER), { ...order, gas: 100_000n })).rejects.toMatchObject({
    code: "TRANSACTION_REVERTED",
    message: expect.stringMatching(/^the transaction 0x[0-9a-f]{64} was mined, but it reverted: .*\(/),
    facts: { hash: expect.any(String), blockNumber: expect.any(BigInt), error: expect.any(String) },
  });
  await expect(send(client, world.account(PAYER), { ...order, gas: 22_000n })).rejects.toMatchObject({
    code: "TRANSACTION_REVERTED",
  });
});
