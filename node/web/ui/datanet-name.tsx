import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { getDatanet } from "../../ai/client/datanets.ts";
import { useProtocol } from "../chain/connection.tsx";

/** A link to a datanet by its name; its number until that is known. */
export function DatanetName({ datanetId }: { datanetId: bigint }) {
  const { client, at } = useProtocol();
  const { data, isPending } = useQuery({
    queryKey: ["datanet-name", datanetId.toString()],
    queryFn: async () => (await getDatanet(client, at, datanetId)).name,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Link
      to="/datanets/$datanet"
      params={{ datanet: datanetId.toString() }}
      data-waiting={isPending ? "" : undefined}
      className="text-accent hover:underline"
    >
      {data ?? `datanet ${datanetId}`}
    </Link>
  );
}
