import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { distributeOrder, type RoyaltyLine } from "../../ai/client/royalties.ts";
import { ancestryQuery } from "../chain/access.ts";
import { useProtocol } from "../chain/connection.tsx";
import { transact } from "../chain/transact.ts";
import { DatanetName } from "../ui/datanet-name.tsx";
import { Amount } from "../ui/exact.tsx";
import { Card, Facts, Section } from "../ui/layout.tsx";
import { Loaded } from "../ui/states.tsx";
import { SendButton } from "./send-button.tsx";

/** What a model was made from and gives on; nothing where it stands alone. */
export function Ancestry({ modelId }: { modelId: bigint }) {
  const protocol = useProtocol();
  const query = useQuery(ancestryQuery(protocol, modelId));
  const isAlone = query.data === undefined || query.data.table.length + query.data.children.length === 0;
  if (isAlone && query.error === null) return null;
  return (
    <Section
      title="Ancestry"
      note="Parts of what its owner gets of each fee. An ancestor's is divided by its own split: its contributors, owner and stakers."
    >
      <Loaded query={query} what="what it was made from" lines={3}>
        {({ parents, table, children, waiting, names }) => (
          <Card>
            <Facts
              facts={[
                [
                  "Made from",
                  parents.length === 0 ? undefined : (
                    <Models key="p" ids={parents.map((one) => one.modelId)} names={names} />
                  ),
                ],
                [
                  "It gives on",
                  table.length === 0 ? undefined : <Table key="t" table={table} names={names} />,
                ],
                [
                  "Made from it",
                  children.length === 0 ? undefined : <Models key="c" ids={children} names={names} />,
                ],
                [
                  "Waits of its answers",
                  table.length === 0 ? undefined : <Amount key="i" wei={waiting.income} />,
                ],
                [
                  "Waits of its descendants'",
                  children.length === 0 ? undefined : <Amount key="r" wei={waiting.royalties} />,
                ],
              ]}
            />
            {waiting.income + waiting.royalties === 0n ? null : (
              <div className="mt-3">
                <SendButton
                  label="Distribute what waits"
                  send={(signer) => transact(protocol.client, signer, distributeOrder(protocol.at, modelId))}
                />
              </div>
            )}
          </Card>
        )}
      </Loaded>
    </Section>
  );
}

type Names = ReadonlyMap<bigint, string>;

function Models({ ids, names }: { ids: readonly bigint[]; names: Names }) {
  return (
    <ul>
      {ids.map((id) => (
        <li key={id.toString()}>
          <ModelName id={id} names={names} />
        </li>
      ))}
    </ul>
  );
}

function ModelName({ id, names }: { id: bigint; names: Names }) {
  return (
    <Link
      to="/models/$model"
      params={{ model: id.toString() }}
      className="break-words text-accent hover:underline"
    >
      {names.get(id)}, model {id.toString()}
    </Link>
  );
}

function Table({ table, names }: { table: readonly RoyaltyLine[]; names: Names }) {
  return (
    <ul>
      {table.map((line) =>
        "modelId" in line ? (
          <li key={`m${line.modelId}`}>
            {line.bps / 100} % to <ModelName id={line.modelId} names={names} />
          </li>
        ) : (
          <li key={`s${line.snapshot.datanetId}:${line.snapshot.number}`}>
            {line.bps / 100} % to the contributors of <DatanetName datanetId={line.snapshot.datanetId} />,
            snapshot {line.snapshot.number}
          </li>
        ),
      )}
    </ul>
  );
}
