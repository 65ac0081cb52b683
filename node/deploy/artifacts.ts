import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Abi } from "viem";
import { z } from "zod";
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

/**
 * One of our contracts as forge compiled it.
 * @param name Name of the contract; `file` is its source's name where that differs.
 * @throws CodedError `CONTRACTS_NOT_BUILT` when contracts/out lacks it, `ARTIFACT_INVALID`.
 */
export function ownArtifact(name: string, file: string = name): Artifact {
  return read(name, join(packageRoot(), "contracts/out", `${file}.sol`, `${name}.json`), {
    code: "CONTRACTS_NOT_BUILT",
    fix: "Run node contracts/build.mjs.",
  });
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
    const artifact = { name, abi: json.abi as Abi, bytecode: json.bytecode.object as Hex };
    cache.set(path, artifact);
    return artifact;
  } catch (cause) {
    throw deployError("ARTIFACT_INVALID", {
      message: `The compiled contract ${name} is not a whole artifact.`,
      fix: "Run node contracts/build.mjs, or npm ci if the contract comes from a package.",
      facts: { name, path },
      cause,
    });
  }
}
