// npm run screenshots: pictures of every page of a running devnet, light and dark, narrow and wide, into build/screenshots.
// Usage: npm run screenshots -- [address of the web] [one page's name, or readme: the three of README anew]
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
const program = join(ROOT, "dist", "test", "browser", "screenshots.js");
process.exitCode = await foreground(process.execPath, [program, ...process.argv.slice(2)]);
