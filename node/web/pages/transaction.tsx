import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { TransactionReceipt } from "viem";
import type { Hash } from "../../chain/types/primitives.ts";
import { useConnection } from "../chain/connection.tsx";
import { contractAt, decodeCall, decodeEvent } from "../chain/explorer.ts";
import { LIVE } from "../chain/live-provider.tsx";
import { Amount, Hex } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Badge, Card, Facts, Page, Section } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { AddressLink, BlockBadge, DecodedText, useContracts } from "./explorer-parts.tsx";
import { InternalCalls } from "./internal-calls.tsx";
import { TransactionOnL1 } from "./l1-links.tsx";

/** The type of transactions that come from L1. */
const DEPOSIT = "0x7e";

/** One transaction: what it called, in words where the contract is the project's, and what happened. */
export function TransactionPage() {
  const { hash } = useParams({ from: "/explorer/tx/$hash" });
  if (!/^0x[0-9a-f]{64}$/.test(hash))
    return (
      <Page title="Transaction">
        <Empty title="This is no hash of a transaction." />
      </Page>
    );
  return <KnownTransaction hash={hash as Hash} />;
}

function KnownTransaction({ hash }: { hash: Hash }) {
  const { client } = useConnection();
  const query = useQuery({
    queryKey: [LIVE, "transaction", hash],
    queryFn: async () => {
      const transaction = await client.public.getTransaction({ hash });
      const isMined = transaction.blockNumber !== null;
      return {
        transaction,
        receipt: isMined ? await client.public.getTransactionReceipt({ hash }) : undefined,
      };
    },
  });
  return (
    <Page title="Transaction" lead={<Hex hex={hash} what="hash" />}>
      <Loaded query={query} what="the transaction" lines={8}>
        {({ transaction: { from, to, value, input, nonce, typeHex }, receipt }) => (
          <>
            <Card>
              <Facts
                facts={[
                  ["State", <State key="state" receipt={receipt} />],
                  ["From", <AddressLink key="from" address={from} />],
                  ["To", to === null ? "a new contract" : <AddressLink key="to" address={to} />],
                  ["Amount", <Amount key="value" wei={value} />],
                  ["Nonce", nonce],
                  ["Gas used", receipt && formatCount(receipt.gasUsed)],
                  [
                    "Fee on L2",
                    receipt && <Amount key="fee" wei={receipt.gasUsed * receipt.effectiveGasPrice} />,
                  ],
                  ["Fee for L1", receipt && <L1Fee key="l1" receipt={receipt} />],
                ]}
              />
            </Card>
            {receipt === undefined ? null : (
              <TransactionOnL1 hash={hash} block={receipt.blockNumber} isDeposit={typeHex === DEPOSIT} />
            )}
            <Call to={to} input={input} />
            {receipt === undefined ? null : <Events receipt={receipt} />}
            {receipt === undefined ? null : <InternalCalls hash={hash} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function State({ receipt }: { receipt: TransactionReceipt | undefined }) {
  if (receipt === undefined) return <Badge tone="warn">waits for a block</Badge>;
  const { status, blockNumber } = receipt;
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <Badge tone={status === "success" ? "good" : "bad"}>{status === "success" ? "done" : "reverted"}</Badge>
      <Link
        to="/explorer/block/$block"
        params={{ block: blockNumber.toString() }}
        className="text-accent hover:underline"
      >
        block {blockNumber.toString()}
      </Link>
      <BlockBadge number={blockNumber} />
    </span>
  );
}

/** What wallets leave out: the part of the fee that pays for L1. */
function L1Fee({ receipt }: { receipt: TransactionReceipt }) {
  const { l1Fee } = receipt as unknown as { l1Fee?: `0x${string}` | null };
  return <Amount wei={BigInt(l1Fee ?? "0x0")} />;
}

function Call({ to, input }: { to: string | null; input: Hash }) {
  const contract = contractAt(useContracts(), to);
  if (input === "0x") return null;
  const decoded = contract && decodeCall(contract, input);
  return (
    <Section title="Call">
      <Card className="text-sm">
        {decoded === undefined ? (
          <details>
            <summary className="cursor-pointer text-soft">
              {formatCount((input.length - 2) / 2)} bytes of data
            </summary>
            <p className="mt-2 font-mono text-xs break-all">{input.slice(0, 4_000)}</p>
          </details>
        ) : (
          <DecodedText decoded={decoded} />
        )}
      </Card>
    </Section>
  );
}

function Events({ receipt }: { receipt: TransactionReceipt }) {
  const contracts = useContracts();
  if (receipt.logs.length === 0) return null;
  return (
    <Section title="Events">
      <ul className="space-y-3">
        {receipt.logs.map(({ address, topics, data, logIndex }) => {
          const contract = contractAt(contracts, address);
          const decoded = contract && decodeEvent(contract, topics, data);
          return (
            <li key={logIndex}>
              <Card className="text-sm">
                <p className="mb-2">
                  <AddressLink address={address} />
                </p>
                {decoded === undefined ? (
                  <p className="font-mono text-xs break-all">{[...topics, data].join(" ").slice(0, 2_000)}</p>
                ) : (
                  <DecodedText decoded={decoded} />
                )}
              </Card>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
