// Writes the ABIs of our contracts, and of the stock ones that the node talks to, as TypeScript that viem can type.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Contracts of @eth-optimism/contracts-bedrock whose ABIs the node uses. */
const BEDROCK = [
  "L1CrossDomainMessenger",
  "L2CrossDomainMessenger",
  "L2OutputOracle",
  "OptimismPortal",
  "Proxy",
  "ProxyAdmin",
  "SuperchainConfig",
];

function readArtifact(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** `L1Block` -> `l1BlockAbi`, `ERC20` -> `erc20Abi`. */
function constantName(contract) {
  const head = /^[A-Z][A-Z0-9]*(?=$|[A-Z][a-z])|^[A-Z]/.exec(contract)[0];
  return `${head.toLowerCase()}${contract.slice(head.length)}Abi`;
}

/** False for what the output folder keeps of sources, or parts of sources, that were since deleted. */
function isDeclared(contractsFolder, source, name) {
  const file = join(contractsFolder, source);
  if (!existsSync(file)) return false;
  return new RegExp(`^(abstract contract|contract|interface|library) ${name}\\b`, "m").test(
    readFileSync(file, "utf8"),
  );
}

/** Every contract that one of our sources declares, by name, and every interface that none of them implements (a contract's own is
 * named after it). */
function ownArtifacts(contractsFolder) {
  const out = join(contractsFolder, "out");
  const found = new Map();
  for (const folder of readdirSync(out).sort()) {
    if (!folder.endsWith(".sol")) continue;
    for (const file of readdirSync(join(out, folder)).sort()) {
      const artifact = readArtifact(join(out, folder, file));
      const [[source, name] = []] = Object.entries(artifact.metadata?.settings?.compilationTarget ?? {});
      if (!source?.startsWith("src/") || !isDeclared(contractsFolder, source, name)) continue;
      if (basename(file) !== `${name}.json` || artifact.abi.length === 0) continue;
      if (found.has(name)) throw new Error(`two contracts are called ${name}: rename one (${source})`);
      found.set(name, artifact.abi);
    }
  }
  for (const name of [...found.keys()]) {
    if (name.startsWith("I") && found.has(name.slice(1))) found.delete(name);
  }
  return found;
}

function renderAbi(name, abi) {
  const entries = abi.map((entry) => `  ${JSON.stringify(entry)},\n`);
  return `export const ${constantName(name)} = [\n${entries.join("")}] as const;\n`;
}

/**
 * The errors of all own contracts, each once: what reads a refusal needs none of their functions, and takes arguments by their places.
 * Every page loads them.
 */
function renderErrors(own) {
  const errors = new Map();
  for (const entry of [...own.values()].flat()) {
    if (entry.type !== "error") continue;
    const inputs = entry.inputs.map(({ name: _name, ...input }) => input);
    errors.set(`${entry.name}(${entry.inputs.map(({ type }) => type)})`, { ...entry, inputs });
  }
  return renderAbi(
    "OwnErrors",
    [...errors.keys()].sort().map((key) => errors.get(key)),
  );
}

/** The text of node/chain/generated/abi.ts; needs contracts/out as forge leaves it. */
export function renderAbis(contractsFolder) {
  const own = ownArtifacts(contractsFolder);
  const artifacts = join(contractsFolder, "../node_modules/@eth-optimism/contracts-bedrock/forge-artifacts");
  const parts = [...own].map(([name, abi]) => renderAbi(name, abi));
  for (const name of BEDROCK) {
    if (own.has(name)) continue;
    parts.push(renderAbi(name, readArtifact(join(artifacts, `${name}.sol`, `${name}.json`)).abi));
  }
  parts.push(renderErrors(own));
  return ["// Made by contracts/build.mjs from the compiled contracts. Do not edit.\n", ...parts].join("\n");
}
