import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hash } from "../../chain/types/primitives.ts";
import { deliveredAnswer, demandDelivery } from "../client/demands.ts";
import { getRequest } from "../client/market.ts";
import { bytesOfHex } from "../codec/hash.ts";
import { unseal } from "../codec/sealed.ts";
import { receiptToJson } from "../receipt/receipt.ts";
import { HOST, MarketWorld, PAYER } from "../testing/market-world.ts";
import { DEFAULT_HOST_LIMITS } from "./host-limits.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const NOT_POSTED: Hash = `0x${"00".repeat(32)}`;

describe("a host's claims", () => {
  let world: MarketWorld;
  let modelId: bigint;

  beforeAll(async () => {
    world = await MarketWorld.open();
    modelId = (await world.serving()).modelId;
  });
  afterAll(() => world?.close());

  test("a host that dies around its claim goes on with it, and settles what is due together", async () => {
    const { client } = world.chain;
    const path = (requestId: bigint) => join(world.folder, `${requestId}.json`);
    const restarted = async () => {
      const again = world.host({ proved: false });
      await again.open();
      return again;
    };
    // Died before posting: what it had kept is what it posts.
    const unposted = await world.ask(modelId, HOST);
    const claimed = await (await restarted()).ask(unposted);
    // Died after posting, before it knew where.
    const draft = receiptToJson({ ...claimed, claimTransaction: NOT_POSTED });
    await writeFile(path(unposted.requestId), JSON.stringify({ published: false, receipt: draft }));
    const posted = await world.ask(modelId, HOST);
    const last = await restarted();
    expect((await last.ask(unposted)).claimTransaction).toBe(claimed.claimTransaction);
    await last.ask(posted);
    await world.passWindow();
    const [one, two] = [unposted.requestId, posted.requestId];
    expect((await last.settleDue()).sort()).toEqual([one, two]);
    const transactions = [one, two].map(async (id) => {
      return (await last.receipt(id))!.receipt.settlement!.transactionHash;
    });
    expect(new Set(await Promise.all(transactions)).size).toBe(1);
    expect((await getRequest(client, world.at, one)).status).toBe("settled");
  });

  test("a demand for the answer or the query is met in time, and the claim settles", async () => {
    const { client } = world.chain;
    const { at } = world;
    const asked = await world.ask(modelId, HOST);
    const optimistic = world.host({ proved: false });
    const { claim, answer } = await optimistic.ask(asked);
    const key = generatePrivateKey();
    const { publicKey } = privateKeyToAccount(key);
    await demandDelivery(client, at, world.account(PAYER), claim, publicKey);
    await optimistic.answerDemands();
    const sealed = (await deliveredAnswer(client, at, asked.requestId))!;
    expect(new TextDecoder().decode(unseal(bytesOfHex(sealed), key))).toBe(answer);
    expect(() => unseal(bytesOfHex(sealed), generatePrivateKey())).toThrow(code("SEAL_INVALID"));
    // Another host's demands are none of its business.
    await world.host().answerDemands();
    // The demand moved the window's end behind its own.
    await world.passWindow();
    await world.passWindow();
    expect(await optimistic.settleDue()).toEqual([asked.requestId]);
  });

  test("a claim whose block a reorganisation takes out is posted again: the answer was given for it", async () => {
    const { client } = world.chain;
    const asked = await world.ask(modelId, HOST);
    const statusOf = async () => (await getRequest(client, world.at, asked.requestId)).status;
    const careful = world.host();
    const block = await client.rpc<string>("evm_snapshot", []);
    const { answer } = await careful.ask(asked);
    expect([await careful.settleDue(), await statusOf()]).toEqual([[], "claimed"]);
    await client.rpc("evm_revert", [block]);
    expect(await statusOf()).toBe("requested");
    // Long before the window's end, or the payer's way out.
    await world.chain.pass(13);
    expect([await careful.settleDue(), await statusOf()]).toEqual([[], "claimed"]);
    expect(await careful.ask(asked)).toMatchObject({ answer });
    await world.passWindow();
    expect(await careful.settleDue()).toEqual([asked.requestId]);
  });

  test("with as many claims open as it stakes bonds for it takes no request, until one settles", async () => {
    const capped = world.host({ limits: { ...DEFAULT_HOST_LIMITS, maxOpenClaims: 1 } });
    const asked = [await world.ask(modelId, HOST), await world.ask(modelId, HOST)];
    const found = await Promise.allSettled(asked.map((question) => capped.ask(question)));
    const refused = found.findIndex(({ status }) => status === "rejected");
    expect(found[refused]).toMatchObject({
      reason: {
        code: "HOST_BUSY",
        facts: { openClaims: 1, limit: 1 },
        message: expect.stringContaining("claims open"),
      },
    });
    expect(found[1 - refused]).toMatchObject({ status: "fulfilled" });
    await expect(capped.ask(asked[refused]!)).rejects.toThrow(code("HOST_BUSY"));
    expect(await capped.ask(asked[1 - refused]!)).toMatchObject({ settlement: null });
    await world.passWindow();
    expect(await capped.settleDue()).toEqual([asked[1 - refused]!.requestId]);
    expect(await capped.ask(asked[refused]!)).toMatchObject({ settlement: null });
    await world.passWindow();
    expect(await capped.settleDue()).toEqual([asked[refused]!.requestId]);
  });
});
