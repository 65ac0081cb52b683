import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { loadAdapter } from "../../node/ai/model/adapter.ts";
import { parseModelConfig } from "../../node/ai/model/config.ts";
import { readModelFolder, requireJson } from "../../node/ai/model/files.ts";
import { loadNativeModel } from "../../node/ai/model/load.ts";
import { loadTokenizer } from "../../node/ai/model/tokenizer.ts";
import { isCodedError } from "../../node/base/errors.ts";
import { type GroupResult, GroupRun } from "./group.ts";

const PARTS = ["model", "tokenizer", "adapter"] as const;
type Part = (typeof PARTS)[number];

const casesSchema = z.object({
  ok: z.string(),
  cases: z.array(
    z.object({
      folder: z.string(),
      load: z.string(),
      codes: z.array(z.string()),
      mentions: z.array(z.string()),
    }),
  ),
});

/** A refusal has to come before anything of the claimed size is read or allocated. */
const LIMIT_MS = 1000;

/** Folders with one defect each: what is named must be refused with a code, a cause and a fix, the rest must load. */
export async function runHostileModels(folder: string): Promise<GroupResult> {
  const run = new GroupRun("hostile-models");
  const { ok, cases } = casesSchema.parse(JSON.parse(await readFile(join(folder, "cases.json"), "utf8")));
  for (const part of PARTS)
    await run.case(`${ok} ${part}`, async () => void (await load(join(folder, ok), part)));
  for (const { folder: name, load: refused, codes, mentions } of cases) {
    for (const part of PARTS) {
      const wanted = refused.split(/[ ,]+/).includes(part);
      await run.case(`${name} ${part}`, async () => {
        const started = performance.now();
        const error = await load(join(folder, name), part).then(
          () => undefined,
          (thrown: unknown) => thrown ?? "nothing",
        );
        const ms = performance.now() - started;
        if (!wanted) return error === undefined ? undefined : `not sound: ${String(error)}`;
        if (error === undefined) return "was not refused";
        if (!isCodedError(error)) return `refused without a code: ${String(error)}`;
        if (!codes.includes(error.code)) return `code ${error.code} in place of ${codes.join(" or ")}`;
        const missing = mentions.find((word) => !error.message.includes(word));
        if (missing !== undefined) return `the message does not mention ${missing}: ${error.message}`;
        if (error.fix === undefined) return "the refusal has no fix";
        return ms < LIMIT_MS ? undefined : `refused after ${ms.toFixed(0)} ms`;
      });
    }
  }
  return run.result;
}

async function load(folder: string, part: Part): Promise<void> {
  const files = await readModelFolder(folder);
  if (part === "model") loadNativeModel(files);
  else if (part === "tokenizer") loadTokenizer(files);
  else {
    const config = parseModelConfig(requireJson(files, "config.json"));
    loadAdapter(await readModelFolder(join(folder, "adapter")), config);
  }
}
