import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useProtocol } from "../chain/connection.tsx";
import { type Datanet, datanetsQuery } from "../chain/datanets.ts";
import { Amount } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Badge, Page } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";

/** The datanets, with a search over what they say of themselves. */
export function DatanetsPage() {
  const protocol = useProtocol();
  const datanets = useQuery(datanetsQuery(protocol));
  const [words, setWords] = useState("");
  return (
    <Page
      title="Datanets"
      lead="Data sets with an owner, a licence and reviewers. Whoever puts rows into one is paid when a model answers with them."
    >
      <div>
        <label htmlFor="search" className="sr-only">
          Search datanets
        </label>
        <input
          id="search"
          type="search"
          value={words}
          onChange={(event) => setWords(event.target.value)}
          placeholder="Search by name, licence or owner"
          className="w-full max-w-md rounded-md border border-line bg-surface px-3 py-2"
        />
      </div>
      <Loaded query={datanets} what="the datanets" lines={6}>
        {(list) => <Found list={list.filter((datanet) => fits(datanet, words))} isAny={list.length > 0} />}
      </Loaded>
    </Page>
  );
}

function fits({ name, licence, owner, datanetId }: Datanet, words: string): boolean {
  const text = `${datanetId} ${name} ${licence} ${owner}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function Found({ list, isAny }: { list: readonly Datanet[]; isAny: boolean }) {
  if (list.length === 0)
    return isAny ? (
      <Empty title="No datanet fits these words." />
    ) : (
      <Empty title="No datanets yet.">
        Create one: <code className="font-mono">openledger datanet create --help</code>
      </Empty>
    );
  return (
    <ul className="grid gap-4 md:grid-cols-2">
      {list.map((datanet) => (
        <li key={datanet.datanetId.toString()}>
          <article className="h-full rounded-lg border border-line bg-surface p-4 hover:border-accent/60">
            <div className="flex flex-wrap items-start justify-between gap-2">
              <h2 className="min-w-0 text-lg font-medium break-words">
                <Link
                  to="/datanets/$datanet"
                  params={{ datanet: datanet.datanetId.toString() }}
                  className="hover:underline"
                >
                  {datanet.name}
                </Link>
              </h2>
              <Badge>{datanet.licence}</Badge>
            </div>
            <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-1 text-sm">
              <dt className="text-soft">Accepted rows</dt>
              <dd>{formatCount(datanet.rows)}</dd>
              <dt className="text-soft">Contributions</dt>
              <dd>{formatCount(datanet.accepted)}</dd>
              <dt className="text-soft">Snapshots</dt>
              <dd>{datanet.snapshots}</dd>
              <dt className="text-soft">Stake</dt>
              <dd>
                <Amount wei={datanet.stake} />
              </dd>
            </dl>
          </article>
        </li>
      ))}
    </ul>
  );
}
