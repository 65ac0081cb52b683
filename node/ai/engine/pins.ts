import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../../base/files.ts";
import { aiError } from "../errors.ts";

const schema = z.strictObject({ models: z.array(z.string().regex(/^\d{1,18}$/)).max(10_000) });

const fileOf = (folder: string) => join(folder, "pinned.json");

/**
 * Ids of the models whose adapters stay in memory, from a worker's folder; none where nothing was pinned.
 * @throws CodedError `PINS_INVALID`.
 */
export function readPins(folder: string): bigint[] {
  let text: string;
  try {
    text = readFileSync(fileOf(folder), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text)).models.map(BigInt);
  } catch (cause) {
    throw aiError("PINS_INVALID", {
      message: `${fileOf(folder)} is no list of pinned models`,
      fix: "delete it, and pin the models again",
      cause,
    });
  }
}

/** Pins or unpins one; the worker sees it within seconds. Gives all that are pinned now. */
export function changePin(folder: string, modelId: bigint, isPinned: boolean): bigint[] {
  const others = readPins(folder).filter((id) => id !== modelId);
  const models = isPinned ? [...others, modelId] : others;
  replaceFile(fileOf(folder), `${JSON.stringify({ models: models.map(String) })}\n`);
  return models;
}
