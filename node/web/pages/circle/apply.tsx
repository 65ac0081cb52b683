import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Address } from "../../../chain/types/primitives.ts";
import type { CircleTerms } from "../../../circle/grants.ts";
import { FOCUSES, type Focus, TIERS, type Tier } from "../../../circle/words.ts";
import { applyFor, type Circle, termsQuery } from "../../chain/circle.ts";
import { useSigner } from "../../chain/signer.ts";
import { parseAddress } from "../../site/numbers.ts";
import { Button } from "../../ui/button.tsx";
import { Amount } from "../../ui/exact.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card, Page, Section } from "../../ui/layout.tsx";
import { Loaded } from "../../ui/states.tsx";
import { SendButton } from "../send-button.tsx";
import { type ApplicationDraft, EMPTY_DRAFT, type MilestoneDraft, NO_MILESTONE, readDraft } from "./draft.ts";
import { CircleGate, FOCUS_NAMES, TIER_NAMES } from "./parts.tsx";

const LEAST_MILESTONES = 2;
const MOST_MILESTONES = 8;

/** Asks for a grant: what it is about, its milestones, one signature with the deposit. */
export function ApplyPage() {
  return (
    <Page
      title="Apply for a grant"
      lead="A drawn panel judges what you write here, and every milestone later. All of it is public."
    >
      <CircleGate>{(circle) => <Form circle={circle} />}</CircleGate>
    </Page>
  );
}

function Form({ circle }: { circle: Circle }) {
  const [draft, setDraft] = useState<ApplicationDraft>(EMPTY_DRAFT);
  const terms = useQuery(termsQuery(circle, draft.tier));
  const change = (part: Partial<ApplicationDraft>) => setDraft((before) => ({ ...before, ...part }));
  return (
    <>
      <Section title="What you ask for">
        <Card className="space-y-3">
          <Field
            name="Title"
            value={draft.title}
            maxLength={200}
            onChange={(event) => change({ title: event.target.value })}
          />
          <Choices draft={draft} terms={terms.data} onChange={change} />
          <TextArea
            name="What you build"
            rows={6}
            value={draft.text}
            maxLength={100_000}
            onChange={(event) => change({ text: event.target.value })}
            note="What it is, who you are, whose data it takes, who will use it, and what it costs."
          />
        </Card>
      </Section>
      <MilestoneForms milestones={draft.milestones} onChange={(milestones) => change({ milestones })} />
      <Loaded query={terms} what="what it costs" lines={3}>
        {(known) => <Send circle={circle} draft={draft} terms={known} />}
      </Loaded>
    </>
  );
}

function Choices({
  draft,
  terms,
  onChange,
}: {
  draft: ApplicationDraft;
  terms: CircleTerms | undefined;
  onChange: (part: Partial<ApplicationDraft>) => void;
}) {
  const { tier, focus, usd } = draft;
  const bounds = terms && `$${formatCount(terms.leastUsd)} to $${formatCount(terms.mostUsd)}`;
  return (
    <div className="grid gap-3 md:grid-cols-3">
      <SelectField
        name="Tier"
        value={tier}
        onChange={(event) => onChange({ tier: event.target.value as Tier })}
        note={tier === "expansion" ? "It also needs a vote of governance." : undefined}
      >
        {TIERS.map((one) => (
          <option key={one} value={one}>
            {TIER_NAMES[one]}
          </option>
        ))}
      </SelectField>
      <SelectField
        name="Focus"
        value={focus}
        onChange={(event) => onChange({ focus: event.target.value as Focus })}
        note="Whose budget it takes from."
      >
        {FOCUSES.map((one) => (
          <option key={one} value={one}>
            {FOCUS_NAMES[one]}
          </option>
        ))}
      </SelectField>
      <Field
        name="Dollars"
        inputMode="numeric"
        value={usd}
        onChange={(event) => onChange({ usd: event.target.value })}
        problem={terms === undefined ? undefined : outside(usd, terms)}
        note={bounds ?? "…"}
      />
    </div>
  );
}

/** Why a tier does not give that much; undefined where it does. */
function outside(text: string, { leastUsd, mostUsd }: CircleTerms): string | undefined {
  const usd = /^\d{1,12}$/.test(text.trim()) ? BigInt(text.trim()) : -1n;
  if (usd >= leastUsd && usd <= mostUsd) return undefined;
  return `This tier gives $${formatCount(leastUsd)} to $${formatCount(mostUsd)}, in whole dollars.`;
}

function MilestoneForms({
  milestones,
  onChange,
}: {
  milestones: readonly MilestoneDraft[];
  onChange: (milestones: readonly MilestoneDraft[]) => void;
}) {
  const set = (at: number, part: Partial<MilestoneDraft>) =>
    onChange(milestones.map((one, i) => (i === at ? { ...one, ...part } : one)));
  const isFull = milestones.length >= MOST_MILESTONES;
  return (
    <Section
      title="Milestones"
      note="Two to eight, together 100 %; the first is 25 % at most. Each is paid when its own panel has passed it."
    >
      <ol className="space-y-3">
        {milestones.map((milestone, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a milestone's place is its name
          <li key={i}>
            <MilestoneForm
              index={i}
              milestone={milestone}
              onChange={(part) => set(i, part)}
              onRemove={
                milestones.length > LEAST_MILESTONES
                  ? () => onChange(milestones.filter((_, at) => at !== i))
                  : undefined
              }
            />
          </li>
        ))}
      </ol>
      <div className="mt-3">
        <Button disabled={isFull} onClick={() => onChange([...milestones, NO_MILESTONE])}>
          Another milestone
        </Button>
      </div>
    </Section>
  );
}

function MilestoneForm({
  index,
  milestone: { percent, days, criteria },
  onChange,
  onRemove,
}: {
  index: number;
  milestone: MilestoneDraft;
  onChange: (part: Partial<MilestoneDraft>) => void;
  onRemove: (() => void) | undefined;
}) {
  const name = `Milestone ${index + 1}`;
  return (
    <fieldset className="space-y-3 rounded-lg border border-line bg-surface p-4">
      <legend className="sr-only">{name}</legend>
      <div className="flex items-center justify-between gap-3">
        <span aria-hidden className="font-medium">
          {name}
        </span>
        {onRemove === undefined ? null : (
          <Button kind="quiet" aria-label={`Remove milestone ${index + 1}`} onClick={onRemove}>
            Remove
          </Button>
        )}
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field
          name={`${name}: percent of the grant`}
          inputMode="decimal"
          value={percent}
          onChange={(event) => onChange({ percent: event.target.value })}
        />
        <Field
          name={`${name}: days after the approval`}
          inputMode="numeric"
          value={days}
          onChange={(event) => onChange({ days: event.target.value })}
        />
      </div>
      <TextArea
        name={`${name} is reached when`}
        rows={2}
        value={criteria}
        maxLength={100_000}
        onChange={(event) => onChange({ criteria: event.target.value })}
      />
    </fieldset>
  );
}

function Send({ circle, draft, terms }: { circle: Circle; draft: ApplicationDraft; terms: CircleTerms }) {
  const navigate = useNavigate();
  const signer = useSigner();
  const [payeeText, setPayee] = useState("");
  const payee: Address | undefined = payeeText.trim() === "" ? signer?.address : parseAddress(payeeText);
  const read = readDraft(draft);
  const problem =
    outside(draft.usd, terms) ??
    (typeof read === "string" ? read : undefined) ??
    (payee === undefined && payeeText.trim() !== "" ? "The payee is no address." : undefined);
  return (
    <Section title="Send it">
      <Card className="space-y-3">
        <Field
          name="Who is paid"
          value={payeeText}
          placeholder={signer?.address ?? "0x…"}
          onChange={(event) => setPayee(event.target.value)}
          note="An address; yours, if you leave it empty. It reports the milestones."
        />
        <p className="text-sm">
          A deposit of <Amount wei={terms.deposit} /> goes with it, which returns unless the panel calls it
          spam, and <Amount wei={terms.panelPay} /> for the panel.
        </p>
        <SendButton
          kind="main"
          label="Apply"
          why={problem}
          send={async (by) => {
            if (typeof read === "string") return;
            const id = await applyFor(circle, by, read, payee ?? by.address);
            await navigate({ to: "/circle/$grant", params: { grant: id.toString() } });
          }}
        />
      </Card>
    </Section>
  );
}
