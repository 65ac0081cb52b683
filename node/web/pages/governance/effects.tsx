import type { ReactNode } from "react";
import type { AbiParameter } from "viem";
import type { Executor } from "../../../governance/book.ts";
import { type DecodedCall, valueText } from "../../../governance/decode.ts";
import type { Effect } from "../../../governance/simulate.ts";
import { Hex } from "../../ui/exact.tsx";
import { Badge, Card, Cell, Facts, Table } from "../../ui/layout.tsx";

const RUNS_FROM: Readonly<Record<Executor, string>> = {
  timelock: "on L2, from the timelock",
  upgrades: "on L2, from the timelock of upgrades",
  l1: "on L1, from the timelock there",
};

/** One call in words, and below it what is known of its effect. */
export function CallCard({ call, children }: { call: DecodedCall; children?: ReactNode }) {
  const { entry, item, args, executor, target, data } = call;
  return (
    <Card>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="min-w-0 font-mono text-sm font-medium break-all">
          {entry === undefined || item === undefined ? "An unknown call" : `${entry.name}.${item.name}`}
        </h3>
        <Badge>{RUNS_FROM[executor]}</Badge>
      </div>
      <div className="mt-2">
        <Facts
          facts={[
            ["Contract", <Hex key="target" hex={target} what="address" />],
            ...(item === undefined
              ? [
                  [
                    "Data",
                    <code key="data" className="font-mono text-xs break-all">
                      {data}
                    </code>,
                  ] as const,
                ]
              : item.inputs.map(
                  (input, i) =>
                    [
                      input.name || `argument ${i + 1}`,
                      <Value key={input.name ?? i} type={input} value={args[i]} />,
                    ] as const,
                )),
          ]}
        />
      </div>
      {children}
    </Card>
  );
}

/** An argument; the fields of a struct are folded. */
function Value({ type, value }: { type: AbiParameter; value: unknown }) {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return <span className="font-mono text-xs break-all">{valueText(type, value)}</span>;
  const fields = Object.entries(value);
  return (
    <details>
      <summary className="cursor-pointer">{fields.length} values</summary>
      <div className="mt-1 font-mono text-xs">
        <Facts
          facts={fields.map(
            ([name, field]) =>
              [
                name,
                <span key={name} className="break-all">
                  {valueText(undefined, field)}
                </span>,
              ] as const,
          )}
        />
      </div>
    </details>
  );
}

/** What the calls would change, ran they on the newest state. */
export function Effects({ effects }: { effects: readonly Effect[] }) {
  return (
    <ul className="space-y-3">
      {effects.map((effect, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: calls have a place and no name
        <li key={i}>
          <CallCard call={effect.call}>
            <Outcome effect={effect} />
          </CallCard>
        </li>
      ))}
    </ul>
  );
}

function Outcome({ effect: { failure, changes } }: { effect: Effect }) {
  if (failure !== undefined)
    return (
      <p className="mt-3 text-sm break-words text-bad">
        <Badge tone="bad">would fail now</Badge> {failure}
      </p>
    );
  if (changes.length === 0)
    return (
      <p className="mt-3 text-sm text-soft">Ran now, it would change nothing that its contract tells.</p>
    );
  return (
    <div className="mt-3">
      <Table caption="What it would change" head={["Ran now, it changes", "from", "to"]}>
        {changes.map(({ what, before, after }) => (
          <tr key={what}>
            <Cell className="font-mono text-xs whitespace-nowrap">{what}</Cell>
            <Cell className="font-mono text-xs break-words text-soft">{before}</Cell>
            <Cell className="font-mono text-xs font-medium break-words">{after}</Cell>
          </tr>
        ))}
      </Table>
    </div>
  );
}
