import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { Address } from "../../chain/types/primitives.ts";
import { useProtocol } from "../chain/connection.tsx";
import { LIVE } from "../chain/live-provider.tsx";
import { contributionQuery } from "../chain/queries.ts";
import { type Earning, type Rewards, rewardsOf, toCsv, withdraw } from "../chain/rewards.ts";
import { useSigner } from "../chain/signer.ts";
import { requireSigner } from "../chain/transact.ts";
import { saveFile } from "../site/save-file.ts";
import { Button } from "../ui/button.tsx";
import { Amount, Hex } from "../ui/exact.tsx";
import { Card, Cell, Page, Section, Table } from "../ui/layout.tsx";
import { Coming, Empty, Loaded, Problem } from "../ui/states.tsx";
import { CountedRows } from "./counted-rows.tsx";
import { InEpochs } from "./in-epochs.tsx";
import { OwnRows } from "./own-rows.tsx";

/** Payments that the table shows; the CSV has all. */
const SHOWN = 200;

/** What the connected account earned, or any other by its address. */
export function RewardsPage() {
  const signer = useSigner();
  return (
    <Page title="Rewards" lead="What a contributor's rows earned, answer by answer.">
      <AddressForm />
      {signer === undefined ? (
        <Empty title="Connect an account to see what it earned.">Or give any contributor's address.</Empty>
      ) : (
        <AccountRewards account={signer.address} />
      )}
    </Page>
  );
}

/** What one address earned. */
export function RewardsOfPage() {
  const { account: text } = useParams({ from: "/protocol/rewards/$account" });
  const account = text.toLowerCase();
  return (
    <Page title="Rewards" lead={<Hex hex={account} what="address" />}>
      {/^0x[0-9a-f]{40}$/.test(account) ? (
        <AccountRewards account={account as Address} />
      ) : (
        <Empty title="This is no address.">It has 0x and 40 hexadecimal digits.</Empty>
      )}
    </Page>
  );
}

function AddressForm() {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const go = (event: FormEvent) => {
    event.preventDefault();
    void navigate({ to: "/rewards/$account", params: { account: text.trim() } });
  };
  return (
    <form onSubmit={go} className="flex max-w-xl gap-2">
      <label htmlFor="account" className="sr-only">
        Address
      </label>
      <input
        id="account"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder="0x…"
        className="min-w-0 flex-1 rounded-md border border-line bg-surface px-3 py-2 font-mono text-sm"
      />
      <Button type="submit" disabled={text.trim() === ""}>
        Look up
      </Button>
    </form>
  );
}

function AccountRewards({ account }: { account: Address }) {
  const protocol = useProtocol();
  const query = useQuery({
    queryKey: [LIVE, "rewards", account],
    queryFn: () => rewardsOf(protocol, account),
  });
  return (
    <Loaded query={query} what="the rewards" lines={8}>
      {(rewards) => (
        <>
          <Totals rewards={rewards} account={account} />
          <Payments earnings={rewards.earnings} account={account} />
          <InEpochs account={account} />
          <CountedRows account={account} />
          <OwnRows account={account} />
        </>
      )}
    </Loaded>
  );
}

function Totals({ rewards, account }: { rewards: Rewards; account: Address }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const drawing = useMutation({ mutationFn: () => withdraw(protocol, requireSigner(signer)) });
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Card>
        <p className="text-sm text-soft">Earned by its rows</p>
        <p className="mt-1 text-2xl font-semibold">
          <Amount wei={rewards.total} />
        </p>
        <p className="mt-1 text-sm text-soft">
          Answers pay contributors at once: that is in the account already. What epochs paid is withdrawn
          beside.
        </p>
      </Card>
      <Card>
        <p className="text-sm text-soft">Waits to be withdrawn</p>
        <p className="mt-1 text-2xl font-semibold">
          <Amount wei={rewards.waiting} />
        </p>
        {signer?.address === account ? (
          <Button
            className="mt-2"
            disabled={rewards.waiting === 0n || drawing.isPending}
            title={rewards.waiting === 0n ? "Nothing waits" : undefined}
            onClick={() => drawing.mutate()}
          >
            {drawing.isPending ? "Withdrawing…" : "Withdraw"}
          </Button>
        ) : (
          <p className="mt-1 text-sm text-soft">
            Returned stakes, bonds, purses, pool shares and draws from epochs. Its own account withdraws them.
          </p>
        )}
        {drawing.error === null ? null : <Problem error={drawing.error} />}
      </Card>
    </div>
  );
}

function Payments({ earnings, account }: { earnings: readonly Earning[]; account: Address }) {
  if (earnings.length === 0)
    return (
      <Empty title="No answer has paid this account yet.">
        Rows earn when a model that learnt from them answers with them.
      </Empty>
    );
  return (
    <Section title="Payments">
      <div className="mb-3">
        <Button onClick={() => saveFile(`rewards-${account}.csv`, "text/csv", toCsv(earnings))}>
          Save as CSV
        </Button>
      </div>
      <Table caption="Payments" head={["For", "Contribution", "Amount", "Block", "Transaction"]}>
        {earnings.slice(0, SHOWN).map((earning) => (
          <PaymentLine
            key={`${earning.transactionHash} ${earning.contributionId} ${earning.requestId ?? earning.epochId}`}
            earning={earning}
          />
        ))}
      </Table>
    </Section>
  );
}

function EpochLink({ epochId }: { epochId: bigint }) {
  return (
    <Link
      to="/epochs/$epoch"
      params={{ epoch: epochId.toString() }}
      className="text-accent hover:underline"
    >{`epoch ${BigInt.asUintN(64, epochId)}`}</Link>
  );
}

function PaymentLine({
  earning: { requestId, epochId, contributionId, amount, blockNumber, transactionHash },
}: {
  earning: Earning;
}) {
  const protocol = useProtocol();
  const { data: contribution, isPending } = useQuery(contributionQuery(protocol, contributionId));
  return (
    <tr>
      <Cell className="whitespace-nowrap">
        {epochId !== undefined ? (
          <EpochLink epochId={epochId} />
        ) : requestId === undefined ? (
          "a snapshot's pool"
        ) : (
          <Link
            to="/answers/$request"
            params={{ request: requestId.toString() }}
            className="text-accent hover:underline"
          >
            answer {requestId.toString()}
          </Link>
        )}
      </Cell>
      <Cell className="whitespace-nowrap">
        {contributionId.toString()}
        {contribution === undefined ? "" : ` in ${contribution.datanet}`} {isPending ? <Coming /> : null}
      </Cell>
      <Cell>
        <Amount wei={amount} />
      </Cell>
      <Cell>{blockNumber.toString()}</Cell>
      <Cell>
        <Hex hex={transactionHash} what="transaction" />
      </Cell>
    </tr>
  );
}
