import { queryOptions } from "@tanstack/react-query";
import { accessLicence, accessOf, accessPrice } from "../../ai/client/access.ts";
import { getModel } from "../../ai/client/models.ts";
import { childrenOf, parentsOf, royaltyTable, waitingRoyalties } from "../../ai/client/royalties.ts";
import type { Protocol } from "./connection.tsx";
import type { Datanet } from "./datanets.ts";
import { LIVE } from "./live-provider.tsx";

/** On what terms models are trained on a datanet now; the price is its newest snapshot's. */
export const accessQuery = ({ client, at }: Protocol, { datanetId, snapshots }: Datanet) =>
  queryOptions({
    queryKey: [LIVE, "access", datanetId.toString(), snapshots],
    queryFn: async () => {
      const [terms, setLicence, price] = await Promise.all([
        accessOf(client, at, datanetId),
        accessLicence(client, at, datanetId),
        snapshots === 0 ? undefined : accessPrice(client, at, { datanetId, number: snapshots }),
      ]);
      return { ...terms, setLicence, price };
    },
  });

/** What a model was made from, to whom it gives of its owner's part, and what was made from it. */
export const ancestryQuery = ({ client, at }: Protocol, modelId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "ancestry", modelId.toString()],
    queryFn: async () => {
      const [parents, table, children, waiting] = await Promise.all([
        parentsOf(client, at, modelId),
        royaltyTable(client, at, modelId),
        childrenOf(client, at),
        waitingRoyalties(client, at, modelId),
      ]);
      const own = children.get(modelId) ?? [];
      const ids = new Set([
        ...parents.map((parent) => parent.modelId),
        ...table.flatMap((line) => ("modelId" in line ? [line.modelId] : [])),
        ...own,
      ]);
      const names = await Promise.all(
        [...ids].map(async (id) => [id, (await getModel(client, at, id)).name] as const),
      );
      return { parents, table, children: own, waiting, names: new Map(names) };
    },
  });
