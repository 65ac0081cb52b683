// npm run simulate [-- GAMES [DISPUTES]]: sets a fresh clone up, then plays games of every strategy and prints what each brings over honesty.
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
process.exitCode = await foreground(process.execPath, [
  join(ROOT, "dist", "test", "simulation", "main.js"),
  ...process.argv.slice(2),
]);
