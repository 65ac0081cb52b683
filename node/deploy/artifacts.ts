import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Abi, keccak256 } from "viem";
import { z } from "zod";
import { isCodedError } from "../base/errors.ts";
import { packageRoot } from "../base/paths.ts";
import type { Hex } from "../chain/types/primitives.ts";
import { deployError } from "./errors.ts";

/** A compiled contract. */
export interface Artifact {
  name: string;
  abi: Abi;
  /** Creation code, without constructor arguments. */
  bytecode: Hex;
}

/** The package's artifacts hold megabytes of syntax trees: each is read once. */
const cache = new Map<string, Artifact>();

const schema = z.looseObject({
  abi: z.array(z.unknown()),
  bytecode: z.looseObject({ object: z.string().regex(/^0x([0-9a-f]{2})*$/i, "the code is not linked hex") }),
});

/** What the compiler says of the files that it read, by their paths from the contracts' folder. */
const sourcesSchema = z.looseObject({
  metadata: z.looseObject({ sources: z.record(z.string(), z.looseObject({ keccak256: z.string() })) }),
});

/**
 * One of our contracts as forge compiled it, from the sources that are there now.
 * @param name Name of the contract; `file` is its source's name where that differs.
 * @param folder Of the contracts: their src and out.
 * @throws CodedError `CONTRACTS_NOT_BUILT` when contracts/out lacks it, `CONTRACTS_STALE` when a source was changed after it was compiled,
 * `ARTIFACT_INVALID`.
 */
export function ownArtifact(
  name: string,
  file: string = name,
  folder: string = join(packageRoot(), "contracts"),
): Artifact {
  const path = join(folder, "out", `${file}.sol`, `${name}.json`);
  const missing = { code: "CONTRACTS_NOT_BUILT", fix: "Run node contracts/build.mjs." } as const;
  return read(name, path, missing, (json) => requireFresh(name, folder, json));
}

/** A package without the sources has nothing to compare with. */
function requireFresh(name: string, folder: string, json: unknown): void {
  if (!existsSync(join(folder, "src"))) return;
  const { sources } = sourcesSchema.parse(json).metadata;
  for (const [source, { keccak256: compiled }] of Object.entries(sources)) {
    // Packages are pinned, and may be installed elsewhere.
    if (source.startsWith("..")) continue;
    const path = join(folder, source);
    if (existsSync(path) && keccak256(readFileSync(path)) === compiled) continue;
    throw deployError("CONTRACTS_STALE", {
      message: `The contract ${name} was compiled from another version of ${source}.`,
      fix: "Run node contracts/build.mjs.",
      facts: { name, source },
    });
  }
}

/**
 * A contract of @eth-optimism/contracts-bedrock, as its package ships it.
 * @throws CodedError `ARTIFACT_MISSING`, `ARTIFACT_INVALID`.
 */
export function stockArtifact(name: string): Artifact {
  const manifest = createRequire(import.meta.url).resolve("@eth-optimism/contracts-bedrock/package.json");
  return read(name, join(dirname(manifest), "forge-artifacts", `${name}.sol`, `${name}.json`), {
    code: "ARTIFACT_MISSING",
    fix: "Install the packages again: npm ci.",
  });
}

function read(
  name: string,
  path: string,
  missing: { code: "CONTRACTS_NOT_BUILT" | "ARTIFACT_MISSING"; fix: string },
  check: (json: unknown) => void = () => undefined,
): Artifact {
  const known = cache.get(path);
  if (known) return known;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const message = `The compiled contract ${name} is not there.`;
    throw deployError(missing.code, { message, fix: missing.fix, facts: { name, path }, cause });
  }
  try {
    const json = schema.parse(JSON.parse(text));
    check(json);
    const artifact = { name, abi: json.abi as Abi, bytecode: json.bytecode.object as Hex };
    cache.set(path, artifact);
    return artifact;
  } catch (cause) {
    if (isCodedError(cause)) throw cause;
    throw deployError("ARTIFACT_INVALID", {
      message: `The compiled contract ${name} is not a whole artifact.`,
      fix: "Run node contracts/build.mjs, or npm ci if the contract comes from a package.",
      facts: { name, path },
      cause,
    });
  }
}
