import { expect, test } from "vitest";
import { HOSTILE, type World } from "./world.ts";

/** Putting data into a datanet. */
export function contributionCases(world: World): void {
  test("a file is contributed, over a reload in the middle, and nothing in it runs", async () => {
    const { page } = world;
    const rows = [`The Quern bridge ${Date.now()} is ${HOSTILE} long.`, "The Quern bridge has nine arches."];
    const name = `${HOSTILE.replaceAll("/", "")}.jsonl`;
    const lines = rows.map((completion) => JSON.stringify({ prompt: `${HOSTILE}?`, completion }));
    await world.open("/datanets/1/contribute");
    await world.connect("alba");
    await page
      .locator("input[type=file]")
      .setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(lines.join("\n")) });
    await page.getByText("nine arches").waitFor();
    await page.getByRole("button", { name: "Stake and contribute" }).click();
    await page.getByText("● Sign for room").or(page.getByText("● Reveal")).first().waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText(/Contribution \d+ waits for its review/).waitFor();
    await world.open("/datanets/1/review");
    await page.locator("summary").first().click();
    await page.getByText("nine arches").first().waitFor();
    expect(await page.evaluate(`"hacked" in window`)).toBe(false);
  });

  test("a file that can't go in says where and why", async () => {
    const { page } = world;
    await world.open("/datanets/1/contribute");
    const buffer = Buffer.from('{"prompt":"a","completion":"b"}\nnot JSON\n');
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "bad.jsonl", mimeType: "text/plain", buffer });
    await page.getByText("bad.jsonl, line 2: it is not JSON").waitFor();
    const table = Buffer.from('id,question,answer\n1,"Who, and why?","Nobody ""knows""."\n');
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "good.csv", mimeType: "text/csv", buffer: table });
    await page.getByText('Nobody "knows".').waitFor();
    await page.getByText("As a model sees it").click();
    await world.connect("alba");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Question: Who, and why?").waitFor();
    await page.getByText("left out: other columns (1)").waitFor();
  });
}
