import { z } from "zod";
import { readReport } from "../ai/evaluation/report-file.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { apiError } from "./errors.ts";
import { type ApiRoute, apiRoute } from "./routes.ts";

/**
 * `GET /api/attribution/{manifest}`: what `openledger attribution evaluate` found of a model; null where nobody measured it here.
 * @param folder of the reports.
 */
export function reportRoute(folder: string): ApiRoute {
  return apiRoute({
    method: "GET",
    path: "/api/attribution/{manifest}",
    summary:
      "How good attribution is on the model of that manifest, as it was measured on this machine; null if it was not.",
    body: z.unknown(),
    async run(_body, { params }) {
      const { manifest = "" } = params;
      if (!/^0x[0-9a-f]{64}$/.test(manifest))
        throw apiError("API_NOT_FOUND", {
          message: "That is no hash of a manifest.",
          fix: "Give 0x and 64 lower-case hexadecimal digits, as the model's registration has them.",
        });
      return readReport(folder, manifest as Hash) ?? null;
    },
  });
}
