import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { caseOf } from "../client/audits.ts";
import { getDispute } from "../client/disputes.ts";
import { getRequest, refutationOf } from "../client/market.ts";
import { seedOf } from "../client/seeds.ts";
import type { Host } from "../serve/host.ts";
import { HOST, MarketWorld, WATCHER } from "../testing/market-world.ts";
import { Watcher } from "../watch/watcher.ts";

/** Seconds of the chain's clock between two looks of all who take part; windows have 20. */
const STEP_S = 8;

describe("audits of every claim, on a chain without verifiers", { timeout: 180_000 }, () => {
  let world: MarketWorld;
  let modelId: bigint;
  let host: Host;
  let watch: Watcher;

  beforeAll(async () => {
    world = await MarketWorld.open(10_000);
    modelId = (await world.serving()).modelId;
    host = world.host();
    await host.open();
    const { at, content, logger } = world;
    const { client, l1Headers } = world.chain;
    watch = new Watcher({ client, at, account: world.account(WATCHER), content, l1Headers, logger });
  });
  afterAll(() => world?.close());

  const statusOf = async (requestId: bigint) =>
    (await getRequest(world.chain.client, world.at, requestId)).status;
  /** Lets the watcher work and, unless it is silent, the host, for a while of the chain's time. */
  const pass = async (seconds: number, { silent }: { silent: boolean }) => {
    for (let passed = 0; passed < seconds; passed += STEP_S) {
      await world.chain.pass(STEP_S);
      await watch.round();
      await watch.idle();
      if (!silent) await host.answerDemands();
    }
  };

  test("a claim settles after its audit, also where no verifier was there to judge", async () => {
    const { client } = world.chain;
    const { requestId } = await host.ask(await world.ask(modelId, HOST)).then(({ request }) => request);
    await pass(40, { silent: false });
    const opened = await caseOf(client, world.at, requestId);
    expect(opened).toMatchObject({ cause: "drawn", isUpheld: false, evidenceRounds: 1 });
    expect(await host.settleDue()).toEqual([]);
    // Three rounds of three windows.
    await pass(240, { silent: false });
    expect((await getDispute(client, world.at, opened.disputeId)).status).toBe("undecided");
    expect(await caseOf(client, world.at, requestId)).toMatchObject({ isUpheld: true, evidenceRounds: 3 });
    expect(await host.settleDue()).toEqual([requestId]);
    expect(await statusOf(requestId)).toBe("settled");
  });

  test("a draw's L1 block that passed unseen is reached by headers", async () => {
    const { client } = world.chain;
    const { requestId } = await host.ask(await world.ask(modelId, HOST)).then(({ request }) => request);
    const { seedBlock } = await getRequest(client, world.at, requestId);
    await world.chain.pass(1200);
    expect(await seedOf(client, world.at, seedBlock)).toBeUndefined();
    await pass(8, { silent: false });
    expect(await seedOf(client, world.at, seedBlock)).toMatch(/^0x/);
    expect((await caseOf(client, world.at, requestId)).cause).toBe("drawn");
  });

  test("a host that gives a panel no evidence loses the claim", async () => {
    const { client } = world.chain;
    const { requestId } = await host.ask(await world.ask(modelId, HOST)).then(({ request }) => request);
    await pass(60, { silent: true });
    expect(await statusOf(requestId)).toBe("refuted");
    expect((await refutationOf(client, world.at, requestId))?.reason).toBe("evidence withheld");
  });
});
