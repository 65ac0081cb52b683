import { useQuery } from "@tanstack/react-query";
import type { Hash } from "../../chain/types/primitives.ts";
import { useConnection } from "../chain/connection.tsx";
import { contractAt, decodeCall } from "../chain/explorer.ts";
import { type InternalCall, internalCallsQuery } from "../chain/traces.ts";
import { Amount } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Badge, Cell, Section, Table } from "../ui/layout.tsx";
import { Waiting } from "../ui/states.tsx";
import { AddressLink, useContracts } from "./explorer-parts.tsx";

/** Steps to the right that a deep call is moved at most. */
const MOST_STEPS = 8;

/** What the call of a transaction called in turn; absent where the node does not trace. */
export function InternalCalls({ hash }: { hash: Hash }) {
  const query = useQuery(internalCallsQuery(useConnection(), hash));
  if (query.isPending) return <Waiting what="the calls inside" lines={2} />;
  if (query.data == null || query.data.count === 0) return null;
  const { calls, count } = query.data;
  const rest = count - calls.length;
  return (
    <Section
      title="Calls inside"
      note={`The node ran it again: ${formatCount(count)} calls${rest > 0 ? `, of which the first ${calls.length} stand here` : ""}.`}
    >
      <Table caption="Calls inside" head={["Kind", "Of", "Function", "Amount", "Gas"]}>
        {calls.map((call, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a call's place is its name
          <Line key={i} call={call} />
        ))}
      </Table>
    </Section>
  );
}

function Line({ call: { type, to, value, gasUsed, input, error, depth } }: { call: InternalCall }) {
  const contract = contractAt(useContracts(), to);
  const data = input ?? "0x";
  const name = contract === undefined ? undefined : decodeCall(contract, data)?.name;
  return (
    <tr>
      <Cell className="whitespace-nowrap">
        <span style={{ paddingLeft: `${Math.min(depth - 1, MOST_STEPS) * 0.75}rem` }}>
          {type.toLowerCase()}
        </span>
        {error === undefined ? null : (
          <span className="ml-2">
            <Badge tone="bad">{error.slice(0, 60)}</Badge>
          </span>
        )}
      </Cell>
      <Cell className="whitespace-nowrap">{to === undefined ? "" : <AddressLink address={to} />}</Cell>
      <Cell>
        <code className="font-mono text-xs">{name ?? (data.length < 10 ? "" : data.slice(0, 10))}</code>
      </Cell>
      <Cell>{value === undefined || BigInt(value) === 0n ? "" : <Amount wei={BigInt(value)} />}</Cell>
      <Cell className="tabular-nums">{gasUsed === undefined ? "" : formatCount(BigInt(gasUsed))}</Cell>
    </tr>
  );
}
