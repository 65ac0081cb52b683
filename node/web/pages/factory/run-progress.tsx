import type { Job, JobEvent, JobStage } from "../../../ai/factory/job.ts";
import { useNow } from "../../ui/exact.tsx";
import { formatCount, formatDuration } from "../../ui/format.ts";
import { Card } from "../../ui/layout.tsx";

const STAGES: readonly (readonly [stage: JobStage, name: string, unit: string])[] = [
  ["read", "Read the rows", "documents"],
  ["load", "Load the base model", ""],
  ["train", "Fine-tune", "steps"],
  ["fit", "Fit the attribution's basis", "rows"],
  ["sketch", "Sketch every row", "rows"],
  ["store", "Store it by its hash", ""],
  ["evaluate", "Measure it", "rows"],
];

/** Stages that each start has before its first step. */
const BEFORE_STEPS: ReadonlySet<JobStage> = new Set(["read", "load"]);

/** How far one stage is. */
export interface StageState {
  state: "waiting" | "running" | "done";
  done: number;
  total: number;
}

/** How far each stage of the run's newest start is, by its events. */
export function stagesOf(events: readonly JobEvent[], state: Job["state"]): Map<JobStage, StageState> {
  const stages = new Map<JobStage, StageState>();
  let current = -1;
  for (const event of events) {
    if (event.kind === "log") continue;
    const [stage, done, total] =
      event.kind === "step"
        ? (["train", event.step, event.steps] as const)
        : ([event.stage, event.done, event.total] as const);
    const at = STAGES.findIndex(([name]) => name === stage);
    // It began again.
    if (at < current) stages.clear();
    current = at;
    stages.set(stage, { state: "running", done, total });
  }
  return new Map(
    STAGES.map(([stage], at): [JobStage, StageState] => {
      const known = stages.get(stage) ?? { done: 0, total: 0 };
      if (state === "done" || at < current) return [stage, { ...known, state: "done" }];
      return [stage, { ...known, state: at === current && state === "running" ? "running" : "waiting" }];
    }),
  );
}

/** Seconds until the fine-tuning ends, by the pace of its steps so far; undefined where that can't be told. */
export function secondsLeft(events: readonly JobEvent[]): number | undefined {
  const steps = newestSteps(events);
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined || last.step === first.step) return undefined;
  return (((last.at - first.at) / (last.step - first.step)) * (last.steps - last.step)) / 1000;
}

/** A step that was told, and in which of the run's starts (from 0). */
export type StepOfRun = Extract<JobEvent, { kind: "step" }> & { start: number };

/** Every step that was told, of all starts in their order. A start reads the rows first, which tells it from the one before. */
function stepsOfStarts(events: readonly JobEvent[]): StepOfRun[] {
  const steps: StepOfRun[] = [];
  let start = 0;
  for (const event of events) {
    const last = steps.at(-1);
    if (event.kind === "step") {
      if (last?.start === start && event.step <= last.step) start++;
      steps.push({ ...event, start });
    } else if (event.kind === "stage" && BEFORE_STEPS.has(event.stage) && last?.start === start) start++;
  }
  return steps;
}

/** Step events of the run's newest start that told any. */
export function newestSteps(events: readonly JobEvent[]): StepOfRun[] {
  const steps = stepsOfStarts(events);
  return steps.filter(({ start }) => start === steps.at(-1)!.start);
}

/**
 * The run's steps, each once and in order, whatever broke it off: a later start goes on from a kept state, and what was told of the
 * steps that it does again gives way to it. Starts of one run compute the same, so what stays of the earlier ones is the run's own.
 */
export function wholeRun(events: readonly JobEvent[]): StepOfRun[] {
  const run: StepOfRun[] = [];
  for (const step of stepsOfStarts(events)) {
    while (run.length > 0 && run.at(-1)!.step >= step.step) run.pop();
    run.push(step);
  }
  return run;
}

/** The stages, with what each has done. */
export function RunProgress({ job, events }: { job: Job; events: readonly JobEvent[] }) {
  const now = useNow();
  const stages = stagesOf(events, job.state);
  const left = secondsLeft(events);
  const isTraining = stages.get("train")?.state === "running";
  return (
    <Card>
      <ol className="space-y-2 text-sm">
        {STAGES.map(([stage, name, unit]) => {
          const { state, done, total } = stages.get(stage)!;
          return (
            <li key={stage} className="flex flex-wrap items-center gap-x-3">
              <span aria-hidden className={MARKS[state].colour}>
                {MARKS[state].sign}
              </span>
              <span className={state === "waiting" ? "text-soft" : "font-medium"}>{name}</span>
              <span className="sr-only">{MARKS[state].word}</span>
              {state === "running" && total > 0 ? (
                <>
                  <progress
                    aria-label={name}
                    max={total}
                    value={done}
                    className="h-2 min-w-24 flex-1 accent-accent"
                  />
                  <span className="tabular-nums text-soft">
                    {unit === "" ? "" : `${formatCount(done)} of ${formatCount(total)} ${unit}`}
                  </span>
                </>
              ) : null}
            </li>
          );
        })}
      </ol>
      <p className="mt-3 min-h-5 text-sm text-soft">
        {timeLine(job, now)}
        {isTraining && left !== undefined ? ` About ${formatDuration(left)} of fine-tuning are left.` : ""}
      </p>
    </Card>
  );
}

const MARKS = {
  waiting: { sign: "○", colour: "text-soft", word: "not begun" },
  running: { sign: "●", colour: "text-accent", word: "under way" },
  done: { sign: "✓", colour: "text-good", word: "done" },
} as const;

function timeLine({ state, startedAt, endedAt }: Job, now: number): string {
  if (state === "waiting") return "Waits until runs before it are through.";
  if (startedAt === null) return "";
  const end = endedAt === null ? now : endedAt / 1000;
  return `${endedAt === null ? "Runs for" : "Took"} ${formatDuration(end - startedAt / 1000)}.`;
}
