import { expect, test } from "vitest";
import type { World } from "./world.ts";

/** What a person finds who only looks. */
export function readingCases(world: World): void {
  test("a person who opens it finds answers, models and datanets without typing", async () => {
    const { page } = world;
    await world.open("/");
    await page.getByRole("heading", { name: "Paid to contributors" }).waitFor();
    await page.locator("figure canvas").waitFor();
    await page.getByRole("link", { name: "All answers" }).click();
    await page.getByText("Which plant does Bexanol come from?").waitFor();
    await page.getByText("blue willow").click();
    await page.getByTestId("answer").waitFor();
    await page.getByRole("link", { name: "transaction" }).first().click();
    await page.getByText("InferenceRequested").waitFor();
    await page.getByRole("heading", { name: "Calls inside" }).waitFor();
    await page.getByRole("link", { name: "Models" }).click();
    await page.getByRole("link", { name: "sample-facts" }).waitFor();
    await page.getByRole("link", { name: "Datanets" }).click();
    await page.getByRole("link", { name: "money-and-medicine" }).click();
    await page.getByRole("heading", { name: "Access for training" }).waitFor();
    await page
      .getByRole("list", { name: "Rows of accepted contributions" })
      .getByRole("listitem")
      .first()
      .waitFor();
  });

  test("two snapshots of a datanet are compared, from either side", async () => {
    const { page } = world;
    await world.open("/datanets/1");
    await page.getByRole("button", { name: "Compare two snapshots" }).click();
    await page.getByLabel("From").selectOption({ label: "nothing" });
    await page.getByText(/^Added: \d+ rows in \d+ contributions$/).waitFor();
    await page.getByText("Taken out: nothing").waitFor();
    await page.getByRole("list", { name: "Rows added" }).getByRole("listitem").first().waitFor();
    await page.getByLabel("From").selectOption({ label: "snapshot 1" });
    await page.getByLabel("To", { exact: true }).selectOption({ label: "nothing" });
    await page.getByText(/^Taken out: \d+ rows in \d+ contributions$/).waitFor();
    await page.getByText("Added: nothing").waitFor();
  });

  test("a receipt is verified in the browser", async () => {
    const { page } = world;
    await world.open("/answers/1");
    // Words of the answer that stand in a row.
    await page.locator("mark").first().waitFor();
    await page.getByRole("button", { name: "Verify in this browser" }).click();
    await page.getByTestId("verdict").waitFor();
    expect(await page.getByTestId("verdict").textContent()).toContain("right (16 checks)");
    expect(await page.getByText("wrong", { exact: true }).count()).toBe(0);
  });

  test("words of an answer lead to the rows that hold them, and rows to their words", async () => {
    const { page } = world;
    await world.open("/answers/1");
    const mark = page.locator("mark [role=button]").first();
    await mark.waitFor();
    const rows = page.getByRole("button", { name: "Show its words" });
    const all = await rows.count();
    expect(all).toBeGreaterThan(0);
    await mark.click();
    await page.getByRole("button", { name: "Show all" }).waitFor();
    expect(await rows.count()).toBeLessThanOrEqual(all);
    await rows.first().click();
    await page.getByRole("button", { name: "Its words are lit" }).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    expect(await page.getByRole("button", { name: "Its words are lit" }).count()).toBe(0);
    await page.getByRole("button", { name: "Hide the marks" }).click();
    expect(await page.locator("mark").count()).toBe(0);
    expect(await rows.count()).toBe(0);
    await page.getByRole("button", { name: "Show the marks" }).click();
    await mark.click();
    await page.getByRole("button", { name: "Show all" }).waitFor();
    // Another answer begins with nothing chosen.
    await page.getByRole("link", { name: "Answers" }).click();
    await page.locator('a[href="/answers/2"]').first().click();
    await page.getByRole("heading", { level: 1, name: "Answer 2" }).waitFor();
    await page.getByTestId("answer").waitFor();
    expect(await page.getByRole("button", { name: "Show all" }).count()).toBe(0);
  });

  test("a receipt with one score changed is not", async () => {
    const { page } = world;
    await page.route(`${world.rpc}/**`, async (route) => {
      const asked = route.request().postData() ?? "";
      if (!asked.includes("openledger_getReceipt")) return route.continue();
      const answer = await route.fetch();
      const body = (await answer.json()) as { result: { claim: { list: { scores: string[] } } } };
      const { scores } = body.result.claim.list;
      scores[0] = (BigInt(scores[0]!) + 1n).toString();
      await route.fulfill({ response: answer, json: body });
    });
    await world.open("/answers/1");
    await page.getByRole("button", { name: "Verify in this browser" }).click();
    await page.getByTestId("verdict").waitFor();
    expect(await page.getByTestId("verdict").textContent()).toContain("do not trust");
  });

  test("whoever comes back finds the old place, though the page is short at first", async () => {
    const { page } = world;
    await page.setViewportSize({ width: 900, height: 500 });
    await world.open("/explorer");
    const block = page.locator("main a[href*='/explorer/block/']");
    await block.nth(15).waitFor();
    await page.evaluate("scrollTo(0, 300)");
    await block.nth(15).dispatchEvent("click");
    await page.waitForURL(/\/explorer\/block\//);
    await page.evaluate(`addEventListener("popstate", () => {
      const { style } = document.querySelector("#content");
      [style.maxHeight, style.overflow] = ["100px", "hidden"];
      setTimeout(() => ([style.maxHeight, style.overflow] = ["", ""]), 1_000);
    })`);
    await page.goBack();
    const place = () => page.evaluate("Math.round(scrollY)");
    expect(await place()).toBe(0);
    await expect.poll(place, { timeout: 5_000 }).toBe(300);
  });
}
