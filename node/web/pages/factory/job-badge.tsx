import type { Job } from "../../../ai/factory/job.ts";
import { Badge, type Tone } from "../../ui/layout.tsx";

const STATES: Record<Job["state"], readonly [tone: Tone, text: string]> = {
  waiting: ["warn", "waits for its turn"],
  running: ["accent", "runs"],
  done: ["good", "done"],
  failed: ["bad", "failed"],
  cancelled: ["plain", "cancelled"],
};

/** Where a job stands. */
export function JobBadge({ state }: { state: Job["state"] }) {
  const [tone, text] = STATES[state];
  return <Badge tone={tone}>{text}</Badge>;
}
