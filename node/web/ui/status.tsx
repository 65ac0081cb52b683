import type { MarketRequest } from "../../ai/client/market.ts";
import type { RegisteredModel } from "../../ai/client/models.ts";
import { useNow } from "./exact.tsx";
import { Badge, type Tone } from "./layout.tsx";

const REQUEST: Record<MarketRequest["status"], readonly [tone: Tone, text: string]> = {
  none: ["plain", "unknown"],
  requested: ["warn", "waits for its host"],
  claimed: ["accent", "claimed, open to challenge"],
  settled: ["good", "settled"],
  refuted: ["bad", "refuted"],
  cancelled: ["plain", "cancelled"],
};

/** Where a request's claim stands. */
export function StatusBadge({ status }: { status: MarketRequest["status"] }) {
  const [tone, text] = REQUEST[status];
  return <Badge tone={tone}>{text}</Badge>;
}

/** Why a model takes no requests now; undefined where it does. */
export function notServing({ status, open, pendingUntil }: RegisteredModel, now: number): string | undefined {
  if (status === "failed") return "its registration was refuted";
  if (now < Number(pendingUntil)) return "its registration can still be challenged";
  return open ? undefined : "its owner closed it";
}

export function ModelBadge({ model }: { model: RegisteredModel }) {
  const reason = notServing(model, useNow());
  if (reason === undefined) return <Badge tone="good">serves</Badge>;
  return <Badge tone={model.status === "failed" ? "bad" : "warn"}>{reason}</Badge>;
}
