import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { initialWeights, modelTensors } from "../../native/js/index.ts";
import { parseModelConfig } from "../../node/ai/model/config.ts";
import { nativeConfig } from "../../node/ai/model/load.ts";
import { writeSafetensors } from "../../node/ai/model/safetensors.ts";
import { packageRoot } from "../../node/base/paths.ts";

const PROBE = join(packageRoot(), "dist/node/ai/testing/memory-probe.js");
/** WebAssembly without it reserves ten gigabytes of address space for each instance. */
const NO_GUARDS = "--disable-wasm-trap-handler";
const MIB = 2 ** 20;
/** MiB of address space in which a process starts, and has no room for anything large. */
const TIGHT = 1250;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "memory-"));
  const json = {
    model_type: "llama",
    vocab_size: 2048,
    hidden_size: 256,
    intermediate_size: 512,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    max_position_embeddings: 256,
    tie_word_embeddings: true,
    eos_token_id: 0,
  };
  const config = nativeConfig(parseModelConfig(json));
  const weights = initialWeights(config, 1n);
  const tensors = modelTensors(config).map(({ name, shape }) => ({ name, shape, data: weights[name]! }));
  writeFileSync(join(folder, "config.json"), JSON.stringify(json));
  writeFileSync(join(folder, "model.safetensors"), writeSafetensors(tensors));
  const tokenizer = join(packageRoot(), "node/ai/base-model/model/tokenizer.json");
  writeFileSync(join(folder, "tokenizer.json"), readFileSync(tokenizer));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ending {
  end: string;
  facts: { needed?: number; available?: number; parts?: Record<string, number> };
}

/** Runs a job in an address space of so many MiB. */
function run(job: "load" | "build", mebibytes: number): Ending {
  const limit = `ulimit -v ${mebibytes * 1024}; `;
  const found = spawnSync(
    "/bin/sh",
    ["-c", `${limit}exec "$0" "$@"`, process.execPath, NO_GUARDS, PROBE, job, folder],
    {
      encoding: "utf8",
      // Each arena of glibc's would reserve 64 MiB of the address space.
      env: { PATH: process.env.PATH, MALLOC_ARENA_MAX: "2" },
    },
  );
  expect({ signal: found.signal, stderr: found.stderr }).toEqual({ signal: null, stderr: "" });
  return JSON.parse(found.stdout) as Ending;
}

describe("a process with too little memory", { timeout: 300_000 }, () => {
  test("refuses to make a model before it begins, with the parts, and makes it where it said it would", () => {
    const { end, facts } = run("build", TIGHT);
    expect(end).toBe("MEMORY_TOO_SMALL");
    expect(Object.keys(facts.parts!)).toEqual(
      expect.arrayContaining(["weights", "adapter", "activations", "gradients", "factors", "basis"]),
    );
    // With just what is missing on top it goes through: the estimate is no less than the need.
    const missing = Math.ceil((facts.needed! - facts.available!) / MIB);
    expect(run("build", TIGHT + missing + 16).end).toBe("done");
  });

  test("loads nothing for which there is no room", () => {
    expect(run("load", TIGHT).end).toBe("done");
    const { facts } = run("build", TIGHT);
    // What the smaller job does not take for itself before it is judged comes on top.
    const less = TIGHT - Math.floor(facts.available! / MIB) - 64;
    expect(run("load", less).end).toBe("MEMORY_TOO_SMALL");
  });
});

describe("a base model's load", { timeout: 300_000 }, () => {
  let large: string;
  /** 100 MiB of zeros, mostly of no block on the disk. */
  beforeAll(() => {
    large = mkdtempSync(join(tmpdir(), "resident-"));
    const json = {
      model_type: "llama",
      vocab_size: 16_384,
      hidden_size: 1024,
      intermediate_size: 2048,
      num_hidden_layers: 3,
      num_attention_heads: 8,
      max_position_embeddings: 256,
      tie_word_embeddings: true,
      eos_token_id: 0,
    };
    let offset = 0;
    const header: Record<string, object> = {};
    for (const { name, shape, count } of modelTensors(nativeConfig(parseModelConfig(json)))) {
      header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + 4 * count] };
      offset += 4 * count;
    }
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const weights = join(large, "model.safetensors");
    writeFileSync(weights, Buffer.concat([length, text]));
    truncateSync(weights, 8 + text.length + offset);
    writeFileSync(join(large, "config.json"), JSON.stringify(json));
    const tokenizer = join(packageRoot(), "node/ai/base-model/model/tokenizer.json");
    writeFileSync(join(large, "tokenizer.json"), readFileSync(tokenizer));
    mkdirSync(join(large, "contents"));
    for (const name of ["config.json", "model.safetensors"]) {
      const hash = createHash("sha256")
        .update(readFileSync(join(large, name)))
        .digest("hex");
      linkSync(join(large, name), join(large, "contents", hash));
    }
  });
  afterAll(() => rmSync(large, { recursive: true }));

  test.each(["disk", "training", "serving"])(
    "takes its weights' size and a fifth more at most: %s",
    (way) => {
      const probe = join(packageRoot(), "dist/node/ai/testing/resident-probe.js");
      const { status, stdout, stderr } = spawnSync(process.execPath, [probe, way, large], {
        encoding: "utf8",
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const { before, peak, weights } = JSON.parse(stdout) as {
        before: number;
        peak: number;
        weights: number;
      };
      expect(weights).toBeGreaterThan(100 * MIB);
      expect((peak - before) / weights).toBeLessThan(1.2);
      expect((peak - before) / weights).toBeGreaterThan(0.9);
    },
  );
});
