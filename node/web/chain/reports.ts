import { queryOptions } from "@tanstack/react-query";
import type { AttributionReport } from "../../ai/evaluation/report.ts";
import { askApi } from "../site/site.ts";

/** What somebody measured of a model's attribution on the node's machine; null where nobody did. */
export const reportQuery = (manifestHash: string) =>
  queryOptions({
    queryKey: ["attribution", manifestHash],
    queryFn: () => askApi<AttributionReport | null>(`/api/attribution/${manifestHash}`),
  });
