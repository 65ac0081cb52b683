import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import type { World } from "./world.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PATHS = [
  ...["/", "/chat", "/answers", "/answers/1", "/models", "/models/1", "/datanets", "/datanets/1"],
  ...["/datanets/1/contribute", "/datanets/1/review", "/factory", "/factory/new", "/rewards", "/nowhere"],
  ...[
    "/keys",
    "/purse",
    "/epochs",
    "/governance",
    "/governance/1",
    "/governance/propose",
    "/governance/stake",
    "/circle",
    "/circle/1",
    "/circle/apply",
    "/circle/reviewers",
    "/agents",
    "/agents/register",
    "/agents/1",
    "/bridge",
    "/operator",
    "/explorer",
    "/explorer/block/200",
    `/explorer/address/${devAccounts().paula.address}`,
  ],
];
/** Sum of a page's layout shifts that nobody caused by typing or clicking. */
const MOST_SHIFT = 0.05;
/** For what comes late, in ms. */
const SETTLE_MS = 1_500;

const WATCH_SHIFTS = `
  window.shifts = 0;
  window.shifted = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      window.shifts += entry.value;
      for (const { node } of entry.sources ?? []) window.shifted.push(node?.outerHTML?.slice(0, 120) ?? "");
    }
  }).observe({ type: "layout-shift", buffered: true });
`;

interface AxeResult {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}

/** That nothing keeps anybody out, and nothing jumps. */
export function accessCases(world: World): void {
  test.each(PATHS)("nothing jumps while %s fills, and nothing keeps anybody out of it", async (path) => {
    const { page } = world;
    await page.addInitScript({ content: WATCH_SHIFTS });
    for (const width of [360, 1440]) {
      await page.setViewportSize({ width, height: width < 600 ? 780 : 900 });
      await world.open(path);
      await page.waitForTimeout(SETTLE_MS);
      const [shifts, shifted] = (await page.evaluate("[window.shifts, window.shifted]")) as [
        number,
        string[],
      ];
      expect(shifts < MOST_SHIFT ? [] : [`${width} pixels: ${shifts}`, ...shifted.slice(0, 5)]).toEqual([]);
    }
    await expectOpen(world);
  });

  test("another theme comes in one piece, however deep an element lies", async () => {
    const { page } = world;
    await world.open("/");
    const colours = await page.evaluate(`(() => {
      document.documentElement.dataset.theme = "dark";
      return ["html", "main h1", "main h2"].map((of) => getComputedStyle(document.querySelector(of)).color);
    })()`);
    expect(colours).toEqual(Array(3).fill("rgb(236, 239, 237)"));
  });
}

/** That nothing on the page as it is keeps anybody out, in either theme. */
export async function expectOpen({ page }: World): Promise<void> {
  await page.evaluate(AXE);
  for (const theme of ["light", "dark"]) {
    await page.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
    const { violations } = (await page.evaluate("axe.run()")) as AxeResult;
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${theme} ${id}: ${nodes[0]?.html}`)).toEqual([]);
  }
}
