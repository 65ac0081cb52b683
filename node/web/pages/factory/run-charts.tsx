import type { Job, JobEvent } from "../../../ai/factory/job.ts";
import { Chart } from "../../ui/chart.tsx";
import { Card, Section } from "../../ui/layout.tsx";
import { type StepOfRun, wholeRun } from "./run-progress.tsx";

const number = (value: number) => (value === 0 ? "0" : Number(value.toPrecision(4)).toString());
const step = (at: number) => `step ${at}`;

/** Tokens a second between each two steps that were told; null where the run stood still between them, or no time passed. */
export function speeds(steps: readonly StepOfRun[]): (number | null)[] {
  return steps.map(({ at, tokens, start }, i) => {
    const before = steps[i - 1];
    return before === undefined || before.start !== start || at <= before.at
      ? null
      : ((tokens - before.tokens) * 1000) / (at - before.at);
  });
}

/** The whole run: loss, learning rate, gradient norm, tokens a second. Every step is in it, from the first to the last. */
export function RunCharts({ job, events }: { job: Job; events: readonly JobEvent[] }) {
  const steps = wholeRun(events);
  const curve = job.result?.curve;
  if (steps.length === 0 && curve === undefined) return null;
  const told = { x: steps.map((event) => event.step), losses: steps.map(({ loss }) => loss) };
  const x = curve?.steps ?? told.x;
  const rates = curve?.learningRates ?? steps.map(({ learningRate }) => learningRate);
  return (
    <Section
      title="The run so far"
      note={
        curve === undefined
          ? "As it is told; every step is drawn when the fine-tuning has ended."
          : "Every step from first to last; long runs as means over equal parts."
      }
    >
      <div className="grid gap-4 lg:grid-cols-2">
        <Card>
          <h3 className="text-sm font-medium">Loss</h3>
          <Chart
            label="Loss of each step"
            x={x}
            lines={[{ name: "Loss", values: curve?.losses ?? told.losses }]}
            format={number}
            formatX={step}
          />
        </Card>
        <Card>
          <h3 className="text-sm font-medium">Learning rate</h3>
          <Chart
            label="Learning rate of each step"
            x={x}
            lines={[{ name: "Rate", values: rates }]}
            format={number}
            formatX={step}
          />
        </Card>
        <Card>
          <h3 className="text-sm font-medium">Gradient norm</h3>
          {curve === undefined ? (
            <p className="mt-2 text-sm text-soft">The trainer tells it when the fine-tuning has ended.</p>
          ) : (
            <Chart
              label="Norm of each step's gradient"
              x={x}
              lines={[{ name: "Norm", values: curve.norms }]}
              format={number}
              formatX={step}
            />
          )}
        </Card>
        <Card>
          <h3 className="text-sm font-medium">Tokens a second</h3>
          <Chart
            label="Tokens a second over the run"
            x={told.x}
            lines={[{ name: "Tokens/s", values: speeds(steps) }]}
            format={number}
            formatX={step}
          />
        </Card>
      </div>
    </Section>
  );
}
