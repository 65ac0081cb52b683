import { useMutation } from "@tanstack/react-query";
import type { JobSettings } from "../../../ai/factory/order.ts";
import { readFile } from "../../chain/contribute.ts";
import { webError } from "../../errors.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Card, Section } from "../../ui/layout.tsx";
import { Problem } from "../../ui/states.tsx";
import { type StepProps, usualOf } from "./draft.ts";

/** How rows are sketched follows from the base model and the rows. */
type Name = Exclude<keyof JobSettings, "sketches">;

/** What a form may ask for: bounds of the door, in the words of the field. */
const KNOBS: Readonly<
  Record<Name, { name: string; note: string; least: number; most: number; step: number }>
> = {
  epochs: { name: "Epochs", note: "How often it visits every row.", least: 1, most: 2_000, step: 1 },
  rank: { name: "Rank", note: "How much the adapter can learn.", least: 1, most: 64, step: 1 },
  learningRate: {
    name: "Learning rate",
    note: "The highest; it falls to a tenth.",
    least: 0,
    most: 0.1,
    step: 0.0001,
  },
  batch: { name: "Rows a step", note: "", least: 1, most: 256, step: 1 },
  warmupSteps: { name: "Warm-up steps", note: "", least: 0, most: 10_000, step: 1 },
  weightDecay: { name: "Weight decay", note: "", least: 0, most: 1, step: 0.01 },
  clipNorm: { name: "Gradients clipped at", note: "0: never", least: 0, most: 100, step: 0.1 },
  seed: { name: "Seed", note: "Of the rows' order.", least: 0, most: 0xffffffff, step: 1 },
  topK: { name: "Rows an answer lists", note: "At most.", least: 1, most: 16, step: 1 },
  maxTokens: { name: "Tokens of an answer", note: "At most.", least: 1, most: 4_096, step: 1 },
};
const VISIBLE: readonly Name[] = ["epochs", "rank", "learningRate"];
const FOLDED = (Object.keys(KNOBS) as Name[]).filter((name) => !VISIBLE.includes(name));

/** What is wrong with a setting; undefined where nothing is. */
export function problemOf(name: Name, value: number): string | undefined {
  const { least, most, step } = KNOBS[name];
  if (!Number.isFinite(value)) return "Give a number.";
  if (step === 1 && !Number.isInteger(value)) return "Give a whole number.";
  if (name === "learningRate" && value <= 0) return "It must be above 0.";
  return value < least || value > most ? `From ${least} to ${most}.` : undefined;
}

/** Whether every setting is one that can be sent. */
export function areGood(settings: JobSettings): boolean {
  return (Object.keys(KNOBS) as Name[]).every((name) => problemOf(name, settings[name]) === undefined);
}

/** Step 3: three knobs, and the rest folded with a line that sums it up. */
export function SettingsStep(props: StepProps) {
  const { draft, change, bases } = props;
  const base = bases.find(({ id }) => id === draft.base);
  if (base === undefined) return null;
  const usual = usualOf(draft, base);
  const settings = draft.settings ?? usual;
  const set = (name: Name, value: number) => change({ settings: { ...settings, [name]: value } });
  const knob = (name: Name) => (
    <Knob key={name} knob={name} value={settings[name]} usual={usual[name]} onChange={set} />
  );
  const changed = FOLDED.filter((name) => settings[name] !== usual[name]);
  return (
    <>
      <Section title="Settings">
        <Card>
          <Field
            name="Name of the model"
            value={draft.name}
            maxLength={64}
            onChange={(event) => change({ name: event.target.value })}
            note="Everybody sees it on chain."
          />
          <div className="mt-4 grid gap-4 sm:grid-cols-3">{VISIBLE.map(knob)}</div>
          <details className="mt-4">
            <summary className="cursor-pointer text-sm">
              The rest{" "}
              <span className="text-soft">
                {changed.length === 0
                  ? `as usual for this base model and so many rows: ${settings.batch} rows a step, seed ${settings.seed}, lists of ${settings.topK}`
                  : changed.map((name) => `${KNOBS[name].name.toLowerCase()} ${settings[name]}`).join(", ")}
              </span>
            </summary>
            <div className="mt-4 grid gap-4 sm:grid-cols-3">{FOLDED.map(knob)}</div>
            <Button className="mt-4" onClick={() => change({ settings: undefined })}>
              As usual again
            </Button>
          </details>
        </Card>
      </Section>
      <HeldOut {...props} />
    </>
  );
}

function Knob({
  knob,
  value,
  usual,
  onChange,
}: {
  knob: Name;
  value: number;
  usual: number;
  onChange: (name: Name, value: number) => void;
}) {
  const { name, note, least, most, step } = KNOBS[knob];
  return (
    <Field
      name={name}
      type="number"
      inputMode="decimal"
      min={least}
      max={most}
      step={step}
      value={Number.isFinite(value) ? value : ""}
      onChange={(event) => onChange(knob, event.target.valueAsNumber)}
      problem={problemOf(knob, value)}
      note={`${note} ${value === usual ? "" : `Usually ${usual}.`}`}
    />
  );
}

/** Rows that are held out. */
const MAX_HELD_OUT = 200;
const MAX_TEXT = 2_000;

function HeldOut({ draft, change }: StepProps) {
  const reading = useMutation({
    mutationFn: async (file: File) => {
      const { rows, name } = await readFile(file);
      const heldOut = rows.map(({ prompt, completion }) => ({ prompt, completion }));
      const isTooLong = heldOut.some(
        ({ prompt, completion }) => Math.max(prompt.length, completion.length) > MAX_TEXT,
      );
      if (heldOut.length <= MAX_HELD_OUT && !isTooLong) return change({ heldOut });
      throw webError("HELD_OUT_TOO_LARGE", {
        message: `${name} has ${heldOut.length} rows${isTooLong ? ", some of them long" : ""}.`,
        fix: `Give at most ${MAX_HELD_OUT} rows of at most ${MAX_TEXT} characters.`,
      });
    },
  });
  return (
    <Section
      title="Held-out rows (if you have some)"
      note="Rows that it must not learn: base and tuned model are measured on them at the end. They stay on this node. Rewordings of the trained rows are measured in any case."
    >
      <Card className="flex flex-wrap items-center gap-3 text-sm">
        <label className="cursor-pointer">
          <span className="sr-only">A file with held-out rows</span>
          <input
            type="file"
            accept=".txt,.md,.jsonl,.csv"
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              if (file !== undefined) reading.mutate(file);
            }}
          />
        </label>
        <span className="text-soft">
          {draft.heldOut.length === 0 ? "none" : `${draft.heldOut.length} rows held out`}
        </span>
        {draft.heldOut.length === 0 ? null : (
          <Button onClick={() => change({ heldOut: [] })}>Leave them out</Button>
        )}
      </Card>
      {reading.error === null ? null : <Problem error={reading.error} />}
    </Section>
  );
}
