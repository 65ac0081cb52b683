import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { Job } from "../../../ai/factory/job.ts";
import { stepJob } from "../../chain/factory.ts";
import { useJobFeed } from "../../chain/job-feed.ts";
import type { Session } from "../../chain/session.ts";
import { Button } from "../../ui/button.tsx";
import { Time } from "../../ui/exact.tsx";
import { Badge, Card, Facts, Page, Section } from "../../ui/layout.tsx";
import { Empty, Problem, Waiting } from "../../ui/states.tsx";
import { SignInGate } from "../sign-in-gate.tsx";
import { Compare } from "./compare.tsx";
import { JobBadge } from "./job-badge.tsx";
import { Publish } from "./publish.tsx";
import { RunCharts } from "./run-charts.tsx";
import { CopyAsCli, EvaluationTable, RunLog } from "./run-parts.tsx";
import { RunProgress } from "./run-progress.tsx";

/** One run, from its record on the node alone. */
export function RunPage() {
  const { job } = useParams({ from: "/protocol/factory/$job" });
  if (!/^[0-9a-f]{16}$/.test(job))
    return (
      <Page title="Run">
        <Empty title="A run has an id of 16 hexadecimal digits.">Yours are on the page Model Factory.</Empty>
      </Page>
    );
  return <SignedRun jobId={job} />;
}

function SignedRun({ jobId }: { jobId: string }) {
  return (
    <SignInGate>
      {(session) => <KnownRun key={`${session.address} ${jobId}`} session={session} jobId={jobId} />}
    </SignInGate>
  );
}

function KnownRun({ session, jobId }: { session: Session; jobId: string }) {
  const feed = useJobFeed(session, jobId);
  const { job, events, error } = feed;
  if (job === undefined)
    return (
      <Page title="Run">
        {error === undefined ? <Waiting what="the run" lines={12} /> : <Problem error={error} />}
      </Page>
    );
  return (
    <Page
      title={job.order.name}
      lead={`A run of ${job.order.settings.epochs} epochs on ${job.order.base}`}
      actions={
        <span className="flex flex-wrap items-center gap-2">
          {error === undefined ? null : <Badge tone="warn">the node does not answer: this may be old</Badge>}
          <JobBadge state={job.state} />
          <Actions session={session} job={job} />
        </span>
      }
    >
      {job.failure === null ? null : <Failure job={job} />}
      <RunProgress job={job} events={events} />
      <RunCharts job={job} events={events} />
      {job.result === null ? null : (
        <>
          <EvaluationTable evaluation={job.result.evaluation} />
          <Compare session={session} job={job} />
          <Publish job={job} result={job.result} />
        </>
      )}
      <Section title="What runs">
        <Card>
          <Order job={job} />
          <CopyAsCli job={job} />
        </Card>
      </Section>
      <RunLog events={events} />
    </Page>
  );
}

function Failure({ job: { failure } }: { job: Job }) {
  return (
    <div role="alert" className="rounded-lg border border-bad/50 bg-surface p-5 text-sm">
      <p className="font-medium text-bad">{failure?.message}</p>
      {failure?.fix === undefined ? null : <p className="mt-1">{failure.fix}</p>}
      <code className="mt-2 block font-mono text-xs text-soft">{failure?.code}</code>
    </div>
  );
}

function Actions({ session, job: { jobId, state } }: { session: Session; job: Job }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const stepping = useMutation({
    mutationFn: (step: "cancel" | "resume" | "delete") => stepJob(session, jobId, step),
    onSuccess: (_, step) => {
      void queries.invalidateQueries({ queryKey: ["jobs"] });
      if (step === "delete") void navigate({ to: "/factory" });
    },
  });
  const button = (step: "cancel" | "resume" | "delete", text: string) => (
    <Button disabled={stepping.isPending} onClick={() => stepping.mutate(step)}>
      {text}
    </Button>
  );
  return (
    <>
      {state === "waiting" || state === "running" ? button("cancel", "Cancel") : null}
      {state === "cancelled" || state === "failed" ? button("resume", "Resume") : null}
      {state === "running" || state === "waiting" ? null : button("delete", "Delete")}
      {stepping.error === null ? null : <span className="text-sm text-bad">{stepping.error.message}</span>}
    </>
  );
}

function Order({ job: { order, createdAt, starts } }: { job: Job }) {
  const { settings } = order;
  return (
    <Facts
      facts={[
        ["Snapshots", order.snapshots.map(({ datanetId, number }) => `${datanetId}:${number}`).join(", ")],
        ["Base model", order.base],
        [
          "Settings",
          `${settings.epochs} epochs, rank ${settings.rank}, learning rate ${settings.learningRate}, ${settings.batch} rows a step, warm-up ${settings.warmupSteps}, weight decay ${settings.weightDecay}, clipped at ${settings.clipNorm}, seed ${settings.seed}`,
        ],
        ["Held out", order.heldOut.length === 0 ? "no rows" : `${order.heldOut.length} rows`],
        ["Asked for", <Time key="at" seconds={Math.floor(createdAt / 1000)} />],
        ["Begun", starts === 1 ? "once" : `${starts} times`],
      ]}
    />
  );
}
