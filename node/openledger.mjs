#!/usr/bin/env -S node --max-semi-space-size=64 --min-semi-space-size=64
// The `openledger` command: hands over to the compiled program and says how to make it when it is not there.
import { existsSync } from "node:fs";

const program = new URL("../dist/node/main.js", import.meta.url);
if (!existsSync(program)) {
  process.stderr.write(
    "NOT_BUILT: the program is not compiled yet\n  fix:   run `npm start` or `npm run build` once\n",
  );
  process.exit(1);
}
await import(program.href);
