import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { devAccounts, type Role } from "../../devnet/accounts.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { chromiumPath, launch, profile } from "./chromium.ts";

/** A page to take a picture of. */
interface Shot {
  path: string;
  /** Whose account is connected. */
  as?: Role;
  /** What is done before the picture. */
  before?: (page: Page) => Promise<void>;
}

/** Pages by the name of their picture; what they show is the devnet's own. */
const SHOTS: Readonly<Record<string, Shot>> = {
  overview: { path: "/", before: (page) => page.locator("figure canvas").waitFor() },
  chat: { path: "/chat", before: chatted },
  "chat-paid": { path: "/chat", as: "paula", before: paidChat },
  answers: { path: "/answers" },
  answer: { path: "/answers/1", before: verify },
  models: { path: "/models" },
  model: { path: "/models/1" },
  datanets: { path: "/datanets" },
  datanet: { path: "/datanets/1" },
  contribute: { path: "/datanets/1/contribute" },
  review: { path: "/datanets/1/review" },
  factory: { path: "/factory", as: "olga", before: signIn },
  "factory-new": { path: "/factory/new", as: "olga", before: signIn },
  run: { path: "/factory", as: "olga", before: newestRun },
  bridge: { path: "/bridge", as: "treasury", before: (page) => page.getByText("Ether on L1").waitFor() },
  rewards: { path: "/rewards", as: "alba" },
  purse: { path: "/purse", as: "paula" },
  epochs: { path: "/epochs" },
  keys: { path: "/keys", as: "paula", before: signIn },
  governance: { path: "/governance" },
  proposal: { path: "/governance/1" },
  propose: { path: "/governance/propose", as: "stan", before: planned },
  stake: { path: "/governance/stake", as: "stan" },
  circle: { path: "/circle" },
  grant: { path: "/circle/1", as: "edda" },
  "circle-apply": { path: "/circle/apply", as: "paula" },
  "circle-reviewers": { path: "/circle/reviewers", as: "rita" },
  agents: { path: "/agents" },
  agent: { path: "/agents/1", as: "paula" },
  "agent-register": { path: "/agents/register", as: "paula" },
  operator: { path: "/operator" },
  explorer: { path: "/explorer" },
  block: { path: "/explorer/block/200", before: (page) => page.getByText("Output").waitFor() },
};
/** Pixels of a picture. */
const MOST_HEIGHT = 6_000;
const OUT = join(packageRoot(), "build", "screenshots");
/** Those that README shows, small, and where they lie. */
const IN_README = ["overview", "answer", "rewards"];
const README_FOLDER = join(packageRoot(), "node", "web", "pictures");
const README_SIZE = { width: 1180, height: 900 };
const README_SCALE = 0.75;

async function verify(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Verify in this browser" }).click();
  await page.getByTestId("verdict").waitFor();
}

/** A question with its answer and what made it. */
async function chatted(page: Page): Promise<void> {
  await page.getByLabel("Your question").fill("Which plant does Bexanol come from?");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByText("Estimate by").waitFor();
  await whole(page);
}

/** The same paid for, and verified. */
async function paidChat(page: Page): Promise<void> {
  const fresh = page.getByRole("button", { name: "New thread" });
  if (await fresh.isVisible()) await fresh.click();
  await page.getByRole("radio", { name: /^Paid by your account/ }).check();
  await page.getByLabel("Your question").fill("Which plant does Bexanol come from?");
  await page.getByRole("button", { name: "See the price" }).click();
  await page.getByRole("button", { name: "Pay and ask" }).click();
  await verify(page);
}

async function signIn(page: Page): Promise<void> {
  const button = page.getByRole("button", { name: "Sign in" });
  if (await button.isVisible()) await button.click();
  // While it signs in the button says so.
  await page.getByRole("button", { name: /^Sign/ }).waitFor({ state: "detached" });
  await whole(page);
}

/** A call, and what it would change. */
async function planned(page: Page): Promise<void> {
  await page.getByLabel("Title").fill("A smaller part for the platform");
  await page.getByLabel("New value").fill("800");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByRole("cell", { name: "parameters.platformBps" }).waitFor();
}

/** The newest run of the account, where it has one. */
async function newestRun(page: Page): Promise<void> {
  await signIn(page);
  const run = page.getByRole("table").getByRole("link").first();
  if (!(await run.isVisible())) return;
  await run.click();
  await page.getByRole("heading", { name: "What runs" }).waitFor();
  await page.locator("figure canvas").first().waitFor();
}

async function whole(page: Page): Promise<void> {
  await page.locator("h1").waitFor();
  await page.locator("main [data-waiting]").first().waitFor({ state: "detached" });
}

async function take(page: Page, url: string, shot: Shot, picture: string): Promise<void> {
  const { path, as, before } = shot;
  const address = as === undefined ? "" : devAccounts()[as].address;
  // Where the pages keep whom they sign with.
  await page.goto(url);
  await page.evaluate(`localStorage.setItem("signer", ${JSON.stringify(address)})`);
  await page.goto(new URL(path, url).href);
  await whole(page);
  await before?.(page);
  await page.evaluate("scrollTo(0, 0)");
  const isSmall = picture.endsWith(".jpg");
  const window = page.viewportSize()!;
  if (!isSmall) {
    // Lists draw what is in the window: it gets as high as the page.
    const height = (await page.evaluate("document.documentElement.scrollHeight")) as number;
    await page.setViewportSize({ ...window, height: Math.max(window.height, Math.min(height, MOST_HEIGHT)) });
    await whole(page);
  }
  await page.screenshot({ path: picture, fullPage: !isSmall, ...(isSmall && { type: "jpeg", quality: 80 }) });
  await page.setViewportSize(window);
  process.stdout.write(`${picture}\n`);
}

async function takeForReadme(browser: Browser, url: string): Promise<void> {
  mkdirSync(README_FOLDER, { recursive: true });
  const context = await browser.newContext({
    viewport: README_SIZE,
    deviceScaleFactor: README_SCALE,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  for (const name of IN_README) await take(page, url, SHOTS[name]!, join(README_FOLDER, `${name}.jpg`));
  await context.close();
}

/** Takes a picture of every page, light and dark, narrow and wide, of the devnet whose web is at `url`. */
async function main(url: string, only: string | undefined): Promise<void> {
  const executable = chromiumPath();
  if (executable === undefined) throw new Error("no Chromium here: install it, or name it in CHROMIUM");
  mkdirSync(OUT, { recursive: true });
  const browser = await launch(executable);
  try {
    if (only === "readme") return await takeForReadme(browser, url);
    for (const theme of ["light", "dark"] as const) {
      for (const width of [360, 1440]) {
        const context = await profile(browser, width, theme);
        const page = await context.newPage();
        page.on("console", (message) => {
          if (message.type() === "error") process.stderr.write(`  ${message.text()}\n`);
        });
        for (const [name, shot] of Object.entries(SHOTS)) {
          if (only !== undefined && only !== name) continue;
          await take(page, url, shot, join(OUT, `${name}-${theme}-${width}.png`));
        }
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
}

const [url = "http://127.0.0.1:9547/", only] = process.argv.slice(2);
await main(url, only);
