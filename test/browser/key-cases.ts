import OpenAI from "openai";
import { expect, test } from "vitest";
import type { World } from "./world.ts";

/** Keys of `/v1`, from the sign-in to their end. */
export function keyCases(world: World): void {
  test("a key is made, counted, limited and revoked", async () => {
    const { page } = world;
    await world.open("/keys");
    await page.getByText("Everybody may use this key").waitFor();
    await world.connect("paula");
    await page.getByRole("button", { name: "Sign in" }).click();
    const name = `<b>laptop</b> ${Date.now()}`;
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Tokens a day").fill("5000");
    await page.getByRole("button", { name: "Make a key" }).click();
    const apiKey = (await page.getByTestId("key").textContent())!;
    expect(await page.locator("pre").textContent()).toContain(apiKey);
    const row = page.getByRole("row").filter({ hasText: name });
    await row.getByText("never").waitFor();
    const client = new OpenAI({ apiKey, baseURL: `${world.rpc}/v1`, maxRetries: 0 });
    const [model] = (await client.models.list()).data;
    const ask = () =>
      client.chat.completions.create({
        ...{ model: model!.id, max_tokens: 8, messages: [{ role: "user", content: "Who made Vorel?" }] },
      });
    const { usage } = await ask();
    await row.getByRole("cell", { name: new RegExp(`^${usage!.total_tokens} of 5.000$`) }).waitFor();
    await page.reload();
    // A key is told once.
    await row.getByRole("button", { name: /^Limit/ }).click();
    expect(await page.getByTestId("key").count()).toBe(0);
    await row.getByLabel(/^Tokens a day of/).fill("1");
    await row.getByRole("button", { name: "Set" }).click();
    await row.getByRole("cell", { name: new RegExp(`^${usage!.total_tokens} of 1$`) }).waitFor();
    await expect(ask()).rejects.toMatchObject({ status: 429, code: "insufficient_quota" });
    await row.getByRole("button", { name: /^Revoke/ }).click();
    await row.getByRole("button", { name: "Revoke it" }).click();
    await row.waitFor({ state: "detached" });
    await expect(ask()).rejects.toMatchObject({ status: 401 });
  });
}
