import {
  decodeAbiParameters,
  encodeAbiParameters,
  encodeFunctionData,
  parseAbi,
  type TransactionReceipt,
} from "viem";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import { circleServicesAbi as abi, iAttestationsAbi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import type { CircleAddresses } from "./addresses.ts";
import { circleError } from "./errors.ts";
import { SERVICES, type Service } from "./words.ts";

type At = Pick<CircleAddresses, "services">;

/** The Ethereum Attestation Service, a predeploy. */
const EAS: Address = "0x4200000000000000000000000000000000000021";
const NONE: Hash = `0x${"00".repeat(32)}`;
const SCHEMA = [
  { name: "grant", type: "uint256" },
  { name: "kind", type: "uint8" },
  { name: "amount", type: "uint32" },
  { name: "document", type: "bytes32" },
] as const;

/** What a provider offers to a grant's payee, or the payee says was delivered. */
export interface ServiceOrder {
  grantId: bigint;
  kind: Service;
  /** Hours, or pieces. */
  amount: number;
  /** Hash of the terms, or of the evidence. */
  document: Hash;
}

/** An offer as the chain has it. */
export interface Offer extends ServiceOrder {
  uid: Hash;
  provider: Address;
  payee: Address;
  /** How much of it both sides say was delivered. */
  delivered: bigint;
  isWithdrawn: boolean;
}

/** What EAS takes an attestation back by; OpenCircle's contracts never call it. */
const REVOKE = parseAbi(["function revoke((bytes32 schema, (bytes32 uid, uint256 value) data) request)"]);

/** The call that attests an offer to a grant's payee. For the provider. */
export async function offerOrder(
  client: ChainClient,
  { services }: At,
  payee: Address,
  order: ServiceOrder,
): Promise<TransactionOrder> {
  const schema = await client.public.readContract({ address: services, abi, functionName: "OFFERED" });
  return attestOrder({ schema, recipient: payee, revocable: true, refUID: NONE, order });
}

/** The call that attests that `amount` of an offer was delivered. For the payee. */
export async function confirmOrder(
  client: ChainClient,
  { services }: At,
  { grantId, kind, uid, provider }: Offer,
  { amount, document }: Pick<ServiceOrder, "amount" | "document">,
): Promise<TransactionOrder> {
  const schema = await client.public.readContract({ address: services, abi, functionName: "DELIVERED" });
  const order = { grantId, kind, amount, document };
  return attestOrder({ schema, recipient: provider, revocable: false, refUID: uid, order });
}

/** The call that takes an offer back, of which nothing was delivered. For the provider. */
export async function takeBackOrder(
  client: ChainClient,
  { services }: At,
  { uid }: Pick<Offer, "uid">,
): Promise<TransactionOrder> {
  const schema = await client.public.readContract({ address: services, abi, functionName: "OFFERED" });
  const args = [{ schema, data: { uid, value: 0n } }] as const;
  return { to: EAS, data: encodeFunctionData({ abi: REVOKE, functionName: "revoke", args }) };
}

/** The attestation that a transaction made. */
export function attestationIn({ logs }: Pick<TransactionReceipt, "logs">): Hash {
  // Attested: its one word of data is the attestation's id.
  return logs.find(({ address }) => address.toLowerCase() === EAS)?.data as Hash;
}

/** @throws CodedError `OFFER_UNKNOWN`. */
export async function getOffer(client: ChainClient, { services }: At, uid: Hash): Promise<Offer> {
  const found = await client.public.readContract({
    address: EAS,
    abi: iAttestationsAbi,
    functionName: "getAttestation",
    args: [uid],
  });
  const read = { address: services, abi } as const;
  const offered = await client.public.readContract({ ...read, functionName: "OFFERED" });
  if (found.schema !== offered) {
    throw circleError("OFFER_UNKNOWN", {
      message: `there is no offer ${uid}`,
      fix: "see `openledger circle services`",
      facts: { uid },
    });
  }
  const [grantId, kind, amount, document] = decodeAbiParameters(SCHEMA, found.data);
  return {
    ...{ uid, grantId, kind: SERVICES[kind]!, amount, document },
    provider: found.attester.toLowerCase() as Address,
    payee: found.recipient.toLowerCase() as Address,
    delivered: await client.public.readContract({ ...read, functionName: "deliveredOf", args: [uid] }),
    isWithdrawn: found.revocationTime !== 0n,
  };
}

/** The offers to a grant, oldest first. */
export async function offersTo(client: ChainClient, at: At, grantId: bigint): Promise<Offer[]> {
  const range = { fromBlock: 0n, toBlock: "latest", strict: true } as const;
  const filter = { address: at.services, abi, eventName: "ServiceOffered", args: { grantId } } as const;
  const logs = await client.public.getContractEvents({ ...filter, ...range });
  return Promise.all(logs.map(({ args }) => getOffer(client, at, args.uid)));
}

function attestOrder(made: {
  schema: Hash;
  recipient: Address;
  revocable: boolean;
  refUID: Hash;
  order: ServiceOrder;
}): TransactionOrder {
  const { schema, recipient, revocable, refUID, order } = made;
  const { grantId, kind, amount, document } = order;
  const content: Hex = encodeAbiParameters(SCHEMA, [grantId, SERVICES.indexOf(kind), amount, document]);
  const request = {
    schema,
    data: { recipient, expirationTime: 0n, revocable, refUID, data: content, value: 0n },
  };
  const data = encodeFunctionData({ abi: iAttestationsAbi, functionName: "attest", args: [request] });
  return { to: EAS, data };
}
