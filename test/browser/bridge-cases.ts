import { test } from "vitest";
import type { World } from "./world.ts";

const STEP_MS = 180_000;

/** OPEN from L1 to L2 and home. */
export function bridgeCases(world: World): void {
  test("OPEN comes from L1, and goes home with every step, over a reload", async () => {
    const { page } = world;
    await world.open("/bridge");
    await world.connect("treasury");
    const [to2, to1] = [
      page.getByLabel("OPEN", { exact: true }).first(),
      page.getByLabel("OPEN", { exact: true }).last(),
    ];
    await to2.fill("1.25");
    await page.getByRole("button", { name: "Bring it to L2" }).click();
    await page
      .getByRole("link", { name: /arrived in block/ })
      .first()
      .waitFor({ timeout: STEP_MS });
    await to1.fill("0.75");
    await page.getByRole("button", { name: "Send it home" }).click();
    const row = page.getByRole("row").filter({ hasText: "0.75" }).first();
    await row.waitFor();
    await page.reload();
    await row.getByRole("button", { name: "Prove it on L1" }).click({ timeout: STEP_MS });
    await row.getByRole("button", { name: "Give it out on L1" }).click({ timeout: STEP_MS });
    await row.getByText("home: L1 gave it out").waitFor({ timeout: STEP_MS });
    await row.getByRole("link").click();
    await page.getByRole("heading", { name: "On L1" }).waitFor();
    await page.getByText("home: L1 gave it out").waitFor();
    await page.getByText("ends in L1's block").waitFor({ timeout: STEP_MS });
  });

  test("an amount that is not there can't be sent", async () => {
    const { page } = world;
    await world.open("/bridge");
    await world.connect("treasury");
    await page.getByLabel("OPEN", { exact: true }).last().fill("99999999999");
    await page.getByText("The account has").waitFor();
    if (!(await page.getByRole("button", { name: "Send it home" }).isDisabled())) throw new Error("it can");
  });
}
