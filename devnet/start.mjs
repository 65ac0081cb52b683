// npm start: sets a fresh clone up, then runs the devnet and the main job on it.
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "./setup.mjs";

await setUpOrExit();
const program = join(ROOT, "dist", "node", "main.js");
process.exitCode = await foreground(process.execPath, [program, "devnet", ...process.argv.slice(2)]);
