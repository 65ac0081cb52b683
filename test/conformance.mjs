// npm run conformance [folder] [-- --executor wasm|ts|both]: sets a fresh clone up, then runs every conformance group found in the folder.
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
process.exitCode = await foreground(process.execPath, [
  join(ROOT, "dist", "test", "conformance", "main.js"),
  ...process.argv.slice(2),
]);
