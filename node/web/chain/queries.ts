import { queryOptions } from "@tanstack/react-query";
import { getRequest } from "../../ai/client/market.ts";
import { getModel, modelCount, type RegisteredModel } from "../../ai/client/models.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { findReceipt, type Hidden, requestStory } from "./answers.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import { readContribution } from "./rows.ts";

/** One request as the market holds it. */
export const requestQuery = (protocol: Protocol, requestId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "request", requestId.toString()],
    queryFn: () => getRequest(protocol.client, protocol.at, requestId),
  });

/** Everything that happened to a request. */
export const storyQuery = (protocol: Protocol, requestId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "story", requestId.toString()],
    queryFn: () => requestStory(protocol, requestId),
  });

/** A published receipt, or why there is none to see. */
export const receiptQuery = (protocol: Protocol, requestId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "receipt", requestId.toString()],
    queryFn: () => findReceipt(protocol, requestId),
  });

export const modelQuery = (protocol: Protocol, modelId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "model", modelId.toString()],
    queryFn: () => getModel(protocol.client, protocol.at, modelId),
  });

/** Models on one page. */
const PAGE = 50n;

/** The newest models, newest first. */
export const modelsQuery = (protocol: Protocol) =>
  queryOptions({
    queryKey: [LIVE, "models"],
    queryFn: async (): Promise<RegisteredModel[]> => {
      const count = await modelCount(protocol.client, protocol.at);
      const first = count > PAGE ? count - PAGE + 1n : 1n;
      const ids: bigint[] = [];
      for (let id = count; id >= first; id--) ids.push(id);
      return Promise.all(ids.map((id) => getModel(protocol.client, protocol.at, id)));
    },
  });

/** The account that answers on this node, if any. */
export const nodeHostQuery = (protocol: Protocol) =>
  queryOptions({
    queryKey: ["host"],
    queryFn: async () => (await protocol.client.rpc<Address | null>("openledger_host", [])) ?? "none",
  });

/** A contribution with its rows. */
export const contributionQuery = (protocol: Protocol, contributionId: bigint) =>
  queryOptions({
    queryKey: ["contribution", contributionId.toString()],
    queryFn: () => readContribution(protocol, contributionId),
  });

/** True for a receipt that could be read. */
export function isReadable<T>(found: T | Hidden | undefined): found is T {
  return found !== undefined && typeof found !== "string";
}
