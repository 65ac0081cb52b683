import { expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import type { World } from "./world.ts";

/** What whoever runs the node sees of it. */
export function operatorCases(world: World): void {
  test("settings and log stand behind a sign-in, and no key is among them", async () => {
    const { page } = world;
    await world.open("/operator");
    await page.getByText("Connect an account first.").waitFor();
    expect(await page.getByRole("heading", { name: "Settings" }).count()).toBe(0);
    await world.connect("treasury");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("cell", { name: "sequencer", exact: true }).waitFor();
    const row = page.getByRole("row").filter({ has: page.getByText("batcherKey", { exact: true }) });
    expect(await row.textContent()).toContain("set, not shown");
    await page.getByLabel("also those that nobody changed").check();
    await page.getByRole("cell", { name: "rpcGasCap", exact: true }).waitFor();
    const log = page.getByRole("region", { name: "Log", exact: true });
    await log.getByText(/^\d\d:\d\d:\d\d (INFO|WARN|ERROR) /).waitFor();
    const { batcher, proposer, host } = devAccounts();
    const text = (await page.locator("main").textContent()) ?? "";
    for (const { privateKey } of [batcher, proposer, host]) expect(text).not.toContain(privateKey);
  });
}
