// npm run disputes [-- --only NAME] [-- --pace SECONDS]: sets a fresh clone up, then lies on a devnet of its own in every way that is
// known, a line for each lie. Status 0 only if every lie left its makers poorer.
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
process.exitCode = await foreground(process.execPath, [
  join(ROOT, "dist", "test", "disputes", "main.js"),
  ...process.argv.slice(2),
]);
