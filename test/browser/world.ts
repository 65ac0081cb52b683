import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { describedIn } from "../e2e/program.ts";
import { chromiumPath, launch, profile } from "./chromium.ts";
import { type Devnet, startDevnet } from "./devnet.ts";

/** Text that would run if a page took it for markup. */
export const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

const executable = chromiumPath();
if (executable === undefined) {
  if (process.env.CI !== undefined) throw new Error("no Chromium here, and CI needs one");
  process.stderr.write("browser tests: skipped, no Chromium here (install it, or name it in CHROMIUM)\n");
}

/** What a case works with. */
export interface World {
  readonly web: string;
  readonly rpc: string;
  readonly page: Page;
  readonly context: BrowserContext;
  /** Process of the node that serves the pages; undefined where the devnet is not the test's. */
  nodePid(): number | undefined;
  /** Opens a page and waits until it is whole. */
  open(path: string, page?: Page): Promise<void>;
  /** Takes one of the devnet's accounts, or a wallet, by its name. */
  connect(name: string): Promise<void>;
  /** Complaints of the browser that the case causes itself. */
  expectComplaints(pattern: RegExp): void;
}

/** Runs cases on one devnet and one browser, each case in a profile of its own. What the browser complains about fails it. */
export function onDevnet(name: string, cases: (world: World) => void): void {
  describe.skipIf(executable === undefined)(name, { timeout: 300_000 }, () => {
    let devnet: Devnet;
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    let complaints: string[];
    let expected: RegExp | undefined;

    beforeAll(async () => {
      devnet = await startDevnet();
      await devnet.ready();
      browser = await launch(executable!);
    }, 900_000);
    afterAll(async () => {
      await browser?.close();
      await devnet?.stop();
    }, 60_000);
    beforeEach(async () => {
      context = await profile(browser, 1440);
      context.setDefaultTimeout(60_000);
      page = await context.newPage();
      complaints = [];
      expected = undefined;
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
    });
    afterEach(async () => {
      const ran = await page.evaluate(`"hacked" in window`).catch(() => false);
      await context.close();
      expect(ran).toBe(false);
      expect(complaints.filter((text) => expected === undefined || !expected.test(text))).toEqual([]);
    });

    cases({
      get web() {
        return devnet.web;
      },
      get rpc() {
        return devnet.rpc;
      },
      get page() {
        return page;
      },
      get context() {
        return context;
      },
      nodePid: () => (devnet.dataDir === undefined ? undefined : describedIn(devnet.dataDir).nodes[0]?.pid),
      async open(path, where = page) {
        await where.goto(new URL(path, devnet.web).href);
        await where.locator("main h1").waitFor();
        await where.locator("main [data-waiting]").first().waitFor({ state: "detached" });
      },
      async connect(who) {
        await page.getByRole("button", { name: "Connect", exact: true }).click();
        await page
          .getByRole("dialog")
          .getByRole("button", { name: new RegExp(`^${who}`) })
          .click();
        await page.getByRole("dialog").waitFor({ state: "detached" });
      },
      expectComplaints(pattern) {
        expected = pattern;
      },
    });
  });
}
