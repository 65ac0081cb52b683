import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { BaseModel } from "../../../ai/factory/bases.ts";
import type { Job } from "../../../ai/factory/job.ts";
import type { JobOrder } from "../../../ai/factory/order.ts";
import type { Preview } from "../../../ai/factory/preview.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { boundsQuery, createJob, jobsQuery, previewQuery } from "../../chain/factory.ts";
import { Button } from "../../ui/button.tsx";
import { Amount } from "../../ui/exact.tsx";
import { formatBytes, formatCount, formatDuration } from "../../ui/format.ts";
import { Card, Facts, Section } from "../../ui/layout.tsx";
import { Loaded, Problem } from "../../ui/states.tsx";
import { EMPTY, missing, orderOf, type StepProps } from "./draft.ts";
import { areGood } from "./settings-step.tsx";

/** Step 4: what it takes, and the start. */
export function StartStep(props: StepProps) {
  const { session, draft, bases } = props;
  const base = bases.find(({ id }) => id === draft.base);
  if (base === undefined || missing(draft, 1) !== undefined)
    return <Problem error={new Error(missing(draft, 2) ?? "This node has that base model no more.")} />;
  return <Estimate {...props} base={base} order={orderOf(draft, base)} session={session} />;
}

function Estimate({ session, draft, change, base, order }: StepProps & { base: BaseModel; order: JobOrder }) {
  const navigate = useNavigate();
  const isGood = areGood(order.settings);
  const preview = useQuery({ ...previewQuery(session, order), enabled: isGood });
  const jobs = useQuery(jobsQuery(session)).data;
  const starting = useMutation({
    mutationFn: () => createJob(session, order),
    onSuccess: ({ jobId }) => {
      change(EMPTY);
      void navigate({ to: "/factory/$job", params: { job: jobId } });
    },
  });
  const reason = whyNotStart(missing(draft, 2), isGood, preview, starting.isPending);
  return (
    <Section title="What it takes">
      <Card>
        <Loaded
          query={
            isGood ? preview : { ...preview, error: new Error("A setting is out of its bounds: see step 3.") }
          }
          what="the estimate"
          lines={7}
        >
          {(found) => <Costs preview={found} order={order} base={base} jobs={jobs ?? []} />}
        </Loaded>
        <div className="mt-4 flex flex-wrap items-center gap-3">
          <Button kind="main" disabled={reason !== undefined} onClick={() => starting.mutate()}>
            {starting.isPending ? "Starting…" : "Start training"}
          </Button>
          {reason === undefined ? null : <span className="text-sm text-soft">{reason}</span>}
        </div>
      </Card>
      {starting.error === null ? null : (
        <div className="mt-3">
          <Problem error={starting.error} />
        </div>
      )}
    </Section>
  );
}

/** The one place that decides whether a run can begin. */
export function whyNotStart(
  lack: string | undefined,
  isGood: boolean,
  preview: { data: unknown; error: unknown },
  isStarting: boolean,
): string | undefined {
  if (lack !== undefined) return lack;
  if (!isGood) return "A setting is out of its bounds.";
  if (preview.error !== null && preview.data === undefined)
    return "The data or the machine does not allow it: see above.";
  if (preview.data === undefined) return "Reading the rows.";
  return isStarting ? "It is being written down." : undefined;
}

function Costs({
  preview,
  order,
  base,
  jobs,
}: {
  preview: Preview;
  order: JobOrder;
  base: BaseModel;
  jobs: readonly Job[];
}) {
  const bounds = useQuery(boundsQuery(useProtocol())).data;
  const speed = speedOf(jobs, base.id);
  return (
    <Facts
      facts={[
        ["Model", `${order.name || "unnamed"}, on ${base.id}`],
        [
          "Rows",
          `${formatCount(preview.examples)} train, ${formatCount(preview.repeats + preview.skipped)} do not`,
        ],
        ["Steps", `${formatCount(preview.steps)}, about ${formatCount(preview.tokens)} tokens`],
        [
          "Memory",
          `${formatBytes(preview.memoryBytes)} at most: ${preview.memory
            .filter(({ bytes }) => bytes > 0)
            .map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`)
            .join(", ")}`,
        ],
        [
          "Time",
          speed === undefined
            ? "known after the first steps: no run of yours on this base model has been measured here"
            : `about ${formatDuration(preview.tokens / speed)}, as your last run on this base model went`,
        ],
        [
          "Fee",
          bounds === undefined ? (
            "…"
          ) : (
            <span key="fee">
              none for training; publishing it binds <Amount wei={bounds.registrationBond} />, which come back
              when its window has passed
            </span>
          ),
        ],
      ]}
    />
  );
}

/** Tokens a second of the newest finished run on that base model, all its stages together. */
export function speedOf(jobs: readonly Job[], base: string): number | undefined {
  const last = jobs.find(({ order, result }) => order.base === base && result !== null);
  if (last?.result == null || last.startedAt === null || last.endedAt === null) return undefined;
  const seconds = (last.endedAt - last.startedAt) / 1000;
  return seconds > 0 ? last.result.tokens / seconds : undefined;
}
