// npm run attacks [name ...] [-- --small]: sets a fresh clone up, then attacks devnets of its own, a line for each attack.
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
process.exitCode = await foreground(process.execPath, [
  join(ROOT, "dist", "test", "attacks", "main.js"),
  ...process.argv.slice(2),
]);
