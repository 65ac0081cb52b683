import { NAT_UNITS } from "../../../ai/context/nats.ts";
import {
  type ContextCredit,
  type ContextLosses,
  dropsOf,
  partsOf,
  sharesOf,
} from "../../../ai/context/rule.ts";
import type { Receipt } from "../../../ai/receipt/receipt.ts";
import type { IndexedModel } from "../../chain/rows.ts";
import { formatShare } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { RowOfIndex } from "./documents.tsx";

/** Rows that stood before the question, and what they and training added to the answer; nothing where the model shows none. */
export function ContextLayer({ shown }: { shown: Pick<Receipt, "context" | "model"> & ClaimedShares }) {
  const { context, model, claim } = shown;
  if (context === undefined) return null;
  return (
    <Section
      title="In the prompt"
      note="Rows that stood before the question, and what the answer owes each: how much less likely the base model finds the answer without it, times how much of the answer it says. Their contributors share the rows' part by this; panels of verifiers recompute it."
    >
      <div className="space-y-3">
        <Card className="text-sm">
          <Parts context={context} />
          <p className="mt-3">{paidSaid(claim.context.partBps)}</p>
        </Card>
        <ShownRows context={context} model={model} />
      </div>
    </Section>
  );
}

/** As much of a claim as says what rows in the prompt have. */
interface ClaimedShares {
  claim: Pick<Receipt["claim"], "context">;
}

/** What of the contributors' part goes to the rows' contributors. */
export function paidSaid(partBps: number): string {
  if (partBps === 0) return "These rows have no part of what the answer pays: all goes by influence.";
  return `${formatShare(BigInt(partBps), 10_000n)} of what contributors earn by this answer goes to those of these rows, the rest by influence.`;
}

/** Units of 2^-20 nats for people. */
export function formatNats(units: number): string {
  const text = Math.abs(units / NAT_UNITS).toFixed(2);
  return units < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** log p = base + training + rows. */
export function Parts({ context }: { context: Pick<ContextLosses, "base" | "model"> }) {
  const { total, base, training, context: added } = partsOf(context);
  const parts = [
    ["The answer's log p", total],
    ["What the base model knew", base],
    ["What training added", training],
    ["What the rows in the prompt added", added],
  ] as const;
  return (
    <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1">
      {parts.map(([what, units]) => (
        <div key={what} className="contents">
          <dt className="text-soft">{what}</dt>
          <dd className="text-right tabular-nums">{formatNats(units)} nats</dd>
        </div>
      ))}
    </dl>
  );
}

/** The row next to the question comes first. */
function ShownRows({ context, model }: { context: ContextCredit; model: IndexedModel }) {
  const [drops, shares] = [dropsOf(context), sharesOf(context)];
  if (context.rows.length === 0)
    return <Card className="text-sm text-soft">No row shares a word with the question: none was shown.</Card>;
  const rows = context.rows.map((row, i) => ({ ...row, drop: drops[i]!, share: shares[i]! })).reverse();
  return (
    <ul className="space-y-3">
      {rows.map(({ rowId, gain, drop, share }) => (
        <li key={rowId}>
          <Card className="text-sm">
            <p className="flex flex-wrap justify-between gap-x-4">
              <span className="text-soft">
                {`without it, the base model has ${formatNats(Math.abs(drop))} nats ${drop < 0 ? "more" : "less"}; it says ${gain} of 16 parts of the answer`}
              </span>
              <span className="font-medium tabular-nums">
                {share === 0 ? "no share" : formatShare(BigInt(share), 10_000n)}
              </span>
            </p>
            <RowOfIndex model={model} rowId={rowId} />
          </Card>
        </li>
      ))}
    </ul>
  );
}
