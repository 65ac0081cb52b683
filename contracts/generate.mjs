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
      // The output folder keeps artifacts of sources that were since deleted.
      if (!source?.startsWith("src/") || !existsSync(join(contractsFolder, source))) continue;
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

/** The text of node/chain/generated/abi.ts; needs contracts/out as forge leaves it. */
export function renderAbis(contractsFolder) {
  const own = ownArtifacts(contractsFolder);
  const artifacts = join(contractsFolder, "../node_modules/@eth-optimism/contracts-bedrock/forge-artifacts");
  const parts = [...own].map(([name, abi]) => renderAbi(name, abi));
  for (const name of BEDROCK) {
    if (own.has(name)) continue;
    parts.push(renderAbi(name, readArtifact(join(artifacts, `${name}.sol`, `${name}.json`)).abi));
  }
  return ["// Made by contracts/build.mjs from the compiled contracts. Do not edit.\n", ...parts].join("\n");
}
