import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Published } from "../../../ai/epoch/published.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { epochQuery, leavesQuery } from "../../chain/epochs.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card, Cell, Facts, Page, Section, Table } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { Earned } from "./earned.tsx";
import { EpochBadge } from "./parts.tsx";

/** Leaves that the table shows. */
const SHOWN = 100;

/** One epoch: what it took of whom, its leaves, and what they paid. */
export function EpochPage() {
  const { epoch: text } = useParams({ from: "/protocol/epochs/$epoch" });
  // The host's address and a number of 64 bits.
  if (!/^\d{1,68}$/.test(text))
    return (
      <Page title="Epoch">
        <Empty title="An epoch has a number of up to 68 digits.">Choose one on the page Epochs.</Empty>
      </Page>
    );
  return <KnownEpoch epochId={BigInt(text)} />;
}

type Read = Awaited<ReturnType<NonNullable<ReturnType<typeof epochQuery>["queryFn"]>>>;

function KnownEpoch({ epochId }: { epochId: bigint }) {
  const query = useQuery(epochQuery(useProtocol(), epochId));
  return (
    <Page
      title={`Epoch ${BigInt.asUintN(64, epochId)}`}
      lead="Answers that purses paid for, settled at once."
      actions={query.data && <EpochBadge state={query.data.state} />}
    >
      <Loaded query={query} what="the epoch" lines={9}>
        {(read) => (
          <>
            <Section title="What it is">
              <Card>
                <EpochFacts read={read} />
              </Card>
            </Section>
            <Payers read={read} />
            <Leaves read={read} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function EpochFacts({ read: { closed, state, refutation } }: { read: Read }) {
  const { epochId, host, closing } = closed;
  const model = (
    <Link
      to="/models/$model"
      params={{ model: closing.modelId.toString() }}
      className="text-accent underline"
    >
      {closing.modelId.toString()}
    </Link>
  );
  return (
    <Facts
      facts={[
        [
          "Number",
          <span key="id" className="font-mono text-xs break-all">
            {epochId.toString()}
          </span>,
        ],
        ["Host", <Hex key="host" hex={host} what="address" />],
        ["Model", model],
        ["Answers", formatCount(closing.count)],
        ["Fees", <Amount key="fees" wei={state.fees} />],
        ["Host's bond", <Amount key="bond" wei={state.bond} />],
        [
          "To contributions",
          <span key="payouts">
            <Amount wei={state.payoutSum} />, <Amount wei={state.undrawn} /> of it not drawn
          </span>,
        ],
        [
          "Window",
          <span key="until">
            anybody can refute it before its end: <Time seconds={Number(state.deadline)} />
          </span>,
        ],
        ["Root", <Hex key="root" hex={closing.root} what="the root" />],
        ["Leaves' file", <Hex key="contents" hex={closing.contents} what="the content's id" />],
        [
          "Refuted",
          refutation && (
            <span>
              by <Hex hex={refutation.challenger} what="address" />: {refutation.reason}
            </span>
          ),
        ],
      ]}
    />
  );
}

function Payers({ read: { closed } }: { read: Read }) {
  return (
    <Section title="Who paid" note="The platform's part is on top of the net fees.">
      <Table caption="Who paid" head={["Payer", "Answers", "Net"]}>
        {closed.ranges.slice(0, SHOWN).map(({ payer, count, net }) => (
          <tr key={payer}>
            <Cell>
              <Hex hex={payer} what="address" />
            </Cell>
            <Cell className="tabular-nums">{formatCount(count)}</Cell>
            <Cell>
              <Amount wei={net} />
            </Cell>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function Leaves({ read: { closed, state } }: { read: Read }) {
  const leaves = useQuery(leavesQuery(useProtocol(), closed));
  return (
    <Loaded query={leaves} what="the leaves" lines={6}>
      {(published) =>
        published === null ? (
          <Empty title="This node has no file of its leaves that is what was closed.">
            Anybody may demand leaves on chain: a host that stays silent loses the epoch.
          </Empty>
        ) : (
          <>
            <Earned published={published} isSettled={state.status === "settled"} />
            <LeafTable published={published} />
          </>
        )
      }
    </Loaded>
  );
}

function LeafTable({ published: { epoch } }: { published: Published }) {
  const all = epoch.inferences;
  return (
    <Section
      title="Leaves"
      note={`What was asked is its payer's to tell. ${all.length > SHOWN ? `The first ${SHOWN} of ${formatCount(all.length)}.` : ""}`}
    >
      <Table caption="Leaves" head={["Place", "Payer", "Tokens in", "Tokens out", "Net", "Contributions"]}>
        {all.slice(0, SHOWN).map(({ payer, net, claim }, position) => (
          <tr key={claim.requestId.toString()}>
            <Cell>{position}</Cell>
            <Cell>
              <Hex hex={payer} what="address" />
            </Cell>
            <Cell className="tabular-nums">{formatCount(claim.tokensIn)}</Cell>
            <Cell className="tabular-nums">{formatCount(claim.tokensOut)}</Cell>
            <Cell>
              <Amount wei={net} />
            </Cell>
            <Cell>{claim.list.contributionIds.join(", ") || "none"}</Cell>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
