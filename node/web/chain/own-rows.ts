import { queryOptions } from "@tanstack/react-query";
import { getContribution } from "../../ai/client/datanets.ts";
import { payeeOf } from "../../ai/client/income.ts";
import { attributionLedgerAbi, datanetRegistryAbi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { Protocol } from "./connection.tsx";
import type { Contribution } from "./datanets.ts";
import { LIVE } from "./live-provider.tsx";

/** Contributions of one account that are shown, the newest ones. */
const MOST = 100;

/** A contribution with whom it is paid to now. */
export type PaidContribution = Contribution & { payee: Address };

/** What an account put into datanets, and what it is paid for though others put it in, newest first. */
export const ownRowsQuery = ({ client, at }: Protocol, account: Address) =>
  queryOptions({
    queryKey: [LIVE, "own-rows", account],
    queryFn: async (): Promise<PaidContribution[]> => {
      const filter = { fromBlock: 0n, strict: true } as const;
      const [made, given] = await Promise.all([
        client.public.getContractEvents({
          ...({ ...filter, address: at.datanets, abi: datanetRegistryAbi } as const),
          ...({ eventName: "ContributionCommitted", args: { contributor: account } } as const),
        }),
        client.public.getContractEvents({
          ...({ ...filter, address: at.ledger, abi: attributionLedgerAbi } as const),
          ...({ eventName: "IncomeTransferred", args: { to: account } } as const),
        }),
      ]);
      const all = new Set([...made, ...given].map(({ args }) => args.contributionId));
      const ids = [...all].sort((a, b) => Number(b - a)).slice(0, MOST);
      const found = await Promise.all(
        ids.map(async (contributionId) => ({
          contributionId,
          payee: await payeeOf(client, at, contributionId),
          ...(await getContribution(client, at, contributionId)),
        })),
      );
      // What it has given on is no longer its own, unless it made it.
      return found.filter(
        ({ payee, contributor }) => payee === account || contributor.toLowerCase() === account,
      );
    },
  });
