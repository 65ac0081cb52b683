import { type ContextLosses, dropsOf, NAT_UNITS, partsOf, sharesOf } from "../../../ai/context/rule.ts";
import type { Receipt } from "../../../ai/receipt/receipt.ts";
import type { IndexedModel } from "../../chain/rows.ts";
import { formatShare } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { RowOfIndex } from "./documents.tsx";

/** Rows that stood before the question, and what they and training added to the answer; nothing where the model shows none. */
export function ContextLayer({ shown }: { shown: Pick<Receipt, "context" | "model"> }) {
  const { context, model } = shown;
  if (context === undefined) return null;
  return (
    <Section
      title="In the prompt"
      note="Rows that stood before the question, and what the answer owes each: how much less likely the base model finds the answer without it. What is paid does not go by this."
    >
      <div className="space-y-3">
        <Card className="text-sm">
          <Parts context={context} />
        </Card>
        <ShownRows context={context} model={model} />
      </div>
    </Section>
  );
}

/** Units of 2^-20 nats for people. */
export function formatNats(units: number): string {
  const text = Math.abs(units / NAT_UNITS).toFixed(2);
  return units < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** log p = base + training + rows. */
export function Parts({ context }: { context: ContextLosses }) {
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
function ShownRows({ context, model }: { context: ContextLosses; model: IndexedModel }) {
  const [drops, shares] = [dropsOf(context), sharesOf(context)];
  if (context.rows.length === 0)
    return <Card className="text-sm text-soft">No row shares a word with the question: none was shown.</Card>;
  const rows = context.rows.map(({ rowId }, i) => ({ rowId, drop: drops[i]!, share: shares[i]! })).reverse();
  return (
    <ul className="space-y-3">
      {rows.map(({ rowId, drop, share }) => (
        <li key={rowId}>
          <Card className="text-sm">
            <p className="flex flex-wrap justify-between gap-x-4">
              <span className="text-soft">
                without it, the base model has {formatNats(Math.abs(drop))} nats {drop < 0 ? "more" : "less"}
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
