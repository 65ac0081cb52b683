import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Governed } from "../../../governance/governed.ts";
import type { Effect } from "../../../governance/simulate.ts";
import { makeProposal, outlookQuery, stakeQuery } from "../../chain/governance.ts";
import { type Signer, useSigner } from "../../chain/signer.ts";
import { Button } from "../../ui/button.tsx";
import { Copy } from "../../ui/exact.tsx";
import { Field } from "../../ui/field.tsx";
import { formatOpen } from "../../ui/format.ts";
import { Card, Page, Section } from "../../ui/layout.tsx";
import { Empty, Loaded, Problem } from "../../ui/states.tsx";
import { CallForm } from "./call-form.tsx";
import { Effects } from "./effects.tsx";
import { GovernanceGate } from "./parts.tsx";

const MOST_TITLE = 500;

/** A new proposal: its calls, what they would change, one signature. */
export function ProposePage() {
  return (
    <Page
      title="Propose"
      lead="A proposal is a title and calls. Each goes to the timelock that owns its contract, here or on L1, and runs after the vote and its delay."
    >
      <GovernanceGate>{(governed) => <Form governed={governed} />}</GovernanceGate>
    </Page>
  );
}

function Form({ governed }: { governed: Governed }) {
  const [title, setTitle] = useState("");
  const { call } = useSearch({ from: "/protocol/governance/propose" });
  const [calls, setCalls] = useState<readonly string[]>(call === undefined ? [] : [call]);
  return (
    <>
      <Section title="What is it?">
        <Card>
          <Field
            name="Title"
            value={title}
            maxLength={MOST_TITLE}
            onChange={(event) => setTitle(event.target.value)}
            note="What it does and why: voters read it first. It can't be changed afterwards."
          />
        </Card>
      </Section>
      <Section title="Calls" note="They run in this order, all or none of those on one chain.">
        <div className="space-y-3">
          {calls.length === 0 ? null : (
            <ol className="space-y-2">
              {calls.map((call, i) => (
                <li
                  key={call}
                  className="flex items-center justify-between gap-3 rounded-lg border border-line bg-surface px-4 py-2"
                >
                  <code className="min-w-0 font-mono text-sm break-all">{call}</code>
                  <Button
                    kind="quiet"
                    aria-label={`Remove ${call}`}
                    onClick={() => setCalls(calls.filter((_, at) => at !== i))}
                  >
                    Remove
                  </Button>
                </li>
              ))}
            </ol>
          )}
          <CallForm
            governed={governed}
            onCall={(call) => setCalls(calls.includes(call) ? calls : [...calls, call])}
          />
        </div>
      </Section>
      {calls.length === 0 ? null : <Outlook governed={governed} title={title.trim()} calls={calls} />}
    </>
  );
}

/** What it would change, and the button that proposes it. */
function Outlook({
  governed,
  title,
  calls,
}: {
  governed: Governed;
  title: string;
  calls: readonly string[];
}) {
  const signer = useSigner();
  const query = useQuery(outlookQuery(governed, calls));
  return (
    <>
      <Section
        title="What it would do"
        note="Each call ran in a simulation on the newest state, from its timelock."
      >
        <Loaded query={query} what="what it would do" lines={5}>
          {(effects) => <Effects effects={effects} />}
        </Loaded>
      </Section>
      {query.data === undefined ? null : signer === undefined ? (
        <Empty title="Connect an account to propose it." />
      ) : (
        <Send
          key={signer.address}
          governed={governed}
          signer={signer}
          title={title}
          calls={calls}
          effects={query.data}
        />
      )}
    </>
  );
}

function Send({
  governed,
  signer,
  title,
  calls,
  effects,
}: {
  governed: Governed;
  signer: Signer;
  title: string;
  calls: readonly string[];
  effects: readonly Effect[];
}) {
  const navigate = useNavigate();
  const [isSure, setSure] = useState(false);
  const stake = useQuery(stakeQuery(governed, signer.address));
  const sending = useMutation({
    mutationFn: () => makeProposal(governed, signer, title, calls),
    onSuccess: (number) => navigate({ to: "/governance/$proposal", params: { proposal: String(number) } }),
  });
  const fails = effects.some(({ failure }) => failure !== undefined);
  const why = refusal(title, stake.data, fails && !isSure);
  const command = `openledger governance propose ${[title, ...calls].map((text) => JSON.stringify(text)).join(" ")}`;
  return (
    <Card className="space-y-3">
      {fails ? (
        <label className="flex items-start gap-2 text-sm text-bad">
          <input
            type="checkbox"
            className="mt-1"
            checked={isSure}
            onChange={(event) => setSure(event.target.checked)}
          />
          A call would fail now. Propose it all the same: it will not fail when it runs.
        </label>
      ) : null}
      <div className="flex flex-wrap items-center gap-3">
        <Button
          kind="main"
          disabled={why !== undefined || sending.isPending}
          onClick={() => sending.mutate()}
        >
          {sending.isPending ? "Proposing…" : "Propose it"}
        </Button>
        {why === undefined ? null : <span className="text-sm text-soft">{why}</span>}
        {stake.data !== undefined && stake.data.votes < stake.data.threshold ? (
          <Link to="/governance/stake" className="text-sm text-accent hover:underline">
            Stake for votes
          </Link>
        ) : null}
      </div>
      {sending.error === null ? null : <Problem error={sending.error} />}
      <p className="text-sm text-soft">The same from a terminal:</p>
      <p className="flex items-center gap-1">
        <code className="min-w-0 rounded bg-raised px-2 py-1 font-mono text-xs break-all">{command}</code>
        <Copy text={command} what="the command" />
      </p>
    </Card>
  );
}

/** Why it can't be proposed now; undefined where it can. */
function refusal(
  title: string,
  stake: { votes: bigint; threshold: bigint } | undefined,
  isUnsure: boolean,
): string | undefined {
  if (title === "") return "Give it a title.";
  if (stake === undefined) return "The account's votes are not known yet.";
  if (stake.votes < stake.threshold)
    return `A proposal needs ${formatOpen(stake.threshold)} votes, the account has ${formatOpen(stake.votes)}.`;
  return isUnsure ? "A call would fail." : undefined;
}
