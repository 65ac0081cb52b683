import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useConnection } from "../../chain/connection.tsx";
import { headsQuery } from "../../chain/heads.ts";
import { useLive } from "../../chain/live-provider.tsx";
import { paceQuery } from "../../chain/overview.ts";
import { Time } from "../../ui/exact.tsx";
import { Figure } from "../../ui/figure.tsx";
import { formatCount, formatGwei } from "../../ui/format.ts";
import { Stale } from "../../ui/stale.tsx";
import { Coming } from "../../ui/states.tsx";

/** Takes the place of a number that is not here. */
const placeOf = ({ isPending }: { isPending: boolean }) => (isPending ? <Coming /> : "–");

/** How far the chain is, by L1, and how fast it goes. */
export function ChainFigures() {
  const connection = useConnection();
  const { head } = useLive();
  const heads = useQuery(headsQuery(connection, head));
  const pace = useQuery(paceQuery(connection, head));
  const count = (number: bigint | undefined) => (number === undefined ? placeOf(heads) : formatCount(number));
  const unsafe = head?.number ?? heads.data?.unsafe;
  return (
    <section aria-label="The chain">
      <Stale updatedAt={heads.dataUpdatedAt} />
      <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
        <Figure
          name="Unsafe head"
          value={
            unsafe === undefined ? (
              placeOf(heads)
            ) : (
              <Link
                to="/explorer/block/$block"
                params={{ block: unsafe.toString() }}
                className="hover:text-accent hover:underline"
              >
                {formatCount(unsafe)}
              </Link>
            )
          }
          note={head === undefined ? "the newest block" : <Time seconds={head.timestamp} />}
        />
        <Figure name="Safe head" value={count(heads.data?.safe)} note="its data is on L1" />
        <Figure name="Finalized head" value={count(heads.data?.finalized)} note="L1 can't take it back" />
        <Figure name="L1 read up to" value={count(heads.data?.l1)} note="L1's block" />
        <Figure
          name="Blocks a second"
          value={pace.data === undefined ? placeOf(pace) : pace.data.blocksPerSecond.toFixed(2)}
          note={pace.data === undefined ? placeOf(pace) : `over the last ${pace.data.blocks} blocks`}
        />
        <Figure
          name="Gas"
          value={pace.data === undefined ? placeOf(pace) : `${(pace.data.fullness * 100).toFixed(1)} %`}
          note={
            pace.data === undefined
              ? placeOf(pace)
              : `of the limit; base fee ${formatGwei(pace.data.baseFee)} gwei`
          }
        />
      </dl>
    </section>
  );
}
