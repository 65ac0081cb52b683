import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hash } from "../../chain/types/primitives.ts";
import { type AttributionReport, reportSchema } from "./report.ts";

/** Where the report of a model lies in a folder of them: by its manifest, so that it is of this very model. */
export function reportFile(folder: string, manifestHash: Hash): string {
  return join(folder, `${manifestHash.slice(2)}.json`);
}

/** The report that an evaluation of the model left there; undefined where none did, or it is none. */
export function readReport(folder: string, manifestHash: Hash): AttributionReport | undefined {
  const file = reportFile(folder, manifestHash);
  if (!existsSync(file)) return undefined;
  try {
    const parsed = reportSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return parsed.success && parsed.data.manifestHash === manifestHash ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
