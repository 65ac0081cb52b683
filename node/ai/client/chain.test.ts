import { encodeFunctionData, type Hex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { datanetRegistryAbi as abi } from "../../chain/generated/abi.ts";
import { intakeFile } from "../datanet/intake.ts";
import { LIAR, MarketWorld, OPEN, OWNER, PAYER, REVIEWER, WATCHER } from "../testing/market-world.ts";
import { type SentTransaction, send } from "./chain.ts";
import { createDatanet, getContribution } from "./datanets.ts";
import { ballotOf, bondReviewer } from "./reviews.ts";

let world: MarketWorld;
beforeAll(async () => {
  world = await MarketWorld.open();
});
afterAll(() => world?.close());

const sentBy = (n: number) =>
  world.chain.client.public.getTransactionCount({ address: world.account(n).address });

test("a transaction that reverts in its block says why", async () => {
  const { client } = world.chain;
  const order = {
    to: world.at.datanets,
    data: encodeFunctionData({ abi, functionName: "accept", args: [9n] }),
  };
  // With a limit of its own it is not estimated, which would refuse it before it is sent.
  const sent = send(client, world.account(PAYER), { ...order, gas: 100_000n });
  await expect(sent).rejects.toMatchObject({
    code: "TRANSACTION_REVERTED",
    message: expect.stringMatching(/^the transaction 0x[0-9a-f]{64} was mined, but it reverted: .*\(/),
    facts: { hash: expect.any(String), blockNumber: expect.any(BigInt), error: expect.any(String) },
  });
});

test("one that reverts for what is gone after its block says what it used", async () => {
  const { client } = world.chain;
  const to = `0x${"c1".repeat(20)}` as const;
  // Reverts where gas has a price, which a call to ask why has not.
  await client.rpc("anvil_setCode", [to, "0x3a600557005b5f5ffd"]);
  const before = await sentBy(WATCHER);
  await expect(send(client, world.account(WATCHER), { to, data: "0x" })).rejects.toMatchObject({
    code: "TRANSACTION_REVERTED",
    message: expect.stringMatching(/but it reverted; it used 21\d{3} of its gas limit of 69\d{3}$/),
    fix: expect.stringContaining("look at it"),
    facts: { outOfGas: false },
  });
  expect((await sentBy(WATCHER)) - before).toBe(1);
});

describe("a transaction that runs out of gas", { timeout: 60_000 }, () => {
  /** Of the time in which a commitment may be revealed: votes that are committed then are opened until long after its end. */
  const MOST_OF_REVEALS_S = 20;
  const reviewed = { approve: true, reason: "" };

  /** A revealed contribution to a datanet of these reviewers, who all have to approve it and have committed that they do. */
  async function committedVotes(text: string, reviewers: readonly number[], gas?: bigint) {
    const { client } = world.chain;
    const net = { name: "n", licence: "CC0-1.0", uri: "", stake: OPEN, quorum: reviewers.length };
    const order = { ...net, reviewers: reviewers.map((n) => world.address(n)) };
    const { datanetId } = await createDatanet(client, world.at, world.account(OWNER), order);
    for (const n of reviewers) await bondReviewer(client, world.at, world.account(n), datanetId);
    const { rows } = intakeFile("a.md", new TextEncoder().encode(text));
    const contributionId = await world.contribute(datanetId, PAYER, "a.md", rows);
    await world.chain.pass(MOST_OF_REVEALS_S);
    const opens: (() => Promise<SentTransaction>)[] = [];
    for (const n of reviewers) {
      const ballot = await ballotOf(client, world.at, world.account(n), { contributionId, ...reviewed });
      await send(client, world.account(n), { to: world.at.datanets, data: ballot.commit });
      opens.push(() => send(client, world.account(n), { to: world.at.datanets, data: ballot.open, gas }));
    }
    return { contributionId, opens };
  }

  const statusOf = async (contributionId: bigint) =>
    (await getContribution(world.chain.client, world.at, contributionId)).statusName;

  /** Seconds until no older commitment can be revealed: what is approved then is accepted at once. */
  async function untilReveals(contributionId: bigint): Promise<number> {
    const { client } = world.chain;
    const { revealDeadline } = await getContribution(client, world.at, contributionId);
    const { timestamp } = await client.public.getBlock();
    return Number(revealDeadline - timestamp) + 1;
  }

  /** Handed in, estimated in the block before `seconds` have passed, and mined after them in one block. */
  async function minedLater<T>(sends: readonly (() => Promise<T>)[], seconds: number): Promise<T[]> {
    const { client } = world.chain;
    await client.rpc("evm_setAutomine", [false]);
    const sent = Promise.all(sends.map((one) => one()));
    sent.catch(() => undefined);
    const waiting = async () => Number((await client.rpc<{ pending: Hex }>("txpool_status", [])).pending);
    await expect.poll(waiting, { timeout: 30_000 }).toBe(sends.length);
    const { timestamp } = await client.public.getBlock();
    await client.rpc("evm_setNextBlockTimestamp", [Number(timestamp) + seconds]);
    await client.rpc("evm_setAutomine", [true]);
    await client.rpc("evm_mine", []);
    return sent;
  }

  test("comes through when the time makes it more work than was estimated", async () => {
    const { contributionId, opens } = await committedVotes("The Orl bell is cracked.\n", [REVIEWER]);
    const before = await sentBy(REVIEWER);
    const [sent] = await minedLater(opens, await untilReveals(contributionId));
    expect(sent!.receipt.status).toBe("success");
    expect((await sentBy(REVIEWER)) - before).toBe(2);
    expect(await statusOf(contributionId)).toBe("accepted");
  });

  test("comes through when another's act in the same block makes it more work", async () => {
    const reviewers = [REVIEWER, LIAR];
    const { contributionId, opens } = await committedVotes("The Orl tower leans.\n", reviewers);
    await world.chain.pass(await untilReveals(contributionId));
    const before = await Promise.all(reviewers.map(sentBy));
    // Each is estimated as one of two votes, and the later of them accepts.
    await minedLater(opens, 1);
    const counts = (await Promise.all(reviewers.map(sentBy))).map((count, i) => count - before[i]!);
    expect(counts.sort()).toEqual([1, 2]);
    expect(await statusOf(contributionId)).toBe("accepted");
  });

  test("is sent once more alone, and then says how much gas it had", async () => {
    const { client } = world.chain;
    const to = `0x${"c0".repeat(20)}` as const;
    // Ends at once where gas has no price, as in an estimate, and never where it has one.
    await client.rpc("anvil_setCode", [to, "0x3a600557005b600556"]);
    const before = await sentBy(WATCHER);
    await expect(send(client, world.account(WATCHER), { to, data: "0x" })).rejects.toMatchObject({
      code: "TRANSACTION_REVERTED",
      message: expect.stringMatching(/reverted: it ran out of gas \((\d+) of its gas limit of \1\)$/),
      fix: "send it again: it became more work after its gas was estimated",
      facts: { outOfGas: true, gasUsed: expect.any(BigInt), gasLimit: expect.any(BigInt) },
    });
    expect((await sentBy(WATCHER)) - before).toBe(2);
  });

  test("is not sent again where its limit was given, also when the gas ends in an inner call", async () => {
    const { contributionId, opens } = await committedVotes("The Orl clock is late.\n", [REVIEWER], 150_000n);
    await world.chain.pass(await untilReveals(contributionId));
    const before = await sentBy(REVIEWER);
    await expect(opens[0]!()).rejects.toMatchObject({
      code: "TRANSACTION_REVERTED",
      fix: "send it again with a higher gas limit",
      facts: { outOfGas: true, gasLimit: 150_000n },
    });
    expect((await sentBy(REVIEWER)) - before).toBe(1);
  });
});
