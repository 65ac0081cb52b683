import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useConnection } from "../chain/connection.tsx";
import { type Contracts, contractAt, type Decoded, knownContracts } from "../chain/explorer.ts";
import { headsQuery } from "../chain/heads.ts";
import { useLive } from "../chain/live-provider.tsx";
import { Hex } from "../ui/exact.tsx";
import { Badge } from "../ui/layout.tsx";

/** The project's contracts that this chain has; undefined until they are known. */
export function useContracts(): Contracts | undefined {
  const connection = useConnection();
  return useQuery({ queryKey: ["contracts"], queryFn: () => knownContracts(connection) }).data;
}

/** How firmly a block stands. */
export function BlockBadge({ number }: { number: bigint }) {
  const connection = useConnection();
  const { head } = useLive();
  const { data } = useQuery(headsQuery(connection, head));
  if (data === undefined) return null;
  if (number <= data.finalized) return <Badge tone="good">finalized</Badge>;
  return number <= data.safe ? <Badge tone="accent">safe</Badge> : <Badge tone="warn">unsafe</Badge>;
}

/** A link to an address, by its contract's name where it has one. */
export function AddressLink({ address }: { address: string }) {
  const contract = contractAt(useContracts(), address);
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1">
      <Link
        to="/explorer/address/$address"
        params={{ address: address.toLowerCase() }}
        className="text-accent hover:underline"
      >
        {contract?.name ?? "address"}
      </Link>
      <Hex hex={address.toLowerCase()} what="address" />
    </span>
  );
}

/** A call or an event with its arguments. */
export function DecodedText({ decoded: { name, args } }: { decoded: Decoded }) {
  return (
    <div>
      <p className="font-mono font-medium">{name}</p>
      <dl className="mt-1 grid gap-x-4 gap-y-0.5 text-xs sm:grid-cols-[max-content_1fr]">
        {args.map(([key, value]) => (
          <div key={key} className="contents">
            <dt className="text-soft">{key}</dt>
            <dd className="min-w-0 font-mono break-all">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
