import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { drawOrder } from "../../ai/client/epochs.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { useProtocol } from "../chain/connection.tsx";
import { type UndrawnIncome, undrawnQuery } from "../chain/epoch-income.ts";
import { ownRowsQuery } from "../chain/own-rows.ts";
import { transact } from "../chain/transact.ts";
import { Amount } from "../ui/exact.tsx";
import { Cell, Section, Table } from "../ui/layout.tsx";
import { Problem } from "../ui/states.tsx";
import { SendButton } from "./send-button.tsx";

/** What an account's contributions earned in epochs, and nobody drew yet; nothing where that is none. */
export function InEpochs({ account }: { account: Address }) {
  const protocol = useProtocol();
  const own = useQuery(ownRowsQuery(protocol, account));
  const ids = own.data?.filter(({ payee }) => payee === account).map(({ contributionId }) => contributionId);
  const income = useQuery({ ...undrawnQuery(protocol, account, ids ?? []), enabled: ids !== undefined });
  if (income.error !== null) return <Problem error={income.error} onRetry={() => void income.refetch()} />;
  if (income.data === undefined || income.data.length === 0) return null;
  return (
    <Section
      title="Earned in epochs, not drawn yet"
      note="A draw moves it to what waits to be withdrawn. It never expires."
    >
      <Table caption="Earned in epochs" head={["Epoch", "Contribution", "Amount", "Step"]}>
        {income.data.map((one) => (
          <IncomeLine key={`${one.epochId} ${one.contributionId}`} income={one} />
        ))}
      </Table>
    </Section>
  );
}

function IncomeLine({
  income: { epochId, contributionId, amount, isSettled, draw },
}: {
  income: UndrawnIncome;
}) {
  const { client, at } = useProtocol();
  return (
    <tr>
      <Cell className="whitespace-nowrap">
        <Link
          to="/epochs/$epoch"
          params={{ epoch: epochId.toString() }}
          className="text-accent hover:underline"
        >{`epoch ${BigInt.asUintN(64, epochId)}`}</Link>
      </Cell>
      <Cell>{contributionId.toString()}</Cell>
      <Cell>
        <Amount wei={amount} />
      </Cell>
      <Cell>
        {isSettled ? (
          <SendButton
            label={`Draw for contribution ${contributionId}`}
            send={(signer) => transact(client, signer, drawOrder(at, epochId, draw))}
          />
        ) : (
          "once it is settled"
        )}
      </Cell>
    </tr>
  );
}
