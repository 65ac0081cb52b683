import { expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import type { World } from "./world.ts";

/** What a contributor earned, and its rows. */
export function rewardCases(world: World): void {
  test("a contributor sees in which answers its rows counted, and with what scores", async () => {
    const { page } = world;
    const { alba, bruno, cleo, dov, edda } = devAccounts();
    let found = 0;
    for (const { address } of [alba, bruno, cleo, dov, edda]) {
      await world.open(`/rewards/${address}`);
      await page.getByRole("heading", { name: "Answers in which its rows counted" }).waitFor();
      const table = page.getByRole("table", { name: "Answers in which its rows counted" });
      found += await table.getByRole("cell", { name: /^(row \d+: -?\d+(, )?)+$/ }).count();
    }
    expect(found).toBeGreaterThan(0);
  });

  test("a contributor takes its own rows out, in two steps; nobody else can", async () => {
    const { page } = world;
    const { dov } = devAccounts();
    await world.open(`/rewards/${dov.address}`);
    await page.getByRole("cell", { name: "accepted" }).first().waitFor();
    await world.connect("cleo");
    await page.getByRole("button", { name: /^Take contribution/ }).waitFor({ state: "detached" });
    await page.evaluate(`localStorage.setItem("signer", ${JSON.stringify(dov.address)})`);
    await world.open("/rewards");
    await page
      .getByRole("button", { name: /^Take contribution/ })
      .first()
      .click();
    await page.getByRole("button", { name: "Keep them" }).click();
    await page
      .getByRole("button", { name: /^Take contribution/ })
      .first()
      .click();
    await page.getByRole("button", { name: "Take them out" }).click();
    await page.getByRole("cell", { name: /^out from snapshot \d+ on$/ }).waitFor();
  });

  test("what rows earn is given to another account, on whose page they stand then", async () => {
    const { page } = world;
    const { cleo, edda } = devAccounts();
    await world.open(`/rewards/${edda.address}`);
    await page.evaluate(`localStorage.setItem("signer", ${JSON.stringify(edda.address)})`);
    await world.open("/rewards");
    await page
      .getByRole("button", { name: /^Give the income of contribution/ })
      .first()
      .click();
    await page.getByLabel("New payee").fill("0x12");
    await page.getByText("An address has 0x and 40 hexadecimal digits.").waitFor();
    await page.getByLabel("New payee").fill(cleo.address);
    await page.getByRole("button", { name: "Give the income", exact: true }).click();
    await page.getByLabel("New payee").waitFor({ state: "detached" });
    await world.open(`/rewards/${cleo.address}`);
    await page.getByRole("cell", { name: /made by another$/ }).waitFor();
  });
}
