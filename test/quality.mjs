// npm run quality -- [--data-dir folder] [...]: sets a fresh clone up, then does the main job by hand on a running devnet.
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
process.exitCode = await foreground(process.execPath, [
  join(ROOT, "dist", "test", "quality", "by-hand.js"),
  ...process.argv.slice(2),
]);
