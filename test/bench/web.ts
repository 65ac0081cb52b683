import type { Browser } from "playwright-core";
import { chromiumPath, launch, profile } from "../browser/chromium.ts";
import { startDevnet } from "../browser/devnet.ts";
import { type Bench, type Figure, median } from "./figure.ts";

const PAGES = ["/", "/answers/1", "/models/1", "/datanets/1"];
const LOADS = 7;
/** What is aimed at, in seconds. */
const AIM_S = 1.5;

/** One load with an empty cache. Times in ms from the request of the page on. */
interface Load {
  /** First contentful paint. */
  paint: number;
  /** Until nothing is on its way any more. */
  whole: number;
  /** Of the page, its scripts and styles, as they come over the wire. */
  bytes: number;
}

/** Loads of pages on a devnet (OPENLEDGER_WEB_URL names one that runs): first contentful paint, the whole page, bytes. */
export const webBench: Bench = {
  name: "web",
  async run() {
    const executable = chromiumPath();
    if (executable === undefined) {
      process.stdout.write("web: skipped, no Chromium here (install it, or name it in CHROMIUM)\n");
      return [];
    }
    const devnet = await startDevnet();
    try {
      await devnet.ready();
      const browser = await launch(executable);
      try {
        const figures: Figure[] = [];
        for (const path of PAGES) figures.push(...(await measure(browser, devnet.web, path)));
        return figures;
      } finally {
        await browser.close();
      }
    } finally {
      await devnet.stop();
    }
  },
};

async function measure(browser: Browser, web: string, path: string): Promise<Figure[]> {
  const loads: Load[] = [];
  // The first one warms the server up.
  for (let i = 0; i <= LOADS; i++) loads.push(await load(browser, new URL(path, web).href));
  const counted = loads.slice(1);
  const of = (what: keyof Load) => median(counted.map((one) => one[what]));
  const figure = (what: string, unit: string, ours: number, note?: string): Figure => ({
    ...{ what: `${path} ${what}`, unit, ours, peer: undefined, note },
  });
  return [
    figure("first contentful paint", "s", of("paint") / 1000, `aim ${AIM_S} s`),
    figure("whole", "s", of("whole") / 1000),
    figure("page, scripts and styles", "bytes compressed", of("bytes")),
  ];
}

async function load(browser: Browser, url: string): Promise<Load> {
  const context = await profile(browser, 1440);
  try {
    const page = await context.newPage();
    await page.goto(url);
    await page.locator("main h1").waitFor();
    await page.locator("main [data-waiting]").first().waitFor({ state: "detached" });
    return (await page.evaluate(`(() => {
      const whole = performance.now();
      const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
      const own = performance.getEntriesByType("resource").filter(({ name }) => name.startsWith(location.origin));
      const all = [...performance.getEntriesByType("navigation"), ...own];
      return { paint, whole, bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0) };
    })()`)) as Load;
  } finally {
    await context.close();
  }
}
