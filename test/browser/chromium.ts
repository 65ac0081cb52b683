import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** The browser of this machine: CHROMIUM where it is set, else where packages put it. */
export function chromiumPath(): string | undefined {
  const { CHROMIUM } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== "") return CHROMIUM;
  return PLACES.find((place) => existsSync(place));
}

/** Starts the browser. Root has no sandbox. */
export function launch(executablePath: string): Promise<Browser> {
  const isRoot = userInfo().uid === 0;
  const args = ["--disable-gpu", "--disable-dev-shm-usage", ...(isRoot ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath, args, timeout: 60_000 });
}

/** A fresh profile of one width and theme. */
export function profile(
  browser: Browser,
  width: number,
  theme: "light" | "dark" = "light",
): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width, height: width < 600 ? 780 : 900 },
    colorScheme: theme,
    reducedMotion: "reduce",
  });
}
