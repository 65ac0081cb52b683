import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeGguf } from "../testing/gguf-writer.ts";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import type { ModelFiles } from "./files.ts";
import { inspectModel } from "./inspect.ts";

const folder = mkdtempSync(join(tmpdir(), "openledger-inspect-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function onDisk(files: ModelFiles): string {
  const path = mkdtempSync(join(folder, "model-"));
  for (const [name, bytes] of files) writeFileSync(join(path, name), bytes);
  return path;
}

const text = (value: string) => new TextEncoder().encode(value);

describe("what a model's files say", () => {
  test("a folder in Hugging Face form, with the licence of its README", async () => {
    const template = "{{ messages[0].content }}";
    const files = new Map(tinyModelFiles());
    files.set("README.md", text("---\nlanguage: en\nlicense: apache-2.0\n---\nlicense: mit\n"));
    files.set("tokenizer_config.json", text(JSON.stringify({ chat_template: template })));
    const facts = await inspectModel(onDisk(files));
    expect(facts).toMatchObject({
      form: "safetensors",
      config: { family: "llama", layers: 2, contextLength: 96 },
      tokenizer: { kind: "BPE", tokens: 2048 },
      endTokens: ["<|endoftext|>"],
      chatTemplate: template.length,
      licence: "apache-2.0",
    });
    // Embeddings, two layers of seven linears and two norms, the last norm.
    expect(facts.parameters).toBe(2048 * 64 + 2 * (4 * 64 * 64 + 3 * 64 * 128 + 2 * 64) + 64);
    expect(facts.weights).toEqual(new Map([["F32", facts.parameters * 4]]));
  });

  test.each([
    ["a name of its own", "---\nlicense: other\nlicense_name: llama3.2\n---\n", "llama3.2"],
    ["no head", "# a model\nlicense: mit\n", undefined],
    ["a head of megabytes", `---\n${"x: y\n".repeat(300_000)}license: mit\n---\n`, undefined],
  ])("a README with %s", async (_, readme, licence) => {
    const files = new Map([...tinyModelFiles(), ["README.md", text(readme)] as const]);
    expect((await inspectModel(onDisk(files))).licence).toBe(licence);
  });

  test("a folder that lacks a weight, and an adapter, are no models", async () => {
    const config = JSON.parse(new TextDecoder().decode(tinyModelFiles().get("config.json"))) as object;
    const larger = new Map([
      ...tinyModelFiles(),
      ["config.json", text(JSON.stringify({ ...config, num_hidden_layers: 3 }))] as const,
    ]);
    await expect(inspectModel(onDisk(larger))).rejects.toMatchObject({ code: "WEIGHT_MISSING" });
    const adapter = onDisk(new Map([["adapter_config.json", text("{}")]]));
    await expect(inspectModel(adapter)).rejects.toMatchObject({
      code: "MODEL_FILE_MISSING",
      message: expect.stringContaining("adapter"),
    });
  });

  test("a .gguf file of an architecture that is not computed is refused by name", async () => {
    const path = join(folder, "other.gguf");
    writeFileSync(path, writeGguf({ "general.architecture": "gemma3" }, []));
    await expect(inspectModel(path)).rejects.toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringContaining("gemma3"),
    });
  });
});
