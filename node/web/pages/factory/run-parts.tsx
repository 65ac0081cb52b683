import type { Evaluation, Job, JobEvent, Measured } from "../../../ai/factory/job.ts";
import { saveFile } from "../../site/save-file.ts";
import { Button } from "../../ui/button.tsx";
import { Copy } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card, Cell, Section, Table } from "../../ui/layout.tsx";

const SETS: readonly (readonly [set: keyof Evaluation, name: string])[] = [
  ["trained", "Trained rows, in their own words"],
  ["reworded", "The same, asked in forms it was not trained on"],
  ["heldOut", "Held-out rows"],
];

/** What it learnt, in nats a token. */
export function EvaluationTable({ evaluation }: { evaluation: Evaluation }) {
  return (
    <Section
      title="What it learnt"
      note="Mean loss a token of the answers: how surprised the model is by what it should say. Lower is better; a bad answer to reworded questions shows learning by heart."
    >
      <Table caption="Loss of base and tuned model" head={["Rows", "Count", "Base", "Tuned"]}>
        {SETS.map(([set, name]) => (
          <MeasuredLine key={set} name={name} measured={evaluation[set]} />
        ))}
      </Table>
    </Section>
  );
}

function MeasuredLine({ name, measured: { rows, base, tuned } }: { name: string; measured: Measured }) {
  const text = (loss: number | null) => (loss === null ? "–" : loss.toFixed(4));
  return (
    <tr>
      <Cell>{name}</Cell>
      <Cell>{rows === 0 ? "none given" : formatCount(rows)}</Cell>
      <Cell className="tabular-nums">{text(base)}</Cell>
      <Cell className="tabular-nums">{text(tuned)}</Cell>
    </tr>
  );
}

/** The same run as a command. @returns the command, which reads the settings from a file. */
export function commandOf({ order }: Pick<Job, "order">): string {
  const quoted = `'${order.name.replaceAll("'", "'\\''")}'`;
  const snapshots = order.snapshots.map(({ datanetId, number }) => `${datanetId}:${number}`).join(" ");
  const base = order.base === "shipped" ? "" : ` --base '.data/models/${order.base}'`;
  return `npx openledger model train ${quoted} --snapshot ${snapshots}${base} --method method.json`;
}

/** The command that trains the same, to the byte, anywhere. */
export function CopyAsCli({ job }: { job: Job }) {
  const command = commandOf(job);
  return (
    <div className="mt-4 border-t border-line pt-4 text-sm">
      <p className="text-soft">
        The same run as a command; equal inputs give the same adapter on every machine.
      </p>
      <div className="mt-1 flex items-start gap-2">
        <code className="min-w-0 font-mono text-xs break-all">{command}</code>
        <Copy text={command} what="the command" />
      </div>
      <Button
        className="mt-2"
        onClick={() =>
          saveFile("method.json", "application/json", `${JSON.stringify(job.method, null, 2)}\n`)
        }
      >
        Save method.json
      </Button>
    </div>
  );
}

const SHOWN = 200;

/** What people are told of the run. */
export function RunLog({ events }: { events: readonly JobEvent[] }) {
  const lines = events.filter((event) => event.kind === "log").slice(-SHOWN);
  return (
    <Section title="Log">
      <Card>
        <ol className="space-y-1 font-mono text-xs">
          {lines.map(({ at, text }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines only come after others
            <li key={i} className="break-words">
              <span className="text-soft">{new Date(at).toISOString().slice(11, 19)}</span> {text}
            </li>
          ))}
        </ol>
      </Card>
    </Section>
  );
}
