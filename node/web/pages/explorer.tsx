import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useConnection } from "../chain/connection.tsx";
import { search } from "../chain/explorer.ts";
import { headsQuery } from "../chain/heads.ts";
import { useLive } from "../chain/live-provider.tsx";
import { Button } from "../ui/button.tsx";
import { Hex, Time } from "../ui/exact.tsx";
import { Figure } from "../ui/figure.tsx";
import { formatCount } from "../ui/format.ts";
import { Cell, Page, Section, Table } from "../ui/layout.tsx";
import { Empty, Loaded, Problem } from "../ui/states.tsx";

/** Blocks of one page. */
const SHOWN = 20n;

/** The chain itself: heads, the newest blocks, and a search over all of it. */
export function ExplorerPage() {
  return (
    <Page
      title="Explorer"
      lead="Blocks, transactions and addresses, with the project's own calls and events in words."
    >
      <SearchForm />
      <Heads />
      <Blocks />
    </Page>
  );
}

function SearchForm() {
  const connection = useConnection();
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const searching = useMutation({
    mutationFn: () => search(connection, words),
    onSuccess: (found) => found && navigate(found),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (words.trim() !== "") searching.mutate();
  };
  return (
    <form onSubmit={submit}>
      <label htmlFor="words" className="sr-only">
        Number, hash or address
      </label>
      <div className="flex max-w-2xl gap-2">
        <input
          id="words"
          type="search"
          value={words}
          onChange={(event) => setWords(event.target.value)}
          placeholder="Block number, hash or address"
          className="min-w-0 flex-1 rounded-md border border-line bg-surface px-3 py-2"
        />
        <Button type="submit" kind="main" disabled={searching.isPending}>
          Search
        </Button>
      </div>
      {searching.isSuccess && searching.data === undefined ? (
        <p role="status" className="mt-2 text-sm text-warn">
          This chain has no block, transaction or address like that.
        </p>
      ) : null}
      {searching.error === null ? null : <Problem error={searching.error} />}
    </form>
  );
}

function Heads() {
  const connection = useConnection();
  const { head } = useLive();
  const query = useQuery(headsQuery(connection, head));
  return (
    <Loaded query={query} what="the heads" lines={2}>
      {({ unsafe, safe, finalized, l1 }) => (
        <dl className="grid grid-cols-2 gap-3 md:grid-cols-4">
          <Figure name="Unsafe head" value={formatCount(head?.number ?? unsafe)} />
          <Figure name="Safe head" value={formatCount(safe)} />
          <Figure name="Finalized head" value={formatCount(finalized)} />
          <Figure name="L1 read up to" value={formatCount(l1)} />
        </dl>
      )}
    </Loaded>
  );
}

function Blocks() {
  const { client } = useConnection();
  const { head } = useLive();
  const query = useQuery({
    queryKey: ["blocks", head?.hash],
    queryFn: async () => {
      const newest = head?.number ?? (await client.public.getBlockNumber());
      const count = newest + 1n < SHOWN ? newest + 1n : SHOWN;
      const numbers = Array.from({ length: Number(count) }, (_, i) => newest - BigInt(i));
      return Promise.all(numbers.map((blockNumber) => client.public.getBlock({ blockNumber })));
    },
    placeholderData: (before) => before,
  });
  return (
    <Section title="Newest blocks">
      <Loaded query={query} what="the newest blocks" lines={10}>
        {(blocks) =>
          blocks.length === 0 ? (
            <Empty title="No blocks yet." />
          ) : (
            <Table caption="Newest blocks" head={["Number", "Built", "Transactions", "Gas", "Hash"]}>
              {blocks.map(({ number, timestamp, transactions, gasUsed, hash }, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the lines stay, what they say changes with every block
                <tr key={place}>
                  <Cell>
                    <Link
                      to="/explorer/block/$block"
                      params={{ block: number.toString() }}
                      className="text-accent hover:underline"
                    >
                      {number.toString()}
                    </Link>
                  </Cell>
                  <Cell>
                    <Time seconds={Number(timestamp)} />
                  </Cell>
                  <Cell>{transactions.length}</Cell>
                  <Cell>{formatCount(gasUsed)}</Cell>
                  <Cell>
                    <Hex hex={hash} what="hash" />
                  </Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}
