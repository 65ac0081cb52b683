import type { EpochState } from "../../../ai/client/epochs.ts";
import { useLive } from "../../chain/live-provider.tsx";
import { Badge, type Tone } from "../../ui/layout.tsx";

const STATUS: Record<EpochState["status"], readonly [tone: Tone, text: string]> = {
  none: ["plain", "unknown"],
  closed: ["accent", "closed, open to challenge"],
  settled: ["good", "settled"],
  refuted: ["bad", "refuted"],
  returned: ["bad", "refuted, fees are back"],
};

/** What was drawn of it for verifiers is run again. */
const OVER = ["warn", "closed, waits for its audits"] as const;

/** Where an epoch stands. */
export function EpochBadge({ state: { status, deadline } }: { state: EpochState }) {
  const { head } = useLive();
  const isOver = head !== undefined && head.timestamp > Number(deadline);
  const [tone, text] = status === "closed" && isOver ? OVER : STATUS[status];
  return <Badge tone={tone}>{text}</Badge>;
}
