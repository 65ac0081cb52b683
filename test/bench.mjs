// npm run bench [name ...]: sets a fresh clone up, then prints each figure beside its peer's from the same run.
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
process.exitCode = await foreground(process.execPath, [
  join(ROOT, "dist", "test", "bench", "main.js"),
  ...process.argv.slice(2),
]);
