// npm run year: sets a fresh clone up, then lives a scripted year on a chain with blocks of 15 minutes, and prints
// every contract's books. Status 0 only if they add up.
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
process.exitCode = await foreground(process.execPath, [
  join(ROOT, "dist", "test", "year", "main.js"),
  ...process.argv.slice(2),
]);
