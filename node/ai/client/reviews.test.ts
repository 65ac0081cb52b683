import { afterAll, beforeAll, expect, test } from "vitest";
import { intakeFile } from "../datanet/intake.ts";
import { LIAR, MarketWorld, PAYER } from "../testing/market-world.ts";
import { vote } from "./reviews.ts";

let world: MarketWorld;
let contributionId: bigint;

beforeAll(async () => {
  world = await MarketWorld.open();
  const { rows } = intakeFile("a.md", new TextEncoder().encode("The Orl bell is cracked.\n"));
  contributionId = await world.contribute(await world.datanet(), PAYER, "a.md", rows);
}, 60_000);
afterAll(() => world?.close());

const voteOf = (who: number) =>
  vote(world.chain.client, world.at, world.account(who), { contributionId, approve: true, reason: "" });

test("a vote that the registry does not take is not called cast", { timeout: 60_000 }, async () => {
  for (const [who, refusal] of [
    [PAYER, "OwnContribution"],
    [LIAR, "NotReviewer"],
  ] as const)
    await expect(voteOf(who)).rejects.toMatchObject({
      code: "TRANSACTION_REVERTED",
      facts: { error: refusal },
    });
});
