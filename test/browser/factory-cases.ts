import { expect, test } from "vitest";
import type { World } from "./world.ts";

/** A name that would run if a page took it for markup, as long as one may be. */
const NAME = `<img src=x onerror="window.hacked=1"> ${Date.now()}`;
const RUN_MS = 240_000;

/** Fills in the four steps and starts. */
async function start({ page, open, connect }: World, name: string, epochs: number): Promise<void> {
  await open("/factory");
  await connect("olga");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Train a model" }).click();
  await page.getByRole("checkbox").first().check();
  await page.getByText("rows train;").waitFor();
  await page.getByRole("button", { name: "Next: Base model" }).click();
  await page.getByRole("radio", { name: /shipped/ }).check();
  await page.getByRole("button", { name: "Next: Settings" }).click();
  await page.getByLabel("Name of the model").fill(name);
  await page.getByLabel("Epochs").fill(String(epochs));
  await page.getByRole("button", { name: "Next: Start" }).click();
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Training in the browser, to its end. */
export function factoryCases(world: World): void {
  test("a model is trained in four steps over a reload, compared, and published", async () => {
    const { page } = world;
    await start(world, NAME, 4);
    await page.reload();
    await page.getByRole("heading", { name: "What it learnt" }).waitFor({ timeout: RUN_MS });
    await page.getByText("done", { exact: true }).first().waitFor();
    expect(await page.locator("figure canvas").count()).toBe(4);
    await page.getByLabel("A question to both").fill("Which plant does Bexanol come from?");
    await page.getByRole("button", { name: "Ask both" }).click();
    await page.getByTestId("tuned").waitFor({ timeout: 120_000 });
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByRole("link", { name: /^model \d+$/ }).click();
    await page.getByRole("heading", { level: 1, name: NAME }).waitFor();
  });

  test("the form says what is missing, and a setting out of its bounds can't start", async () => {
    const { page } = world;
    await world.open("/factory/new");
    await world.connect("olga");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Choose at least one snapshot.").waitFor();
    expect(await page.getByRole("button", { name: "Next: Base model" }).isDisabled()).toBe(true);
    await page.getByRole("checkbox").first().check();
    await page.getByRole("button", { name: "Next: Base model" }).click();
    await page.getByRole("radio", { name: /shipped/ }).check();
    await page.getByRole("button", { name: "Next: Settings" }).click();
    await page.getByLabel("Name of the model").fill("a");
    await page.getByLabel("Rank").fill("65");
    await page.getByText("From 1 to 64.").waitFor();
    await page.getByRole("button", { name: "Next: Start" }).click();
    await page.getByText("A setting is out of its bounds.", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Start training" }).isDisabled()).toBe(true);
  });

  test("a run that is cancelled in one tab is cancelled in the other, and can be resumed", async () => {
    const { page, context } = world;
    // Of the run that is deleted while a page still follows it.
    world.expectComplaints(/status of 404/);
    await start(world, "two tabs", 2_000);
    const [second] = await Promise.all([
      context.waitForEvent("page"),
      page.evaluate("void window.open(location.href)"),
    ]);
    await second.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("cancelled", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await second.getByRole("button", { name: "Cancel" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Model Factory" }).waitFor();
  });
}
