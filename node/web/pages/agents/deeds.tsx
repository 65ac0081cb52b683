import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Agents, deedsQuery, type ShownDeed } from "../../chain/agents.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Badge, Cell, Section, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { StatusBadge } from "../../ui/status.tsx";

/** What an agent did, each with the answers that it follows from. */
export function Deeds({ agents, id }: { agents: Agents; id: bigint }) {
  const query = useQuery(deedsQuery(agents, id));
  return (
    <Section
      title="Deeds"
      note="Each names the answers that it follows from; their receipts name whose rows made them. A refuted answer taints its deeds."
    >
      <Loaded query={query} what="the deeds" lines={4}>
        {(deeds) =>
          deeds.length === 0 ? (
            <Empty title="It did nothing yet.">
              A key acts with <code className="font-mono">openledger agent act</code>.
            </Empty>
          ) : (
            <Table caption="Deeds" head={["Deed", "When", "Call", "With", "By key", "Because of", "State"]}>
              {deeds.map((shown) => (
                <DeedRow key={shown.deed.id.toString()} shown={shown} />
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}

function DeedRow({ shown: { deed, answers } }: { shown: ShownDeed }) {
  return (
    <tr>
      <Cell>
        <Link
          to="/explorer/tx/$hash"
          params={{ hash: deed.transaction }}
          className="text-accent hover:underline"
        >
          deed {deed.id.toString()}
        </Link>
      </Cell>
      <Cell>
        <Time seconds={Number(deed.at)} />
      </Cell>
      <Cell className="whitespace-nowrap">
        <code className="font-mono text-xs">{deed.selector}</code> of <Hex hex={deed.target} what="target" />
      </Cell>
      <Cell>
        <Amount wei={deed.value} />
      </Cell>
      <Cell>
        <Hex hex={deed.key} what="key" />
      </Cell>
      <Cell>
        <ul className="space-y-1">
          {answers.map(({ requestId, status }) => (
            <li key={requestId.toString()} className="flex items-center gap-2 whitespace-nowrap">
              <Link
                to="/answers/$request"
                params={{ request: requestId.toString() }}
                className="text-accent hover:underline"
              >
                answer {requestId.toString()}
              </Link>
              <StatusBadge status={status} />
            </li>
          ))}
        </ul>
      </Cell>
      <Cell>{deed.isTainted ? <Badge tone="bad">tainted</Badge> : <Badge tone="good">stands</Badge>}</Cell>
    </tr>
  );
}
