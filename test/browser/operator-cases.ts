import { expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import type { World } from "./world.ts";

/** What whoever runs the node sees of it. */
export function operatorCases(world: World): void {
  test("models and adapters in memory are told with what they take", async () => {
    const { page } = world;
    await world.open("/operator");
    await page.getByText(/^that the chain names; all are here; (one peer|\w+ peers)$/).waitFor();
    await page.getByText("of fees that its stake covers").waitFor();
    await page.getByRole("heading", { name: "AI worker" }).waitFor();
    const bases = page.getByRole("table", { name: "Base models in memory" });
    await bases
      .getByText(/^base-[0-9a-f]{8}$/)
      .first()
      .waitFor();
    const adapters = page.getByRole("table", { name: /^Adapters in memory/ });
    await adapters
      .getByText(/ [KM]iB$/)
      .first()
      .waitFor();
    const main = (await page.locator("main").textContent()) ?? "";
    const tokens = /([\d\u202f]+) of prompts and answers so far/.exec(main)?.[1] ?? "";
    const metrics = await (await fetch(`${world.rpc}/metrics`)).text();
    expect(Number(tokens.replaceAll("\u202f", ""))).toBe(
      Number(/^openledger_ai_tokens_total (\d+)$/m.exec(metrics)?.[1]),
    );
    expect(main).toMatch(/\d+ wait, \d+ are done, \d+ failed/);
  });

  test("settings and log stand behind a sign-in, and no key is among them", async () => {
    const { page } = world;
    await world.open("/operator");
    await page.getByText("Connect an account first.").waitFor();
    expect(await page.getByRole("heading", { name: "Settings" }).count()).toBe(0);
    await world.connect("treasury");
    await page.getByRole("button", { name: "Sign in" }).click();
    const settings = page.getByRole("region", { name: "Settings", exact: true });
    await settings.getByRole("cell", { name: "sequencer", exact: true }).waitFor();
    const row = settings.getByRole("row").filter({ has: page.getByText("batcherKey", { exact: true }) });
    expect(await row.textContent()).toContain("set, not shown");
    await page.getByLabel("also those that nobody changed").check();
    await settings.getByRole("cell", { name: "rpcGasCap", exact: true }).waitFor();
    const log = page.getByRole("region", { name: "Log", exact: true });
    await log.getByText(/^\d\d:\d\d:\d\d (INFO|WARN|ERROR) /).waitFor();
    const { batcher, proposer, host } = devAccounts();
    const text = (await page.locator("main").textContent()) ?? "";
    for (const { privateKey } of [batcher, proposer, host]) expect(text).not.toContain(privateKey);
  });
}
