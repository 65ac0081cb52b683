import { useState } from "react";
import type { Agent } from "../../../agents/agents.ts";
import { parseSession, rulesOf } from "../../../agents/session.ts";
import { type Agents, grantSession } from "../../chain/agents.ts";
import { parseAddress } from "../../site/numbers.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Card } from "../../ui/layout.tsx";
import { SendButton } from "../send-button.tsx";
import {
  type CallDraft,
  type LimitDraft,
  NEW_SESSION,
  NO_CALL,
  NO_LIMIT,
  type SessionDraft,
  sourceOf,
} from "./session-draft.ts";

const MOST_LIMITS = 8;
const MOST_CALLS = 32;

/** What a new key may do: how long, what it may spend, what it may call. */
export function SessionForm({ agents, agent }: { agents: Agents; agent: Agent }) {
  const [draft, setDraft] = useState<SessionDraft>(NEW_SESSION);
  const change = (part: Partial<SessionDraft>) => setDraft((before) => ({ ...before, ...part }));
  const key = parseAddress(draft.key);
  const source = sourceOf(draft);
  const why = key === undefined ? "Give the key's address." : problemOf(source, agent);
  return (
    <Card className="space-y-4">
      <h3 className="font-medium">Let a key act</h3>
      <div className="grid gap-3 sm:grid-cols-[1fr_10rem]">
        <Field
          name="Address of the key"
          value={draft.key}
          placeholder="0x…"
          onChange={(event) => change({ key: event.target.value })}
          problem={
            draft.key === "" || key !== undefined ? undefined : "An address has 0x and 40 hexadecimal digits."
          }
          note="A key of its own: whoever has it can do what stands here."
        />
        <Field
          name="Hours"
          inputMode="numeric"
          value={draft.hours}
          onChange={(event) => change({ hours: event.target.value })}
          note="from now on"
        />
      </div>
      <LimitForms limits={draft.limits} onChange={(limits) => change({ limits })} />
      <CallForms calls={draft.calls} onChange={(calls) => change({ calls })} />
      <SendButton
        kind="main"
        label="Open the session"
        why={why}
        send={(signer) => grantSession(agents, signer, agent, key!, source)}
        onDone={() => setDraft(NEW_SESSION)}
      />
      <p className="text-sm text-soft">
        It takes the place of what the key might before. Save its file from the list above: the key's program
        needs it.
      </p>
    </Card>
  );
}

/** Why that is no session; undefined where it is one. */
function problemOf(source: string, { account }: Agent): string | undefined {
  try {
    rulesOf(parseSession(source), account);
    return undefined;
  } catch (error) {
    return `${(error as Error).message}.`;
  }
}

/** The list with `part` in place `at`. */
function changed<T>(list: readonly T[], at: number, part: Partial<T>): readonly T[] {
  return list.map((one, i) => (i === at ? { ...one, ...part } : one));
}

function LimitForms({
  limits,
  onChange,
}: {
  limits: readonly LimitDraft[];
  onChange: (limits: readonly LimitDraft[]) => void;
}) {
  return (
    <fieldset className="space-y-3">
      <legend className="text-sm font-medium">What it may spend</legend>
      {limits.map(({ token, perCall, perDay }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a limit's place is its name
        <div key={i} className="grid items-start gap-3 sm:grid-cols-[1fr_8rem_8rem_auto]">
          <Field
            name={`Limit ${i + 1}: token`}
            value={token}
            onChange={(event) => onChange(changed(limits, i, { token: event.target.value }))}
            note="open, or a token's address"
          />
          <Field
            name={`Limit ${i + 1}: a call`}
            inputMode="decimal"
            value={perCall}
            onChange={(event) => onChange(changed(limits, i, { perCall: event.target.value }))}
          />
          <Field
            name={`Limit ${i + 1}: a day`}
            inputMode="decimal"
            value={perDay}
            onChange={(event) => onChange(changed(limits, i, { perDay: event.target.value }))}
          />
          <Button
            kind="quiet"
            aria-label={`Remove limit ${i + 1}`}
            className="sm:mt-7"
            onClick={() => onChange(limits.filter((_, at) => at !== i))}
          >
            Remove
          </Button>
        </div>
      ))}
      <Button disabled={limits.length >= MOST_LIMITS} onClick={() => onChange([...limits, NO_LIMIT])}>
        Another limit
      </Button>
    </fieldset>
  );
}

function CallForms({
  calls,
  onChange,
}: {
  calls: readonly CallDraft[];
  onChange: (calls: readonly CallDraft[]) => void;
}) {
  return (
    <fieldset className="space-y-3">
      <legend className="text-sm font-medium">What it may call</legend>
      {calls.map((call, i) => (
        <CallForm
          // biome-ignore lint/suspicious/noArrayIndexKey: a call's place is its name
          key={i}
          name={`Call ${i + 1}`}
          call={call}
          onChange={(part) => onChange(changed(calls, i, part))}
          onRemove={calls.length > 1 ? () => onChange(calls.filter((_, at) => at !== i)) : undefined}
        />
      ))}
      <Button disabled={calls.length >= MOST_CALLS} onClick={() => onChange([...calls, NO_CALL])}>
        Another call
      </Button>
    </fieldset>
  );
}

function CallForm({
  name,
  call: { target, text, maxValue, fixed },
  onChange,
  onRemove,
}: {
  name: string;
  call: CallDraft;
  onChange: (part: Partial<CallDraft>) => void;
  onRemove: (() => void) | undefined;
}) {
  return (
    <div className="space-y-3 rounded-md border border-line p-3">
      <div className="grid gap-3 sm:grid-cols-[1fr_10rem]">
        <Field
          name={`${name}: contract`}
          value={target}
          placeholder="0x…"
          onChange={(event) => onChange({ target: event.target.value })}
        />
        <Field
          name={`${name}: most OPEN with it`}
          inputMode="decimal"
          value={maxValue}
          onChange={(event) => onChange({ maxValue: event.target.value })}
        />
      </div>
      <Field
        name={`${name}: function`}
        value={text}
        maxLength={1_000}
        placeholder="function buy(address to, uint256 least)"
        onChange={(event) => onChange({ text: event.target.value })}
        note="As Solidity writes it; each argument is one word long."
      />
      <Field
        name={`${name}: fixed arguments`}
        value={fixed}
        placeholder="to = self"
        onChange={(event) => onChange({ fixed: event.target.value })}
        note="Name = value, with commas between; self is the agent's account. With the recipient fixed nobody can name another."
      />
      {onRemove === undefined ? null : (
        <Button kind="quiet" aria-label={`Remove ${name.toLowerCase()}`} onClick={onRemove}>
          Remove
        </Button>
      )}
    </div>
  );
}
