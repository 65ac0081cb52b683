import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useProtocol } from "../../chain/connection.tsx";
import { epochsQuery, type ReadEpoch } from "../../chain/epochs.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Cell, Page, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { EpochBadge } from "./parts.tsx";

/** Many answers that hosts settled at once, the newest first. */
export function EpochsPage() {
  const query = useQuery(epochsQuery(useProtocol()));
  return (
    <Page
      title="Epochs"
      lead="Answers that purses paid for, many in one transaction. Each stands as a leaf under its epoch's root: one false leaf refutes the epoch, and all fees go back."
    >
      <Loaded query={query} what="the epochs" lines={8}>
        {({ count, epochs }) =>
          epochs.length === 0 ? (
            <Empty title="No host closed an epoch yet.">
              A host closes one after a time, or after enough answers that purses paid for.
            </Empty>
          ) : (
            <>
              <Table
                caption="Epochs"
                head={[
                  "Epoch",
                  "State",
                  "Model",
                  "Answers",
                  "Fees",
                  "To contributions",
                  "Window ends",
                  "Host",
                ]}
              >
                {epochs.map((epoch) => (
                  <EpochLine key={epoch.closed.epochId.toString()} epoch={epoch} />
                ))}
              </Table>
              {count > epochs.length ? (
                <p className="text-sm text-soft">
                  The newest {epochs.length} of {formatCount(count)}.
                </p>
              ) : null}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function EpochLine({ epoch: { closed, state } }: { epoch: ReadEpoch }) {
  const { epochId, host, closing } = closed;
  return (
    <tr>
      <Cell className="whitespace-nowrap">
        <Link
          to="/epochs/$epoch"
          params={{ epoch: epochId.toString() }}
          className="text-accent hover:underline"
        >
          {`Epoch ${closing.number}`}
        </Link>
      </Cell>
      <Cell>
        <EpochBadge state={state} />
      </Cell>
      <Cell>
        <Link
          to="/models/$model"
          params={{ model: closing.modelId.toString() }}
          className="text-accent hover:underline"
        >
          {closing.modelId.toString()}
        </Link>
      </Cell>
      <Cell className="tabular-nums">{formatCount(closing.count)}</Cell>
      <Cell>
        <Amount wei={state.fees} />
      </Cell>
      <Cell>
        <Amount wei={state.payoutSum} />
      </Cell>
      <Cell>
        <Time seconds={Number(state.deadline)} />
      </Cell>
      <Cell>
        <Hex hex={host} what="address" />
      </Cell>
    </tr>
  );
}
