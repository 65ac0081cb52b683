import { encodeFunctionData } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { modelLedgerAbi } from "../../chain/generated/abi.ts";
import { NO_SPANS } from "../attribution/score.ts";
import { send } from "../client/chain.ts";
import { takeModel } from "../client/hosts.ts";
import { HOST, MarketWorld, OWNER, PROMPT } from "../testing/market-world.ts";
import { claimableTokens } from "./claim-with-cover.ts";

let world: MarketWorld;
let modelId: bigint;
beforeAll(async () => {
  world = await MarketWorld.open();
  modelId = (await world.serving()).modelId;
  const { client } = world.chain;
  // Cheap, so that the host's stake covers long answers.
  const args = [modelId, 10n ** 9n, 10n ** 9n] as const;
  const data = encodeFunctionData({ abi: modelLedgerAbi, functionName: "setRates", args });
  await send(client, world.account(OWNER), { to: world.at.models, data });
  const terms = { leastFee: 0n, maxTokensIn: 80, maxTokensOut: 5_000 };
  await takeModel(client, world.at, world.account(HOST), modelId, terms);
});
afterAll(() => world?.close());

test("an answer that no cover could hold is refused before the work, by name", async () => {
  const long = await world.ask(modelId, HOST, PROMPT, undefined, 4_097);
  await expect(world.host().ask(long)).rejects.toThrow(
    expect.objectContaining({
      code: "REQUEST_NOT_TAKEN",
      message: expect.stringContaining("4097 answer tokens; a claim of this model covers 4096"),
    }),
  );
  const most = await world.ask(modelId, HOST, PROMPT, undefined, 4_096);
  expect((await world.host().ask(most)).claim.requestId).toBe(most.requestId);
});

test("a discount is made by a cover too", () => {
  const plain = { spans: NO_SPANS } as const;
  expect(claimableTokens(plain, {})).toBe(Number.POSITIVE_INFINITY);
  expect(claimableTokens(plain, { discount: "openledger/discount/1" })).toBe(4_096);
  expect(claimableTokens({ spans: `0x${"11".repeat(32)}` }, {})).toBe(4_096);
});
