import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Hash } from "../../chain/types/primitives.ts";
import { type L1Side, l1Query } from "../chain/bridge.ts";
import { useConnection } from "../chain/connection.tsx";
import { headsQuery } from "../chain/heads.ts";
import { batchQuery, depositOriginQuery, outputQuery, withdrawalQuery } from "../chain/l1-links.ts";
import { useLive } from "../chain/live-provider.tsx";
import { useSigner } from "../chain/signer.ts";
import { Amount, Hex, Time } from "../ui/exact.tsx";
import { Card, Facts, Section } from "../ui/layout.tsx";
import { Coming } from "../ui/states.tsx";
import { WithdrawalBadge, WithdrawalStep } from "./bridge-lists.tsx";

/** What is told while it is looked for. */
const LOOKING = <Coming />;

/** L1, where pages may ask it; nothing stands there otherwise. */
function WithL1({ children }: { children: (l1: L1Side) => ReactNode }) {
  const connection = useConnection();
  const { data, error } = useQuery({ ...l1Query(connection), enabled: connection.site.l1Url !== undefined });
  if (connection.site.l1Url === undefined) return null;
  return (
    <Section title="On L1">
      <Card className="min-h-24">
        {error !== null ? "L1 does not answer." : data === undefined ? LOOKING : children(data)}
      </Card>
    </Section>
  );
}

/** Where a block lies on L1: the batch that holds it, and the output that covers it. */
export function BlockOnL1({ number }: { number: bigint }) {
  return <WithL1>{(l1) => <BlockFacts l1={l1} block={number} />}</WithL1>;
}

function useBlockFacts(l1: L1Side, number: bigint): (readonly [string, ReactNode])[] {
  const connection = useConnection();
  const { head } = useLive();
  const safe = useQuery(headsQuery(connection, head)).data?.safe;
  const batch = useQuery({
    ...batchQuery(connection, l1, number, safe ?? 0n),
    enabled: safe !== undefined,
  });
  const output = useQuery(outputQuery(l1, number, head?.number ?? 0n));
  return [
    ["Batch", batch.error === null ? batchText(batch.data) : "this node does not tell"],
    ["Output", output.error === null ? outputText(output.data) : "L1 does not answer"],
  ];
}

function batchText(
  batch: { l1Block: bigint; transactions: readonly Hash[] } | "none" | undefined,
): ReactNode {
  if (batch === undefined) return LOOKING;
  if (batch === "none") return "not on L1 yet";
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      ends in L1's block {batch.l1Block.toString()}
      {batch.transactions.map((hash) => (
        <Hex key={hash} hex={hash} what="transaction on L1" />
      ))}
    </span>
  );
}

function outputText(
  output: { index: bigint; root: Hash; block: bigint; proposedAt: number } | "none" | undefined,
): ReactNode {
  if (output === undefined) return LOOKING;
  if (output === "none") return "no output covers it yet";
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      number {output.index.toString()}, up to block {output.block.toString()}, proposed{" "}
      <Time seconds={output.proposedAt} />
      <Hex hex={output.root} what="output root" />
    </span>
  );
}

/** What a transaction has to do with L1: where it came from, and what goes home by it. */
export function TransactionOnL1({
  hash,
  block,
  isDeposit,
}: {
  hash: Hash;
  block: bigint;
  isDeposit: boolean;
}) {
  return (
    <WithL1>
      {(l1) => (
        <>
          {isDeposit ? <DepositOrigin l1={l1} hash={hash} block={block} /> : null}
          <GoingHome l1={l1} hash={hash} />
          <BlockFacts l1={l1} block={block} />
        </>
      )}
    </WithL1>
  );
}

function BlockFacts({ l1, block }: { l1: L1Side; block: bigint }) {
  return <Facts facts={useBlockFacts(l1, block)} />;
}

function DepositOrigin({ l1, hash, block }: { l1: L1Side; hash: Hash; block: bigint }) {
  const { data, error } = useQuery(depositOriginQuery(useConnection(), l1, hash, block));
  if (error !== null) return null;
  if (data === undefined) return LOOKING;
  return (
    <p className="mb-3 flex flex-wrap items-center gap-x-2 text-sm">
      {data === "none" ? (
        "It opens its block with what L1's newest known block says."
      ) : (
        <>
          It came from L1's block {data.l1Block.toString()}
          <Hex hex={data.transaction} what="transaction on L1" />
        </>
      )}
    </p>
  );
}

function GoingHome({ l1, hash }: { l1: L1Side; hash: Hash }) {
  const { head } = useLive();
  const signer = useSigner();
  const query = useQuery(withdrawalQuery(useConnection(), l1, hash, head?.number ?? 0n));
  const { data } = query;
  if (data === undefined || data === "none") return null;
  return (
    <div className="mb-3 flex flex-wrap items-center gap-3 text-sm">
      <span>
        <Amount wei={data.amount} /> go home to L1:
      </span>
      <WithdrawalBadge withdrawal={data} />
      <WithdrawalStep withdrawal={data} l1={l1} signer={signer} onDone={() => void query.refetch()} />
      <Link to="/bridge" className="text-accent hover:underline">
        Bridge
      </Link>
    </div>
  );
}
