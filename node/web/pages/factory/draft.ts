import { useCallback, useState } from "react";
import type { BaseModel } from "../../../ai/factory/bases.ts";
import type { JobOrder, JobSettings } from "../../../ai/factory/order.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { Session } from "../../chain/session.ts";

/** The four steps, in their order. */
export const STEPS = ["Data", "Base model", "Settings", "Start"] as const;

/** A form that is being filled in: kept in this browser, and nothing else. Once a run has begun its record is what counts. */
export interface Draft {
  step: number;
  name: string;
  snapshots: readonly { datanetId: string; number: number; rows: number }[];
  base: string | undefined;
  /** Undefined: the usual ones for base model and rows. */
  settings: JobSettings | undefined;
  heldOut: readonly { prompt: string; completion: string }[];
}

/** What every step is given. */
export interface StepProps {
  session: Session;
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  bases: readonly BaseModel[];
}

export const EMPTY: Draft = {
  step: 0,
  name: "",
  snapshots: [],
  base: undefined,
  settings: undefined,
  heldOut: [],
};

const keyOf = (genesis: Hash) => `training ${genesis.slice(0, 18)}`;

function readDraft(genesis: Hash): Draft {
  try {
    const text = localStorage.getItem(keyOf(genesis));
    return text === null ? EMPTY : { ...EMPTY, ...(JSON.parse(text) as Partial<Draft>) };
  } catch {
    return EMPTY;
  }
}

function writeDraft(genesis: Hash, draft: Draft): void {
  try {
    localStorage.setItem(keyOf(genesis), JSON.stringify(draft));
  } catch {
    // Without storage the form lasts as long as the page.
  }
}

/** The draft of this chain, and how to change it. */
export function useDraft(genesis: Hash): [Draft, (change: Partial<Draft>) => void] {
  const [draft, setDraft] = useState(() => readDraft(genesis));
  const change = useCallback(
    (part: Partial<Draft>) =>
      setDraft((before) => {
        const next = { ...before, ...part };
        writeDraft(genesis, next);
        return next;
      }),
    [genesis],
  );
  return [draft, change];
}

/** Why a step can't be left for the next one; undefined where it can. The one place that decides it. */
export function missing({ name, snapshots, base }: Draft, step: number): string | undefined {
  if (step >= 0 && snapshots.length === 0) return "Choose at least one snapshot.";
  if (step >= 1 && base === undefined) return "Choose a base model.";
  if (step >= 2 && name.trim() === "") return "Give the model a name.";
  return undefined;
}

/** Where the settings begin, by the base model and the rows. */
export function usualOf(draft: Pick<Draft, "snapshots">, { defaults, manyRows }: BaseModel): JobSettings {
  // A form that was kept by an older page knows no rows.
  const rows = draft.snapshots.reduce((sum, snapshot) => sum + (snapshot.rows ?? 0), 0);
  return rows > manyRows.above ? manyRows.defaults : defaults;
}

/** The draft as it is sent. */
export function orderOf(draft: Draft, base: BaseModel): JobOrder {
  const { name, snapshots, settings, heldOut } = draft;
  const usual = usualOf(draft, base);
  return {
    name: name.trim(),
    base: base.id,
    snapshots: snapshots.map(({ datanetId, number }) => ({ datanetId, number })),
    settings: { ...(settings ?? usual), sketches: usual.sketches },
    heldOut: [...heldOut],
  };
}
