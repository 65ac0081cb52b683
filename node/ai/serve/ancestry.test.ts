import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { split } from "../../../precompiles/reward-splitter/split.ts";
import { rewardBalance } from "../client/balances.ts";
import { send } from "../client/chain.ts";
import { transferIncomeOrder } from "../client/income.ts";
import { claimPoolShare } from "../client/pools.ts";
import { type Origins, registerModel } from "../client/register.ts";
import { distributeRoyalties, royaltyTable, waitingRoyalties } from "../client/royalties.ts";
import { verifyReceipt } from "../receipt/verify.ts";
import { HOST, MarketWorld, PAYER, WATCHER } from "../testing/market-world.ts";
import { TINY_METHOD } from "../testing/tiny-model.ts";
import type { Snapshot } from "../train/snapshot.ts";
import type { Host } from "./host.ts";

/** Owners of the models, oldest first, and who buys a contribution's income. */
const OWNERS = [7, 8, 9] as const;
const ALICE = 2;

describe("a family of models", () => {
  let world: MarketWorld;
  let host: Host;
  let data: Snapshot & { datanetId: bigint; number: number };
  let family: bigint[];

  /** A model of its own training over the same data. */
  const born = async (owner: number, more: number, parents: Origins["parents"]) => {
    const training = { ...TINY_METHOD.training, epochs: TINY_METHOD.training.epochs + more };
    const order = world.order(await world.build([data], { ...TINY_METHOD, training }), false);
    const mostRoyalty = parents.reduce((sum, { bps }) => sum + bps, 0);
    const origins = { parents, mostFee: 0n, mostRoyalty };
    const { modelId } = await registerModel(
      ...([world.chain.client, world.at, world.account(owner), order, origins] as const),
    );
    await world.passWindow();
    return modelId;
  };

  beforeAll(async () => {
    world = await MarketWorld.open();
    data = await world.snapshot();
    const grand = await born(OWNERS[0], 0, []);
    const parent = await born(OWNERS[1], 1, [{ modelId: grand, bps: 4_000 }]);
    family = [grand, parent, await born(OWNERS[2], 2, [{ modelId: parent, bps: 5_000 }])];
    await world.hosts(family[2]!);
  }, 240_000);
  afterAll(() => world?.close());

  test("a grandchild's answer pays the grandparent's contributors and owner, to the wei", async () => {
    const { client } = world.chain;
    const { at } = world;
    const [grand, parent, child] = family as [bigint, bigint, bigint];
    expect(await royaltyTable(client, at, child)).toEqual([
      { modelId: grand, bps: 2_000 },
      { modelId: parent, bps: 3_000 },
    ]);
    host = world.host();
    await host.open();
    const question = await world.ask(child, HOST);
    await host.ask(question);
    await world.passWindow();
    expect(await host.settleDue()).toEqual([question.requestId]);
    const { receipt } = (await host.receipt(question.requestId))!;
    const { payout } = receipt.settlement!;
    expect(await waitingRoyalties(client, at, child)).toEqual({ income: payout.owner, royalties: 0n });
    const watcher = world.account(PAYER);
    const drawnBefore = await rewardBalance(client, at, world.address(OWNERS[0]));
    await distributeRoyalties(client, at, watcher, child);
    const [ofGrand, ofParent, ofChild] = split(payout.owner, [2_000n, 3_000n, 5_000n]);
    expect(await rewardBalance(client, at, world.address(OWNERS[2]))).toBe(ofChild);
    expect((await waitingRoyalties(client, at, grand)).royalties).toBe(ofGrand);
    expect((await waitingRoyalties(client, at, parent)).royalties).toBe(ofParent);
    const pooled = await client.public.getBalance({ address: at.pools });
    const { ancestor } = await distributeRoyalties(client, at, watcher, grand);
    // Nobody stakes on it: its owner has that part too, and no host answered for it.
    const [contributors, owner] = split(ofGrand!, [5_000n, 3_000n]);
    expect(ancestor).toEqual({ contributors, owner, stakers: 0n });
    expect((await rewardBalance(client, at, world.address(OWNERS[0]))) - drawnBefore).toBe(owner);
    expect((await client.public.getBalance({ address: at.pools })) - pooled).toBe(contributors);
  });

  test("the receipt of a derived model's answer is verified as any other", async () => {
    const { receipt } = (await host.receipt(1n))!;
    const chain = { client: world.chain.client, at: world.at };
    const { checks } = await verifyReceipt({ receipt, source: world.content, session: world.session, chain });
    expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
  });

  test("an income that changed hands is paid to its payee of the settlement, and the receipt is verified", async () => {
    const { client } = world.chain;
    const { at } = world;
    const child = family[2]!;
    const { contributionId } = data.contributions[0]!;
    const question = await world.ask(child, HOST);
    await host.ask(question);
    await send(client, world.account(ALICE), transferIncomeOrder(at, contributionId, world.address(WATCHER)));
    await world.passWindow();
    await host.settleDue();
    const { receipt } = (await host.receipt(question.requestId))!;
    for (const { contributionId: id, to } of receipt.settlement!.paid)
      if (id === contributionId) expect(to).toBe(world.address(WATCHER));
    const chain = { client, at };
    const { content: source, session } = world;
    const { checks } = await verifyReceipt({ receipt, source, session, chain });
    expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
    const had = await rewardBalance(client, at, world.address(WATCHER));
    const place = { datanetId: data.datanetId, number: data.number, contributionId };
    const { amount } = await claimPoolShare(client, at, world.account(PAYER), place);
    expect((await rewardBalance(client, at, world.address(WATCHER))) - had).toBe(amount);
    const copy = structuredClone(receipt);
    copy.settlement!.paid[0]!.to = world.address(HOST);
    const forged = await verifyReceipt({ receipt: copy, source, session, chain });
    const failed = forged.checks.filter(({ ok }) => ok === false).map(({ name }) => name);
    expect(failed).toEqual(["settlement on chain"]);
  });
});
