import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Transaction } from "viem";
import type { Hash } from "../../chain/types/primitives.ts";
import { useConnection } from "../chain/connection.tsx";
import { parseNumber } from "../site/numbers.ts";
import { Amount, Hex, Time } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Card, Cell, Facts, Page, Section, Table } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { AddressLink, BlockBadge } from "./explorer-parts.tsx";
import { BlockOnL1 } from "./l1-links.tsx";

/** One block by its number or hash. */
export function BlockPage() {
  const { block: text } = useParams({ from: "/explorer/block/$block" });
  const number = parseNumber(text);
  const isHash = /^0x[0-9a-f]{64}$/.test(text);
  if (number === undefined && !isHash)
    return (
      <Page title="Block">
        <Empty title="A block has a number or a hash." />
      </Page>
    );
  return (
    <KnownBlock
      text={text}
      place={number === undefined ? { blockHash: text as Hash } : { blockNumber: number }}
    />
  );
}

type Place = { blockHash: Hash } | { blockNumber: bigint };

function KnownBlock({ text, place }: { text: string; place: Place }) {
  const { client } = useConnection();
  const query = useQuery({
    queryKey: ["block", text],
    queryFn: () => client.public.getBlock({ ...place, includeTransactions: true }),
  });
  const title = query.data === undefined ? "Block" : `Block ${query.data.number}`;
  return (
    <Page title={title} actions={query.data && <BlockBadge number={query.data.number} />}>
      <Loaded query={query} what="the block" lines={8}>
        {(block) => (
          <>
            <Card>
              <Facts
                facts={[
                  ["Hash", <Hex key="hash" hex={block.hash} what="hash" />],
                  ["Built", <Time key="time" seconds={Number(block.timestamp)} />],
                  [
                    "Parent",
                    <Link
                      key="parent"
                      to="/explorer/block/$block"
                      params={{ block: block.parentHash }}
                      className="text-accent hover:underline"
                    >
                      block {(block.number - 1n).toString()}
                    </Link>,
                  ],
                  ["Gas", `${formatCount(block.gasUsed)} of ${formatCount(block.gasLimit)}`],
                  ["Base fee", `${formatCount(block.baseFeePerGas ?? 0n)} wei`],
                  ["State root", <Hex key="state" hex={block.stateRoot} what="state root" />],
                ]}
              />
            </Card>
            <BlockOnL1 number={block.number} />
            <Transactions list={block.transactions} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Transactions({ list }: { list: readonly Transaction[] }) {
  return (
    <Section title="Transactions">
      <Table caption="Transactions" head={["Hash", "From", "To", "Amount"]}>
        {list.map(({ hash, from, to, value }) => (
          <tr key={hash}>
            <Cell>
              <Link
                to="/explorer/tx/$hash"
                params={{ hash }}
                className="font-mono text-accent hover:underline"
              >
                {hash.slice(0, 10)}…
              </Link>
            </Cell>
            <Cell>
              <AddressLink address={from} />
            </Cell>
            <Cell>{to === null ? "a new contract" : <AddressLink address={to} />}</Cell>
            <Cell>
              <Amount wei={value} />
            </Cell>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
