import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { baseModelFolder } from "./settings.ts";
import { trainTokenizer } from "./tokenizer.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: baseModelFolder() } } });
mkdirSync(values.out, { recursive: true });
writeFileSync(join(values.out, "tokenizer.json"), trainTokenizer());
