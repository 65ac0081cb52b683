import { type Account, encodeFunctionData, formatEther, type Log, parseEventLogs } from "viem";
import { SPAN_VERIFIER_ADDRESS } from "../../../precompiles/addresses.ts";
import { modelRegistryAbi as abi, modelLedgerAbi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { type IndexCommitment, NO_SPANS } from "../attribution/score.ts";
import { aiError } from "../errors.ts";
import { accessFee } from "./access.ts";
import {
  type ChainClient,
  type ProtocolAddresses,
  type SentTransaction,
  send,
  type TransactionOrder,
} from "./chain.ts";
import { requireEvent } from "./datanets.ts";
import type { ModelOrder } from "./models.ts";
import { readParameters } from "./parameters.ts";
import type { Parent } from "./royalties.ts";

type At = Pick<ProtocolAddresses, "modelRegistry" | "parameters" | "access">;

/** What of a commitment the chain takes: one without a SpanVerifier takes no spans, and claims go by influence alone there. */
export async function takenCommitment(
  client: Pick<ChainClient, "public">,
  index: IndexCommitment,
): Promise<IndexCommitment> {
  if (index.spans === NO_SPANS) return index;
  const code = await client.public.getCode({ address: SPAN_VERIFIER_ADDRESS });
  return code === undefined || code === "0x" ? { ...index, spans: NO_SPANS } : index;
}

/** What a model was made from, and what its owner agrees to pay and to owe for it. */
export interface Origins {
  parents: readonly Parent[];
  /** Most wei for access to its data. */
  mostFee: bigint;
  /** Most that parents and data get together of the owner's part, in 1/10000. */
  mostRoyalty: number;
}

/** No parents; data that costs nothing. */
export const NO_ORIGINS: Origins = { parents: [], mostFee: 0n, mostRoyalty: 0 };

/**
 * The call that registers a model of `owner` with the bond and the price of access to its data, as much of its commitment as the chain takes.
 * @throws CodedError `ACCESS_COSTS` where access costs more than the origins agree to.
 */
export async function registrationOrder(
  client: ChainClient,
  at: At,
  owner: Address,
  model: ModelOrder,
  { parents, mostFee, mostRoyalty }: Origins = NO_ORIGINS,
): Promise<TransactionOrder> {
  const { name, baseHash, adapterHash, tokenizerHash, methodHash, manifestHash } = model;
  const index = await takenCommitment(client, model.index);
  const snapshots = [...model.snapshots];
  const hashes = { baseHash, adapterHash, tokenizerHash, methodHash, manifestHash };
  const document = { name, ...hashes, snapshots, index };
  const terms = { rateIn: model.rateIn, rateOut: model.rateOut, split: model.split };
  const { registrationBond } = await readParameters(client, at);
  const fee = await accessFee(client, at, owner, snapshots);
  if (fee > mostFee) {
    throw aiError("ACCESS_COSTS", {
      message: `access to the model's data costs ${formatEther(fee)} OPEN, and ${formatEther(mostFee)} was agreed to`,
      fix: "agree to the price, or train on other data",
      facts: { fee, mostFee },
    });
  }
  const inOrder = [...parents].sort((a, b) => Number(a.modelId - b.modelId));
  const data =
    parents.length === 0 && mostRoyalty === 0
      ? encodeFunctionData({ abi, functionName: "register", args: [document, terms] })
      : encodeFunctionData({
          abi,
          functionName: "registerDerived",
          args: [document, terms, inOrder, BigInt(mostRoyalty)],
        });
  return { to: at.modelRegistry, data, value: registrationBond + fee };
}

/** Registers a model; the sender owns it. It serves when its window has passed. @throws CodedError of {@link registrationOrder}. */
export async function registerModel(
  client: ChainClient,
  at: At,
  account: Account,
  model: ModelOrder,
  origins?: Origins,
): Promise<SentTransaction & { modelId: bigint }> {
  const order = await registrationOrder(client, at, account.address, model, origins);
  const sent = await send(client, account, order);
  return { ...sent, modelId: registeredModel(sent) };
}

/** The model that a transaction registered. @throws CodedError `EVENT_MISSING`. */
export function registeredModel({ receipt }: SentTransaction): bigint {
  const logs = parseEventLogs({
    ...{ abi: modelLedgerAbi, logs: receipt.logs as Log[] },
    eventName: "ModelRegistered",
  });
  return requireEvent(logs, "ModelRegistered").args.modelId;
}
