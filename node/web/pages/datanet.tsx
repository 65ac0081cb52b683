import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useProtocol } from "../chain/connection.tsx";
import {
  type Contribution,
  contributionsQuery,
  type Datanet,
  datanetQuery,
  type FrozenSnapshot,
  reviewersQuery,
  snapshotsQuery,
  statusName,
} from "../chain/datanets.ts";
import { contributionQuery } from "../chain/queries.ts";
import { parseNumber } from "../site/numbers.ts";
import { buttonClass } from "../ui/button.tsx";
import { Amount, Hex, Time } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Badge, Card, Cell, Facts, Page, Section, Table, type Tone } from "../ui/layout.tsx";
import { RowList, type ShownRow } from "../ui/row-list.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { Access } from "./datanet-access.tsx";
import { SnapshotChanges } from "./snapshot-changes.tsx";

/** One datanet: its rules, who put what in, its frozen versions and its rows. */
export function DatanetPage() {
  const { datanet: text } = useParams({ from: "/protocol/datanets/$datanet" });
  const id = parseNumber(text);
  if (id === undefined)
    return (
      <Page title="Datanet">
        <Empty title="A datanet has a number.">Choose one on the page Datanets.</Empty>
      </Page>
    );
  return <KnownDatanet datanetId={id} />;
}

function KnownDatanet({ datanetId }: { datanetId: bigint }) {
  const protocol = useProtocol();
  const query = useQuery(datanetQuery(protocol, datanetId));
  const params = { datanet: datanetId.toString() };
  return (
    <Page
      title={query.data?.name ?? `Datanet ${datanetId}`}
      lead={`Datanet ${datanetId}`}
      actions={
        <div className="flex flex-wrap gap-2">
          <Link to="/datanets/$datanet/review" params={params} className={buttonClass()}>
            Review queue
          </Link>
          <Link to="/datanets/$datanet/contribute" params={params} className={buttonClass("main")}>
            Contribute
          </Link>
        </div>
      }
    >
      <Loaded query={query} what="the datanet" lines={8}>
        {(datanet) => (
          <>
            <Rules datanet={datanet} />
            <Access datanet={datanet} />
            <Contributions datanetId={datanetId} />
            <Snapshots datanet={datanet} />
            <Rows datanetId={datanetId} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Rules({ datanet }: { datanet: Datanet }) {
  const protocol = useProtocol();
  const reviewers = useQuery(reviewersQuery(protocol, datanet.datanetId));
  return (
    <Card>
      <Facts
        facts={[
          ["Licence", datanet.licence],
          ["Owner", <Hex key="owner" hex={datanet.owner} what="owner" />],
          ["Stake behind each contribution", <Amount key="stake" wei={datanet.stake} />],
          [
            "Reviewers",
            <span key="reviewers" className="flex flex-wrap gap-x-4">
              {reviewers.data?.map((reviewer) => <Hex key={reviewer} hex={reviewer} what="reviewer" />) ??
                datanet.reviewers}
            </span>,
          ],
          ["Approvals that accept", datanet.quorum],
          ["Accepted", `${formatCount(datanet.rows)} rows in ${formatCount(datanet.accepted)} contributions`],
          ["More about it", datanet.uri === "" ? undefined : <span key="uri">{datanet.uri}</span>],
        ]}
      />
    </Card>
  );
}

const TONES: Readonly<Record<string, Tone>> = {
  committed: "plain",
  revealed: "warn",
  approved: "accent",
  accepted: "good",
  rejected: "bad",
  withdrawn: "plain",
};

function Contributions({ datanetId }: { datanetId: bigint }) {
  const protocol = useProtocol();
  const query = useQuery(contributionsQuery(protocol, datanetId));
  return (
    <Section title="Contributions">
      <Loaded query={query} what="the contributions" lines={6}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="Nobody has contributed yet.">
              Be the first: drop a file on the page Contribute.
            </Empty>
          ) : (
            <Table caption="Contributions" head={["Number", "State", "Contributor", "Rows", "Stake"]}>
              {list.map((contribution) => (
                <ContributionLine key={contribution.contributionId.toString()} contribution={contribution} />
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}

function ContributionLine({ contribution }: { contribution: Contribution }) {
  const { contributionId, status, contributor, rowCount, stake, stakeHeld } = contribution;
  const name = statusName(status);
  return (
    <tr>
      <Cell>{contributionId.toString()}</Cell>
      <Cell>
        <Badge tone={TONES[name]}>{name}</Badge>
      </Cell>
      <Cell>
        <Hex hex={contributor.toLowerCase()} what="contributor" />
      </Cell>
      <Cell>{rowCount === 0 ? "hidden" : formatCount(rowCount)}</Cell>
      <Cell>
        <Amount wei={stake} /> {stakeHeld ? "held" : "returned"}
      </Cell>
    </tr>
  );
}

/** Below everything else: the list is as long as it is. */
function Rows({ datanetId }: { datanetId: bigint }) {
  const protocol = useProtocol();
  const contributions = useQuery(contributionsQuery(protocol, datanetId)).data ?? [];
  const list = contributions.filter(({ status }) => statusName(status) === "accepted");
  const documents = useQueries({
    queries: list.map(({ contributionId }) => contributionQuery(protocol, contributionId)),
  });
  const isReady = documents.every(({ data }) => data !== undefined);
  const rows: ShownRow[] = documents.flatMap(({ data }) =>
    (data?.document?.rows ?? []).map((row, number) => ({
      row,
      number,
      note: `contribution ${data?.contributionId}`,
    })),
  );
  if (list.length === 0) return null;
  return (
    <Section
      title="Rows"
      note={isReady ? `${formatCount(rows.length)} rows of accepted contributions` : "Fetching the documents"}
    >
      <Loaded
        query={{ data: isReady ? rows : undefined, error: null, refetch: () => undefined }}
        what="the rows"
        lines={8}
      >
        {(found) => <RowList rows={found} label="Rows of accepted contributions" />}
      </Loaded>
    </Section>
  );
}

function Snapshots({ datanet }: { datanet: Datanet }) {
  const protocol = useProtocol();
  const query = useQuery(snapshotsQuery(protocol, datanet));
  return (
    <Section
      title="Snapshots"
      note="Frozen versions, on which models are trained. Each holds all that the one before held."
    >
      <Loaded query={query} what="the snapshots" lines={3}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="Nothing is frozen yet.">
              The owner freezes what was accepted:{" "}
              <code className="font-mono">openledger datanet freeze {datanet.datanetId.toString()}</code>
            </Empty>
          ) : (
            <>
              <Table caption="Snapshots" head={["Number", "Frozen", "Contributions", "Rows", "Root"]}>
                {list.map((snapshot, i) => (
                  <SnapshotLine key={snapshot.number} snapshot={snapshot} before={list[i + 1]} />
                ))}
              </Table>
              <SnapshotChanges datanetId={datanet.datanetId} numbers={list.map(({ number }) => number)} />
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

function SnapshotLine({
  snapshot,
  before,
}: {
  snapshot: FrozenSnapshot;
  before: FrozenSnapshot | undefined;
}) {
  const { number, root, contributions, rows, frozenAt } = snapshot;
  const added = (now: number | bigint, then: number | bigint) =>
    `${formatCount(now)} (+${formatCount(BigInt(now) - BigInt(then))})`;
  return (
    <tr>
      <Cell>{number}</Cell>
      <Cell>
        <Time seconds={frozenAt} />
      </Cell>
      <Cell>{added(contributions, before?.contributions ?? 0)}</Cell>
      <Cell>{added(rows, before?.rows ?? 0n)}</Cell>
      <Cell>
        <Hex hex={root} what="root" />
      </Cell>
    </tr>
  );
}
