import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { devAccounts, type Role } from "../../devnet/accounts.ts";
import { type ChainClient, connectChain, send } from "../../node/ai/client/chain.ts";
import type { CircleAddresses } from "../../node/circle/addresses.ts";
import { getGrant } from "../../node/circle/grants.ts";
import { getPanel, scoreOrder } from "../../node/circle/panels.ts";
import { until } from "../e2e/program.ts";
import { HOSTILE, type World } from "./world.ts";

/** A panel takes its time: half a minute for commitments, half a minute for what they hid. */
const STEP_MS = 150_000;
const WHOLE_MS = 600_000;

/** OpenCircle, from an application to a paid milestone. */
export function circleCases(world: World): void {
  test(
    "a grant is applied for, judged, approved, and a milestone of it paid",
    async () => {
      const { page } = world;
      const { client, at } = await connect(world);
      await world.open("/circle/apply");
      await world.connect("paula");
      await page.getByLabel("Title").fill(HOSTILE);
      await page.getByLabel("What you build").fill(HOSTILE);
      for (const place of [1, 2, 3])
        await page.getByLabel(`Milestone ${place} is reached when`).fill(HOSTILE);
      await page.getByRole("button", { name: "Apply", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
      const path = new URL(page.url()).pathname;
      const id = BigInt(path.split("/").at(-1)!);
      // A reviewer at a page of its own.
      const seat = await openAs(world, "rita", path);
      await drawn(world);
      await seat.getByLabel("Score").fill("80");
      await seat.getByLabel("Reason").fill(HOSTILE);
      await seat.getByRole("button", { name: "Commit to the score" }).click();
      await seat.getByText("Your score is in, hidden.").waitFor();
      await score(client, at, id, ["stan", "vera"]);
      await seat.reload();
      await seat.locator("button:enabled", { hasText: "Reveal the score" }).click({ timeout: STEP_MS });
      await score(client, at, id, ["stan", "vera"]);
      await page.getByRole("cell", { name: HOSTILE }).waitFor();
      await page.locator("button:enabled", { hasText: "Count" }).click({ timeout: STEP_MS });
      await page.locator("button:enabled", { hasText: "Approve" }).click();
      await page.getByText("It was approved: 25 OPEN were promised").waitFor();
      // Besides money: both sides have to say it.
      await seat.getByLabel("How much").fill("40");
      await seat.getByLabel("Terms").fill(HOSTILE);
      await seat.getByRole("button", { name: "Offer it" }).click();
      await page.getByLabel("Delivered to you").fill("10");
      await page.getByLabel("Evidence", { exact: true }).fill("Ten of them");
      await page.getByRole("button", { name: "Confirm it" }).click();
      await page.getByText("Technical hours: 10 of 40 delivered").waitFor();
      await page.getByLabel("Evidence that milestone 1 is reached").fill(HOSTILE);
      await page.getByRole("button", { name: "Report it" }).click();
      await page.getByText("Milestone 1 was reported as reached").waitFor();
      await drawn(world);
      const { panel } = await getGrant(client, at, id);
      await score(client, at, id, ["rita", "stan", "vera"]);
      const { commitUntil } = await getPanel(client, at, panel);
      await until(
        "scores can be revealed",
        async () => (await client.public.getBlock()).timestamp > commitUntil || undefined,
        STEP_MS,
      );
      await score(client, at, id, ["rita", "stan", "vera"]);
      await page.locator("button:enabled", { hasText: "Count" }).click({ timeout: STEP_MS });
      await page.getByText("Milestone 1 was passed: 5 OPEN were paid").waitFor();
      expect(await getGrant(client, at, id)).toMatchObject({ state: "active", released: 5n * 10n ** 18n });
      await world.open("/circle");
      await page.getByRole("link", { name: HOSTILE }).first().waitFor();
    },
    WHOLE_MS,
  );

  test("what keeps an application from being one is said before anything is paid", async () => {
    const { page } = world;
    await world.open("/circle/apply");
    await page.getByText("Give it a title.").waitFor();
    await page.getByLabel("Title").fill("A model");
    await page.getByLabel("What you build").fill("It");
    await page.getByLabel("Dollars").fill("50001");
    await page.getByText("This tier gives").first().waitFor();
    await page.getByLabel("Dollars").fill("30000");
    await page.getByText("Say when milestone 1 is reached.").waitFor();
    await page.getByLabel("Milestone 1: percent").fill("26");
    await page.getByText("The first milestone is 25 % at most.").waitFor();
    await page.getByLabel("Milestone 1: percent").fill("25");
    for (const place of [1, 2, 3]) await page.getByLabel(`Milestone ${place} is reached when`).fill("Then");
    await page.getByText("percents are 105 together, not 100").waitFor();
    await page.getByRole("button", { name: "Remove milestone 2" }).click();
    await page.getByLabel("Milestone 2: percent").fill("75");
    await page.getByText("Connect an account first.").waitFor();
  });

  test("a reviewer sees its place, leaves it to a vote to admit others, and declares an interest", async () => {
    const { page } = world;
    await world.open("/circle/reviewers");
    await page.getByText("serves").first().waitFor();
    await world.connect("vera");
    await page.getByLabel("You have to do with somebody?").fill(devAccounts().mallory.address);
    await page.getByRole("button", { name: "Declare it" }).click();
    await page.getByText("Give an address.").waitFor();
    const visitor = await openAs(world, "cleo", "/circle/reviewers");
    await visitor.getByRole("link", { name: "Propose it" }).click();
    await visitor.getByText("circleReviewers.admit(").first().waitFor();
    await visitor.close();
  });
}

async function connect({ rpc }: World): Promise<{ client: ChainClient; at: CircleAddresses }> {
  const client = await connectChain(rpc);
  return { client, at: await client.rpc<CircleAddresses>("openledger_circle", []) };
}

/** Another page of the same browser, with another account. */
async function openAs(world: World, role: Role, path: string) {
  const other = await world.context.newPage();
  await other.goto(world.web);
  await other.evaluate(`localStorage.setItem("signer", ${JSON.stringify(devAccounts()[role].address)})`);
  await world.open(path, other);
  return other;
}

/** Calls and draws the panel that a grant waits for. */
async function drawn({ page }: World): Promise<void> {
  await page.locator("button:enabled", { hasText: "Call the panel" }).click({ timeout: STEP_MS });
  await page.locator("button:enabled", { hasText: "Draw the panel" }).click();
  await page.getByText("judges", { exact: true }).waitFor({ timeout: STEP_MS });
}

/** The next step of these reviewers' scores. */
async function score(client: ChainClient, at: CircleAddresses, id: bigint, roles: readonly Role[]) {
  const { panel } = await getGrant(client, at, id);
  for (const role of roles) {
    const account = privateKeyToAccount(devAccounts()[role].privateKey);
    const voter = {
      address: account.address,
      sign: (message: string) => account.signMessage({ message }),
    };
    const { order } = await scoreOrder(client, at, voter, { panel, score: 75, reason: "I have looked" });
    await send(client, account, order);
  }
}
