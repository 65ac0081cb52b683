import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isAddress } from "viem";
import { retireOrder } from "../../ai/client/datanets.ts";
import { transferIncomeOrder } from "../../ai/client/income.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { useProtocol } from "../chain/connection.tsx";
import { ownRowsQuery, type PaidContribution } from "../chain/own-rows.ts";
import { useSigner } from "../chain/signer.ts";
import { transact } from "../chain/transact.ts";
import { Button } from "../ui/button.tsx";
import { DatanetName } from "../ui/datanet-name.tsx";
import { Amount, Hex } from "../ui/exact.tsx";
import { Field } from "../ui/field.tsx";
import { formatCount } from "../ui/format.ts";
import { Cell, Section, Table } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { SendButton } from "./send-button.tsx";

/** What an account put into datanets or is paid for; the account takes its rows out, and gives what it is paid on. */
export function OwnRows({ account }: { account: Address }) {
  const query = useQuery(ownRowsQuery(useProtocol(), account));
  const signer = useSigner();
  const isOwn = signer?.address === account;
  return (
    <Section
      title="Its rows"
      note="Rows that are taken out are skipped by later snapshots. Models that learnt from earlier ones go on paying for them. What rows earn can be given to another account; stake and rights stay with who put them in."
    >
      <Loaded query={query} what="the rows" lines={4}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="This account has put nothing into a datanet." />
          ) : (
            <Table
              caption="Rows of the account"
              head={[
                ...["Contribution", "Datanet", "Rows", "Stake", "State", "Paid to"],
                ...(isOwn ? ["Take out", "Give its income"] : []),
              ]}
            >
              {list.map((contribution) => (
                <Line
                  key={contribution.contributionId.toString()}
                  contribution={contribution}
                  account={account}
                  isOwn={isOwn}
                />
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}

function Line({
  contribution,
  account,
  isOwn,
}: {
  contribution: PaidContribution;
  account: Address;
  isOwn: boolean;
}) {
  const { contributionId, datanetId, rowCount, stake, stakeHeld, statusName, skippedFrom } = contribution;
  const isMaker = contribution.contributor.toLowerCase() === account;
  const isPaid = contribution.payee === account;
  const isIn = statusName === "accepted" && skippedFrom === 0;
  return (
    <tr>
      <Cell>{contributionId.toString()}</Cell>
      <Cell className="min-w-36">
        <DatanetName datanetId={datanetId} />
      </Cell>
      <Cell>{rowCount === 0 ? "hidden" : formatCount(rowCount)}</Cell>
      <Cell className="whitespace-nowrap">
        <Amount wei={stake} /> {stakeHeld ? "held" : "not held"}
      </Cell>
      <Cell className="whitespace-nowrap">
        {skippedFrom === 0 ? statusName : `out from snapshot ${skippedFrom} on`}
      </Cell>
      <Cell className="whitespace-nowrap">
        {isMaker && isPaid ? "its contributor" : <Hex hex={contribution.payee} what="payee" />}
        {isMaker ? "" : ", made by another"}
      </Cell>
      {isOwn ? <Cell>{isMaker && isIn ? <TakeOut contributionId={contributionId} /> : null}</Cell> : null}
      {isOwn ? (
        <Cell>
          {isPaid && statusName === "accepted" ? <GiveIncome contributionId={contributionId} /> : null}
        </Cell>
      ) : null}
    </tr>
  );
}

/** Two steps: only who receives it can give it back. */
function GiveIncome({ contributionId }: { contributionId: bigint }) {
  const { client, at } = useProtocol();
  const [to, setTo] = useState<string>();
  if (to === undefined)
    return (
      <Button aria-label={`Give the income of contribution ${contributionId}`} onClick={() => setTo("")}>
        Give it
      </Button>
    );
  const payee = to.trim().toLowerCase();
  return (
    <div className="min-w-64 space-y-2">
      <Field
        name="New payee"
        placeholder="0x…"
        value={to}
        onChange={(event) => setTo(event.target.value)}
        note="Paid from now on, with what waits in the pools. Only it can give the income back."
      />
      <div className="flex flex-wrap gap-2">
        <SendButton
          kind="main"
          label="Give the income"
          why={isAddress(payee) ? undefined : "An address has 0x and 40 hexadecimal digits."}
          send={(signer) =>
            transact(client, signer, transferIncomeOrder(at, contributionId, payee as Address))
          }
          onDone={() => setTo(undefined)}
        />
        <Button onClick={() => setTo(undefined)}>Keep it</Button>
      </div>
    </div>
  );
}

/** Two steps: what is taken out does not come back. */
function TakeOut({ contributionId }: { contributionId: bigint }) {
  const { client, at } = useProtocol();
  const [isAsked, setAsked] = useState(false);
  if (!isAsked)
    return (
      <Button aria-label={`Take contribution ${contributionId} out`} onClick={() => setAsked(true)}>
        Take out
      </Button>
    );
  return (
    <div className="min-w-52 space-y-2">
      <p>This can't be undone.</p>
      <div className="flex flex-wrap gap-2">
        <SendButton
          kind="main"
          label="Take them out"
          send={(signer) => transact(client, signer, retireOrder(at, contributionId))}
        />
        <Button onClick={() => setAsked(false)}>Keep them</Button>
      </div>
    </div>
  );
}
