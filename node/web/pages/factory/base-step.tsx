import type { BaseModel } from "../../../ai/factory/bases.ts";
import { formatBytes, formatCount } from "../../ui/format.ts";
import { Badge, Section } from "../../ui/layout.tsx";
import { Empty } from "../../ui/states.tsx";
import type { StepProps } from "./draft.ts";

/** Step 2: what it is built on. */
export function BaseStep({ draft, change, bases }: StepProps) {
  return (
    <Section
      title="Which base model?"
      note="Those that this node has. Its operator fetches others with `openledger model pull`."
    >
      {bases.length === 0 ? (
        <Empty title="This node has no base model." />
      ) : (
        <fieldset className="grid gap-3 md:grid-cols-2">
          <legend className="sr-only">Base model</legend>
          {bases.map((base) => (
            <BaseChoice
              key={base.id}
              base={base}
              isChosen={draft.base === base.id}
              // Other numbers suit another model: they begin anew.
              onChoose={() => change({ base: base.id, settings: undefined })}
            />
          ))}
        </fieldset>
      )}
    </Section>
  );
}

function BaseChoice({
  base,
  isChosen,
  onChoose,
}: {
  base: BaseModel;
  isChosen: boolean;
  onChoose: () => void;
}) {
  const { id, family, parameters, bytes, contextLength, licence, hasChatTemplate } = base;
  return (
    <label
      className={`flex cursor-pointer gap-3 rounded-lg border bg-surface p-4 ${isChosen ? "border-accent" : "border-line hover:border-accent/60"}`}
    >
      <input type="radio" name="base" checked={isChosen} onChange={onChoose} className="mt-1 accent-accent" />
      <span className="min-w-0 text-sm">
        <span className="block font-medium break-words">{id}</span>
        <span className="block text-soft">
          {family}, {(parameters / 1e6).toFixed(1)} million parameters, {formatBytes(bytes)} in memory
        </span>
        <span className="block text-soft">
          context of {formatCount(contextLength)} tokens; licence: {licence ?? "not stated"}
        </span>
        {hasChatTemplate ? (
          <span className="mt-1 block">
            <Badge>chat template</Badge>
          </span>
        ) : null}
      </span>
    </label>
  );
}
