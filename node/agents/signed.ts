import { encodeFunctionData, type LocalAccount } from "viem";
import { z } from "zod";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import { addressField } from "../chain/config/config-schema.ts";
import { agentAccountAbi as abi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { agentError } from "./errors.ts";
import type { Rule } from "./session.ts";

/** Longest text of a signed call, in characters. */
const MOST_TEXT = 1 << 20;
const MOST_BECAUSE = 8;
const MOST_PATH = 64;
const hex = z
  .string()
  .regex(/^0x([0-9a-f]{2}){0,65536}$/)
  .transform((text) => text as Hex);
const word = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hash);
const integer = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt);

const actSchema = z.strictObject({
  call: z.strictObject({ target: addressField, value: integer, data: hex }),
  rule: z.strictObject({
    target: addressField,
    selector: hex,
    maxValue: integer,
    fixedWords: z.number().int().nonnegative(),
    words: z.array(word).max(32).readonly(),
  }),
  proof: z.array(word).max(MOST_PATH).readonly(),
  because: z.array(integer).max(MOST_BECAUSE).readonly(),
  rationale: word,
});
/** A signed order in a file. */
export const signedSchema = z.strictObject({
  account: addressField,
  key: addressField,
  nonce: integer,
  deadline: integer,
  act: actSchema,
  signature: hex,
});

/** An order of a session key: the contract's struct `Act`. */
export interface Act {
  call: { target: Address; value: bigint; data: Hex };
  rule: Rule;
  proof: readonly Hash[];
  /** In ascending order. */
  because: readonly bigint[];
  rationale: Hash;
}

/** An order that its key has signed: anybody can bring it to the account, once, until its deadline. */
export interface SignedAct {
  /** The agent's. */
  account: Address;
  key: Address;
  nonce: bigint;
  /** Second of the chain's clock. */
  deadline: bigint;
  act: Act;
  signature: Hex;
}

/** EIP-712 types of what a key signs. */
const TYPES = {
  Act: [
    { name: "key", type: "address" },
    { name: "target", type: "address" },
    { name: "value", type: "uint128" },
    { name: "data", type: "bytes" },
    { name: "because", type: "uint256[]" },
    { name: "rationale", type: "bytes32" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** Orders of the key that the account has taken so far: the nonce of its next one. */
export function nonceOf(client: ChainClient, account: Address, key: Address): Promise<bigint> {
  return client.public.readContract({ address: account, abi, functionName: "nonces", args: [key] });
}

/** Signs an order with the key's next nonce. @param deadline second of the chain's clock until which it can be brought. */
export async function signAct(
  client: ChainClient,
  key: LocalAccount,
  account: Address,
  act: Act,
  deadline: bigint,
): Promise<SignedAct> {
  const signer = key.address.toLowerCase() as Address;
  const nonce = await nonceOf(client, account, signer);
  const { call, because, rationale } = act;
  const signature = await key.signTypedData({
    domain: { name: "OpenLedger agent", version: "1", chainId: client.chain.id, verifyingContract: account },
    types: TYPES,
    primaryType: "Act",
    message: { key: signer, ...call, because: [...because], rationale, nonce, deadline },
  });
  return { account, key: signer, nonce, deadline, act, signature };
}

/** Brings a signed order to its account; whoever sends it pays the gas. */
export function actForOrder({ account, key, act, deadline, signature }: SignedAct): TransactionOrder {
  const order = { ...act, proof: [...act.proof], because: [...act.because] };
  const data = encodeFunctionData({
    abi,
    functionName: "actFor",
    args: [key, { ...order, rule: { ...act.rule, words: [...act.rule.words] } }, deadline, signature],
  });
  return { to: account, data };
}

/** A signed order as JSON. */
export function signedToText(signed: SignedAct): string {
  return `${JSON.stringify(signed, (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value), 2)}\n`;
}

/** @throws CodedError `SIGNED_ACT_INVALID`. */
export function parseSigned(text: string): SignedAct {
  try {
    if (text.length > MOST_TEXT) throw new Error(`it has more than ${MOST_TEXT} characters`);
    return signedSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw agentError("SIGNED_ACT_INVALID", {
      message: "that is no signed call",
      fix: "give what `openledger agent sign` printed, unchanged",
      cause,
    });
  }
}
