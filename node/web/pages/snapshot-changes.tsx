import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AcceptedContribution } from "../../ai/train/snapshot.ts";
import { useProtocol } from "../chain/connection.tsx";
import { changesBetween, membersQuery } from "../chain/datanets.ts";
import { contributionQuery } from "../chain/queries.ts";
import { Button } from "../ui/button.tsx";
import { Hex } from "../ui/exact.tsx";
import { SelectField } from "../ui/field.tsx";
import { formatCount } from "../ui/format.ts";
import { Card } from "../ui/layout.tsx";
import { RowList, type ShownRow } from "../ui/row-list.tsx";
import { Loaded } from "../ui/states.tsx";

interface ChangesProps {
  datanetId: bigint;
  /** Numbers of its snapshots, newest first; at least one. */
  numbers: readonly number[];
}

/** What one snapshot of a datanet has and another has not, once it is asked for. */
export function SnapshotChanges(props: ChangesProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="mt-3 space-y-3">
      <Button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? "Close the comparison" : "Compare two snapshots"}
      </Button>
      {isOpen ? <Comparison {...props} /> : null}
    </div>
  );
}

/** Stands for a datanet without rows. */
const NOTHING = 0;

function Comparison({ datanetId, numbers }: ChangesProps) {
  const [before, setBefore] = useState(numbers[1] ?? NOTHING);
  const [after, setAfter] = useState(numbers[0] ?? NOTHING);
  const choice = (name: string, value: number, onChange: (value: number) => void) => (
    <SelectField name={name} value={value} onChange={(event) => onChange(Number(event.target.value))}>
      {[...numbers, NOTHING].map((number) => (
        <option key={number} value={number}>
          {number === NOTHING ? "nothing" : `snapshot ${number}`}
        </option>
      ))}
    </SelectField>
  );
  return (
    <Card className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-2">
        {choice("From", before, setBefore)}
        {choice("To", after, setAfter)}
      </div>
      <Changes datanetId={datanetId} before={before} after={after} />
    </Card>
  );
}

function Changes({ datanetId, before, after }: { datanetId: bigint; before: number; after: number }) {
  const protocol = useProtocol();
  const members = (number: number) => ({
    ...membersQuery(protocol, datanetId, number),
    enabled: number !== NOTHING,
  });
  const [was, is] = [useQuery(members(before)), useQuery(members(after))];
  const [old, now] = [before === NOTHING ? [] : was.data, after === NOTHING ? [] : is.data];
  return (
    <Loaded
      query={{
        data: old && now && changesBetween(old, now),
        error: was.error ?? is.error,
        refetch: () => void Promise.all([was.refetch(), is.refetch()]),
      }}
      what="the two snapshots"
      lines={3}
    >
      {({ added, out }) => (
        <>
          <ChangedRows title="Added" list={added} />
          <ChangedRows title="Taken out" list={out} />
        </>
      )}
    </Loaded>
  );
}

function ChangedRows({ title, list }: { title: string; list: readonly AcceptedContribution[] }) {
  const protocol = useProtocol();
  const found = useQueries({
    queries: list.map(({ contributionId }) => contributionQuery(protocol, contributionId)),
  });
  const count = list.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const rows: ShownRow[] = found.flatMap(({ data }) =>
    (data?.document?.rows ?? []).map((row, number) => ({
      ...{ row, number },
      note: <Of contributionId={data!.contributionId} contributor={data!.contributor} />,
    })),
  );
  return (
    <section aria-label={title} className="space-y-2">
      <h3 className="text-sm font-medium">
        {title}:{" "}
        {count === 0 ? "nothing" : `${formatCount(count)} rows in ${formatCount(list.length)} contributions`}
      </h3>
      {found.some(({ isPending }) => isPending) ? (
        <p data-waiting className="text-sm text-soft">
          Fetching the documents
        </p>
      ) : rows.length === 0 ? null : (
        <RowList key={rows.length} rows={rows} label={`Rows ${title.toLowerCase()}`} />
      )}
      {count === rows.length || found.some(({ isPending }) => isPending) ? null : (
        <p className="text-sm text-soft">This node does not hold the text of all of them.</p>
      )}
    </section>
  );
}

function Of({ contributionId, contributor }: { contributionId: bigint; contributor: string }) {
  return (
    <>
      contribution {contributionId.toString()} by <Hex hex={contributor} what="contributor" />
    </>
  );
}
