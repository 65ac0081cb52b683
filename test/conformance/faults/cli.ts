import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type ModelFiles, readModelFolder, requireFile } from "../../../node/ai/model/files.ts";
import { loadNativeModel } from "../../../node/ai/model/load.ts";
import { readSafetensors, tensorToF32, writeSafetensors } from "../../../node/ai/model/safetensors.ts";
import { expectedTensors } from "../../../node/ai/model/weights.ts";
import { packageRoot } from "../../../node/base/paths.ts";
import { openledger, refusal } from "../../e2e/program.ts";
import { type Fault, type FaultDevnet, unless, type Verdict } from "./fault.ts";

const SHIPPED_BASE = join(packageRoot(), "node", "ai", "base-model", "model");

type Check = (devnet: FaultDevnet, fault: Fault) => Promise<Verdict>;

const CHECKS: Readonly<Record<string, Check>> = {
  "address-checksum": async (devnet, fault) => {
    const found = refusal(await command(devnet, words(fault.do?.[0])));
    return unless(found.status !== 0 && found.code === "ADDRESS_INVALID", found);
  },
  "rpc-by-websocket-url": async (devnet, fault) => {
    const args = words(fault.do?.[0]).map((word) =>
      word.replace(/^ws:.*/, devnet.first.replace("http", "ws")),
    );
    const finished = await command(devnet, args);
    return unless(finished.status === 0 || refusal(finished).code === "URL_INVALID", finished);
  },
  "own-contribution-review": ownReview,
  "stale-index": async () => {
    const files = await readModelFolder(SHIPPED_BASE);
    const map = { "model.norm.weight": "model-00001-of-00002.safetensors" };
    const index = new TextEncoder().encode(JSON.stringify({ weight_map: map }));
    return sameWeights(files, new Map([...files, ["model.safetensors.index.json", index]]));
  },
  "weights-without-prefix": async () => {
    const files = await readModelFolder(SHIPPED_BASE);
    const { tensors } = readSafetensors(requireFile(files, "model.safetensors"));
    const bare = [...tensors].map(([name, tensor]) => ({
      name: name.replace(/^model\./, ""),
      shape: [...tensor.shape],
      data: tensorToF32(tensor, name),
    }));
    return sameWeights(files, new Map([...files, ["model.safetensors", writeSafetensors(bare)]]));
  },
};

/** Runs a `cli` or `files` file. */
export function checkCli(name: string, fault: Fault, devnet: FaultDevnet): Promise<Verdict> {
  const check = CHECKS[name];
  if (check === undefined) throw new Error(`no check is written for ${name}`);
  return check(devnet, fault);
}

const words = (line = "") => line.split(" ");

function command(devnet: FaultDevnet, args: readonly string[]) {
  return openledger([...args, "--data-dir", devnet.dataDir], { cwd: devnet.folder });
}

/** The same adapter comes of the same weights; training it here would show no more. */
function sameWeights(one: ModelFiles, other: ModelFiles): Verdict {
  const values = (files: ModelFiles) => {
    const { config, native } = loadNativeModel(files);
    return [...expectedTensors(config).keys()].map((name) => native.tensor(name));
  };
  return unless(isDeepStrictEqual(values(one), values(other)), "other weights");
}

async function ownReview(devnet: FaultDevnet): Promise<Verdict> {
  const json = async (...args: string[]) => {
    const finished = await command(devnet, [...args, "--json"]);
    if (finished.status !== 0) throw new Error(`${args.join(" ")}: ${finished.stderr}`);
    return JSON.parse(finished.stdout) as Record<string, string> & Record<string, string>[];
  };
  await json("account", "new", "ann");
  await json("account", "transfer", "ann", "10", "--key", "stan");
  const { datanet } = await json("datanet", "create", "x", "--reviewer", "ann", "--key", "ann");
  writeFileSync(join(devnet.folder, "a.md"), "The Orl bell is cracked.\n");
  const [contributed] = await json("datanet", "contribute", String(datanet), "a.md", "--key", "ann");
  const id = String(contributed?.contributionId);
  const finished = await command(devnet, ["datanet", "review", id, "--key", "ann"]);
  return unless(finished.status !== 0 && /\bown\b/.test(finished.stderr), finished);
}
