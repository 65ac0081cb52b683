import { MAX_UPLOAD_BYTES } from "../content/upload-order.ts";
import { aiError } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import { adapterParameters, factoredBasisSize } from "../model/estimate.ts";
import type { ModelFiles } from "../model/files.ts";
import { type Method, sketchDimension } from "./method.ts";

/** Headers and exponents of the largest contents. */
const HEAD = 64 * 1024;

/**
 * Refuses a model of which a part would be larger than a content that nodes take, before any work is done for it.
 * @param rows rows that the attribution basis is fitted for.
 * @throws CodedError `CONTENT_TOO_LARGE` naming the part.
 */
export function requireStorable(files: ModelFiles, config: ModelConfig, rows: number, method: Method): void {
  const parameters = adapterParameters(config, method.lora);
  for (const [name, bytes] of files) {
    requireSize(name, bytes.length, "use the model in shards, or in a quantised form");
  }
  const less = "set a smaller rank, or fewer of the linears as targets, in the method";
  requireSize("the adapter", 4 * parameters + HEAD, less);
  const { attribution } = method;
  const dimension = sketchDimension(rows, attribution);
  if (attribution.kind === "ekfac-factored") {
    const { mantissas, exponents } = factoredBasisSize(config, method.lora, dimension);
    const fewer = "set a smaller dimension, or a smaller rank, in the method";
    requireSize(`the attribution basis (${dimension} directions)`, 2 * mantissas + exponents + HEAD, fewer);
    return;
  }
  requireSize(`the attribution basis (${dimension} directions)`, 2 * dimension * parameters + HEAD, less);
}

function requireSize(name: string, bytes: number, fix: string): void {
  const limit = MAX_UPLOAD_BYTES;
  if (bytes <= limit) return;
  throw aiError("CONTENT_TOO_LARGE", {
    message: `${name} has ${bytes} bytes; nodes take contents of at most ${limit}`,
    fix,
    facts: { name, bytes, limit },
  });
}
