import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useProtocol } from "../../chain/connection.tsx";
import { basesQuery } from "../../chain/factory.ts";
import type { Session } from "../../chain/session.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { Page } from "../../ui/layout.tsx";
import { Loaded } from "../../ui/states.tsx";
import { SignInGate } from "../sign-in-gate.tsx";
import { BaseStep } from "./base-step.tsx";
import { DataStep } from "./data-step.tsx";
import { type Draft, missing, STEPS, useDraft } from "./draft.ts";
import { SettingsStep } from "./settings-step.tsx";
import { StartStep } from "./start-step.tsx";

/** Four steps to a run. */
export function NewModelPage() {
  return (
    <Page
      title="Train a model"
      lead="What you fill in stays in this browser until it starts."
      actions={
        <Link to="/factory" className={buttonClass()}>
          Your runs
        </Link>
      }
    >
      <SignInGate>{(session) => <Wizard session={session} />}</SignInGate>
    </Page>
  );
}

const PARTS = [DataStep, BaseStep, SettingsStep, StartStep] as const;

function Wizard({ session }: { session: Session }) {
  const { genesis } = useProtocol();
  const [draft, change] = useDraft(genesis);
  const bases = useQuery(basesQuery);
  const step = Math.min(draft.step, PARTS.length - 1);
  const Step = PARTS[step]!;
  const reason = missing(draft, step);
  return (
    <>
      <Steps step={step} draft={draft} onChoose={(next) => change({ step: next })} />
      <Loaded query={bases} what="the base models" lines={8}>
        {(list) => <Step session={session} draft={draft} change={change} bases={list} />}
      </Loaded>
      <div className="flex flex-wrap items-center gap-3">
        {step === 0 ? null : <Button onClick={() => change({ step: step - 1 })}>Back</Button>}
        {step === PARTS.length - 1 ? null : (
          <Button kind="main" disabled={reason !== undefined} onClick={() => change({ step: step + 1 })}>
            Next: {STEPS[step + 1]}
          </Button>
        )}
        {step === PARTS.length - 1 || reason === undefined ? null : (
          <span className="text-sm text-soft">{reason}</span>
        )}
      </div>
    </>
  );
}

function Steps({ step, draft, onChoose }: { step: number; draft: Draft; onChoose: (step: number) => void }) {
  return (
    <nav aria-label="Steps">
      <ol className="grid grid-cols-2 gap-2 text-sm sm:grid-cols-4">
        {STEPS.map((name, i) => {
          const isOpen = i <= step || missing(draft, i - 1) === undefined;
          return (
            <li key={name}>
              <button
                type="button"
                disabled={!isOpen}
                aria-current={i === step ? "step" : undefined}
                onClick={() => onChoose(i)}
                className={`w-full rounded-md border px-3 py-2 text-left disabled:opacity-60 ${
                  i === step ? "border-accent bg-surface font-medium" : "border-line text-soft"
                }`}
              >
                {i + 1}. {name}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
