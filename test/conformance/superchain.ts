import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseGenesis } from "../../node/chain/config/genesis.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { readGzipJson } from "../support/recordings.ts";
import { assertEqual, type GroupResult, GroupRun } from "./group.ts";

const SUFFIX = ".genesis.json.gz";

/** The hash under `[genesis.l2]` of a superchain-registry config. */
function expectedHash(toml: string): string | undefined {
  return /\[genesis\.l2\]\s+hash = "(0x[0-9a-f]{64})"/.exec(toml)?.[1];
}

/** Genesis blocks of the superchain-registry: state root and header must give the registered hash. */
export async function runSuperchain(folder: string): Promise<GroupResult> {
  const group = new GroupRun("superchain");
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(SUFFIX))) {
    const name = file.slice(0, -SUFFIX.length);
    await group.case(name, () => {
      const { block } = makeGenesis(parseGenesis(readGzipJson(join(folder, file))));
      const expected = expectedHash(readFileSync(join(folder, `${name}.toml`), "utf8"));
      assertEqual(block.hash, expected, "genesis hash");
    });
  }
  return group.result;
}
