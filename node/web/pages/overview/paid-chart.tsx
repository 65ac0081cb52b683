import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useProtocol } from "../../chain/connection.tsx";
import { type PaidPoint, paidQuery } from "../../chain/overview.ts";
import { Chart } from "../../ui/chart.tsx";
import { Amount } from "../../ui/exact.tsx";
import { Card, Section } from "../../ui/layout.tsx";
import { Stale } from "../../ui/stale.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";

const WEI = 1e18;

/** OPEN that contributors earned so far. */
export function PaidChart() {
  const paid = useQuery(paidQuery(useProtocol()));
  return (
    <Section
      title="Paid to contributors"
      note="Everything that answers and snapshots' pools brought them, since the chain began."
      aside={<Stale updatedAt={paid.dataUpdatedAt} />}
    >
      <Loaded query={paid} what="the payments" lines={10}>
        {(points) =>
          points.length === 0 ? (
            <Empty title="Nothing was paid yet.">
              Contributors are paid when an answer's window for challenges has passed.
            </Empty>
          ) : (
            <Card>
              <p className="text-2xl font-semibold tracking-tight">
                <Amount wei={points.at(-1)!.total} />
              </p>
              <div className="mt-3">
                <PaidLine points={points} />
              </div>
              <p className="mt-2 text-sm">
                <Link to="/rewards" className="text-accent hover:underline">
                  What an address earned
                </Link>
              </p>
            </Card>
          )
        }
      </Loaded>
    </Section>
  );
}

function PaidLine({ points }: { points: readonly PaidPoint[] }) {
  // A line needs two ends: it begins with nothing paid.
  const first = points[0]!;
  const x = [first.seconds - 1, ...points.map(({ seconds }) => seconds)];
  const values = [0, ...points.map(({ total }) => Number(total) / WEI)];
  return (
    <Chart
      label={`OPEN paid to contributors over time, ${values.at(-1)!.toFixed(4)} by now`}
      x={x}
      lines={[{ name: "OPEN", values }]}
      isTime
      isStepped
      format={formatPaid}
    />
  );
}

const formatPaid = (open: number) => (open === 0 ? "0" : Number(open.toPrecision(4)).toString());
