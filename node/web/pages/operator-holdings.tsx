import { useQuery } from "@tanstack/react-query";
import { useConnection } from "../chain/connection.tsx";
import { useLive } from "../chain/live-provider.tsx";
import { figureOf, ownHostQuery, type Sample } from "../chain/operator.ts";
import { Amount, Hex } from "../ui/exact.tsx";
import { Figure } from "../ui/figure.tsx";
import { formatCount } from "../ui/format.ts";

/** What this node has of what the chain names, and the stake of its host. Nothing where it holds no contents. */
export function Holdings({ samples }: { samples: readonly Sample[] }) {
  const contents = (what: string) => figureOf(samples, "openledger_contents", { what });
  const [named, missing, peers] = [contents("named"), contents("missing"), contents("peers")];
  if (named === undefined || missing === undefined || peers === undefined) return null;
  const from = peers === 1 ? "one peer" : `${peers === 0 ? "no" : formatCount(peers)} peers`;
  const where = missing === 0 ? "all are here" : `${formatCount(missing)} are not here yet`;
  return (
    <dl className="mt-3 grid grid-cols-2 gap-3 md:grid-cols-4">
      <Figure name="Contents" value={formatCount(named)} note={`that the chain names; ${where}; ${from}`} />
      <OwnHost />
    </dl>
  );
}

function OwnHost() {
  const { head } = useLive();
  const { data: host } = useQuery(ownHostQuery(useConnection(), head));
  if (host === undefined || host === "none") return null;
  return (
    <>
      <Figure name="Host" value={<Hex hex={host.address} what="the address" />} note="answers here" />
      <Figure name="Its stake" value={<Amount wei={host.amount} />} note={`${host.openClaims} open claims`} />
      <Figure
        name="For open claims"
        value={<Amount wei={host.openFees} />}
        note="of fees that its stake covers"
      />
    </>
  );
}
