import type { WebSocketRoute } from "playwright-core";
import { expect, test } from "vitest";
import type { World } from "./world.ts";

const COMES_BACK_MS = 180_000;

/** A chain that begins anew: another first block. */
const OTHER_GENESIS = `0x${"ab".repeat(32)}`;

/** What happens when something goes away. */
export function lossCases(world: World): void {
  test("a head that comes by subscription is shown without a reload; what is stale says so", async () => {
    const { page } = world;
    world.expectComplaints(/WebSocket/);
    let socket: WebSocketRoute | undefined;
    await page.routeWebSocket(/.*/, (route) => {
      route.connectToServer();
      socket = route;
    });
    await world.open("/");
    const head = page.locator("dl").first().getByRole("link");
    const first = await head.textContent();
    await expect.poll(() => head.textContent(), { timeout: 30_000 }).not.toBe(first);
    await page.routeWebSocket(/.*/, (route) => void route.close());
    await socket?.close();
    await page.getByText("The node does not answer. What you see may be old").waitFor();
    await page.getByText("as it was").first().waitFor();
  });

  test("a chain that began anew under an open page is not mixed up with the old one", async () => {
    const { page } = world;
    let socket: WebSocketRoute | undefined;
    let isReset = false;
    await page.routeWebSocket(/.*/, (route) => {
      route.connectToServer();
      socket = route;
    });
    await page.route(`${world.rpc}/**`, async (route) => {
      const asked = route.request().postData() ?? "";
      if (!isReset || !asked.includes("eth_getBlockByNumber") || !asked.includes('"0x0"'))
        return route.continue();
      const answer = await route.fetch();
      const body = (await answer.json()) as { result: { hash: string } };
      body.result.hash = OTHER_GENESIS;
      await route.fulfill({ response: answer, json: body });
    });
    await world.open("/answers");
    await page.evaluate("window.before = true");
    isReset = true;
    await socket?.close();
    await expect
      .poll(() => page.evaluate("window.before === undefined"), { timeout: COMES_BACK_MS })
      .toBe(true);
    await page.locator("main h1").waitFor();
  });

  test("on a slow network it says what it waits for, then fills", async () => {
    const { page, context } = world;
    const devtools = await context.newCDPSession(page);
    await devtools.send("Network.enable");
    await devtools.send("Network.emulateNetworkConditions", {
      ...{ offline: false, latency: 700, downloadThroughput: 100_000, uploadThroughput: 50_000 },
    });
    await page.goto(world.web);
    await page.getByRole("status").first().waitFor();
    await page.getByRole("heading", { name: "Newest answers" }).waitFor();
    await page.locator("main [data-waiting]").first().waitFor({ state: "detached" });
  });

  test("a node that was killed is back by itself, and so are the page and a run that it was at", async () => {
    const { page } = world;
    const pid = world.nodePid();
    if (pid === undefined) return;
    world.expectComplaints(/WebSocket|Failed to load resource|ERR_/);
    await world.open("/factory/new");
    await world.connect("cleo");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("checkbox").first().check();
    await page.getByRole("button", { name: "Next: Base model" }).click();
    await page.getByRole("radio", { name: /shipped/ }).check();
    await page.getByRole("button", { name: "Next: Settings" }).click();
    await page.getByLabel("Name of the model").fill("over a crash");
    await page.getByLabel("Epochs").fill("12");
    await page.getByRole("button", { name: "Next: Start" }).click();
    await page.getByRole("button", { name: "Start training" }).click();
    await page.getByText("runs", { exact: true }).waitFor();
    process.kill(pid, "SIGKILL");
    await page.getByText("The node does not answer").first().waitFor();
    // Sign-ins are the node's memory's: it asks again.
    await page.getByRole("button", { name: "Sign in" }).click({ timeout: COMES_BACK_MS });
    await page
      .getByText("the worker ended during this run: it goes on from the last state that was kept")
      .waitFor({ timeout: COMES_BACK_MS });
    await page.getByRole("heading", { name: "What it learnt" }).waitFor({ timeout: COMES_BACK_MS });
  });
}
