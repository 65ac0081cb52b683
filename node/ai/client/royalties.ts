import { type Account, encodeFunctionData, type Log, parseEventLogs } from "viem";
import { modelRoyaltiesAbi as abi } from "../../chain/generated/abi.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";

type At = Pick<ProtocolAddresses, "royalties">;

/** A model that another was made from, and what it gets of the other's owner's part, in 1/10000. */
export interface Parent {
  modelId: bigint;
  bps: number;
}

/** A line of a model's royalty table: an ancestor, or a snapshot with a royalty. */
export type RoyaltyLine = { bps: number } & (
  | { modelId: bigint }
  | { snapshot: { datanetId: bigint; number: number } }
);

/** The models that a model was made from, in the order of their numbers. */
export async function parentsOf(client: ChainClient, { royalties: address }: At, modelId: bigint) {
  const args = [modelId] as const;
  const found = await client.public.readContract({ address, abi, functionName: "parentsOf", args });
  return found.map((parent): Parent => ({ ...parent }));
}

/** What a model gives on of its owner's part, to whom; nothing for a model without parents over data without royalties. */
export async function royaltyTable(
  client: ChainClient,
  { royalties: address }: At,
  modelId: bigint,
): Promise<RoyaltyLine[]> {
  const args = [modelId] as const;
  const table = await client.public.readContract({ address, abi, functionName: "tableOf", args });
  return table.map(({ modelId: ancestor, snapshot, bps }) =>
    ancestor === 0n ? { snapshot, bps } : { modelId: ancestor, bps },
  );
}

/** For each model that was named as a parent, the models that name it. */
export async function childrenOf(
  client: ChainClient,
  { royalties: address }: At,
): Promise<Map<bigint, bigint[]>> {
  const events = await client.public.getContractEvents({
    ...({ address, abi, eventName: "ModelDerived", fromBlock: 0n, strict: true } as const),
  });
  const children = new Map<bigint, bigint[]>();
  for (const { args } of events)
    for (const { modelId } of args.parents)
      children.set(modelId, [...(children.get(modelId) ?? []), args.modelId]);
  return children;
}

/** What waits to be distributed, in wei: of a model's own answers, and as an ancestor of others. */
export async function waitingRoyalties(
  client: ChainClient,
  { royalties: address }: At,
  modelId: bigint,
): Promise<{ income: bigint; royalties: bigint }> {
  const args = [modelId] as const;
  const [income, royalties] = await client.public.readContract({
    ...{ address, abi, args },
    functionName: "waitingOf",
  });
  return { income, royalties };
}

/** What a distribution paid, in wei. */
export interface Distribution {
  /** To the lines of its table, together. */
  lines: bigint;
  /** To its owner, of its own answers. */
  owner: bigint;
  /** As an ancestor: to its contributors' pools, its owner, its stakers. */
  ancestor: { contributors: bigint; owner: bigint; stakers: bigint };
}

/** The call that divides what waits for a model. Anybody may send it. */
export function distributeOrder({ royalties: to }: At, modelId: bigint) {
  return { to, data: encodeFunctionData({ abi, functionName: "distribute", args: [modelId] }) };
}

/** Divides what waits for a model: its answers' part by its table, its royalties by its split. */
export async function distributeRoyalties(
  client: ChainClient,
  at: At,
  account: Account,
  modelId: bigint,
): Promise<SentTransaction & Distribution> {
  const sent = await send(client, account, distributeOrder(at, modelId));
  const logs = sent.receipt.logs as Log[];
  const [own] = parseEventLogs({ abi, logs, eventName: "RoyaltiesDistributed" });
  const [as] = parseEventLogs({ abi, logs, eventName: "AncestorPaid" });
  return {
    ...sent,
    lines: own?.args.parts.reduce((sum, part) => sum + part, 0n) ?? 0n,
    owner: own?.args.owner ?? 0n,
    ancestor: {
      contributors: as?.args.contributors ?? 0n,
      owner: as?.args.owner ?? 0n,
      stakers: as?.args.stakers ?? 0n,
    },
  };
}

/** Sets the least part, in 1/10000, that later models which name this one as a parent give it. For its owner. */
export function setLeastRoyalty(
  client: ChainClient,
  { royalties: to }: At,
  account: Account,
  modelId: bigint,
  bps: number,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "setLeastRoyalty", args: [modelId, bps] });
  return send(client, account, { to, data });
}
