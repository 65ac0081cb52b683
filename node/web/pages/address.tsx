import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Address } from "../../chain/types/primitives.ts";
import { useConnection } from "../chain/connection.tsx";
import { contractAt } from "../chain/explorer.ts";
import { LIVE } from "../chain/live-provider.tsx";
import { Amount, Hex } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Card, Facts, Page } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { useContracts } from "./explorer-parts.tsx";

/** One address: an account or a contract. */
export function AddressPage() {
  const { address: text } = useParams({ from: "/explorer/address/$address" });
  const address = text.toLowerCase();
  if (!/^0x[0-9a-f]{40}$/.test(address))
    return (
      <Page title="Address">
        <Empty title="This is no address.">It has 0x and 40 hexadecimal digits.</Empty>
      </Page>
    );
  return <KnownAddress address={address as Address} />;
}

function KnownAddress({ address }: { address: Address }) {
  const { client } = useConnection();
  const contract = contractAt(useContracts(), address);
  const query = useQuery({
    queryKey: [LIVE, "address", address],
    queryFn: async () => {
      const [balance, nonce, code] = await Promise.all([
        client.public.getBalance({ address }),
        client.public.getTransactionCount({ address }),
        client.public.getCode({ address }),
      ]);
      return { balance, nonce, codeBytes: code === undefined ? 0 : (code.length - 2) / 2 };
    },
  });
  return (
    <Page title={contract?.name ?? "Address"} lead={<Hex hex={address} what="address" />}>
      <Loaded query={query} what="the address" lines={4}>
        {({ balance, nonce, codeBytes }) => (
          <Card>
            <Facts
              facts={[
                ["Kind", codeBytes === 0 ? "an account" : `a contract of ${formatCount(codeBytes)} bytes`],
                ["Balance", <Amount key="balance" wei={balance} />],
                ["Nonce", nonce],
                [
                  "Rewards",
                  codeBytes > 0 ? undefined : (
                    <Link
                      key="rewards"
                      to="/rewards/$account"
                      params={{ account: address }}
                      className="text-accent hover:underline"
                    >
                      what its rows earned
                    </Link>
                  ),
                ],
              ]}
            />
          </Card>
        )}
      </Loaded>
    </Page>
  );
}
