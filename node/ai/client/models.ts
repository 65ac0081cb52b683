import { type Account, encodeFunctionData } from "viem";
import { modelLedgerAbi as abi, modelStakingAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { IndexCommitment } from "../attribution/score.ts";
import { aiError } from "../errors.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";

/** How a model divides the net fee, in 1/10000. */
export interface FeeSplit {
  contributors: number;
  owner: number;
  host: number;
  stakers: number;
}

/** Contributors 50 %, model owner 20 %, host 20 %, stakers 10 %. */
export const DEFAULT_SPLIT: FeeSplit = { contributors: 5000, owner: 2000, host: 2000, stakers: 1000 };

export const MODEL_STATUS = ["none", "registered", "failed"] as const;

/** What the registry holds of a model. */
export interface RegisteredModel {
  modelId: bigint;
  owner: Address;
  status: (typeof MODEL_STATUS)[number];
  /** The owner takes requests. */
  open: boolean;
  /** Seconds: until then the registration can be challenged and nothing is served. */
  pendingUntil: bigint;
  name: string;
  baseHash: Hash;
  adapterHash: Hash;
  tokenizerHash: Hash;
  methodHash: Hash;
  manifestHash: Hash;
  snapshots: readonly { datanetId: bigint; number: number }[];
  index: IndexCommitment;
  /** Wei for 1000 tokens. */
  rateIn: bigint;
  rateOut: bigint;
  split: FeeSplit;
}

type At = Pick<ProtocolAddresses, "models">;
/** What its owner decides of a model. */
export type ModelOrder = Omit<RegisteredModel, "modelId" | "owner" | "status" | "open" | "pendingUntil">;

/** A registered model. @throws CodedError `MODEL_UNKNOWN`. */
export async function getModel(
  client: ChainClient,
  { models }: At,
  modelId: bigint,
): Promise<RegisteredModel> {
  const args = [modelId] as const;
  const found = await client.public
    .readContract({ address: models, abi, functionName: "getModel", args })
    .catch((cause: unknown) => {
      throw aiError("MODEL_UNKNOWN", {
        message: `there is no model ${modelId}`,
        fix: "list the models",
        facts: { modelId },
        cause,
      });
    });
  const { document, terms } = found;
  return {
    modelId,
    owner: lower(found.owner),
    status: MODEL_STATUS[found.status]!,
    open: found.open,
    pendingUntil: found.pendingUntil,
    ...document,
    rateIn: terms.rateIn,
    rateOut: terms.rateOut,
    split: terms.split,
  };
}

/** Number of models; ids count from 1. */
export function modelCount(client: ChainClient, { models }: At): Promise<bigint> {
  return client.public.readContract({ address: models, abi, functionName: "modelCount" });
}

/** Returns a registration's bond to the owner's reward balance after the window. */
export function returnModelBond(
  client: ChainClient,
  { models }: At,
  account: Account,
  modelId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "returnBond", args: [modelId] });
  return send(client, account, { to: models, data });
}

/** Stakes `amount` wei on a model. */
export function stakeOnModel(
  client: ChainClient,
  { staking }: Pick<ProtocolAddresses, "staking">,
  account: Account,
  modelId: bigint,
  amount: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi: modelStakingAbi, functionName: "stake", args: [modelId] });
  return send(client, account, { to: staking, data, value: amount });
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}
