import { bytesToHex, decodeAbiParameters, encodeAbiParameters, getAbiItem, hexToBytes } from "viem";
import { inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { type Claim, claimTuple } from "../client/claims.ts";
import { aiError } from "../errors.ts";
import { type EpochInference, type EpochPayout, MAX_EPOCH_LEAVES } from "./epoch.ts";

/** The file of an epoch's leaves in the content store: what anybody needs to check the epoch, or to draw from it. */

/** An inference with the query sketch that its claim commits. */
export interface PublishedInference extends EpochInference {
  query: Hex;
}

export interface EpochContents {
  inferences: PublishedInference[];
  payouts: EpochPayout[];
}

/** Of any content. */
const MAX_BYTES = 256 * 1024 * 1024;

const FILE = [
  {
    type: "tuple[]",
    components: [
      { name: "payer", type: "address" },
      { name: "net", type: "uint128" },
      { ...getAbiItem({ abi: inferenceMarketAbi, name: "hashOf" }).inputs[0], name: "claim" },
      { name: "query", type: "bytes" },
    ],
  },
  {
    type: "tuple[]",
    components: [
      { name: "contributionId", type: "uint64" },
      { name: "inference", type: "uint32" },
      { name: "amount", type: "uint128" },
    ],
  },
] as const;

/** The file: abi.encode((payer, net, claim, query)[], (contributionId, inference, amount)[]). */
export function encodeEpochContents({ inferences, payouts }: EpochContents): Uint8Array {
  const leaves = inferences.map((one) => ({ ...one, claim: claimTuple(one.claim) }));
  return hexToBytes(encodeAbiParameters(FILE, [leaves, payouts]));
}

/** @throws CodedError `EPOCH_CONTENTS` for what is no such file, or one of more leaves than an epoch has */
export function decodeEpochContents(bytes: Uint8Array): EpochContents {
  if (bytes.length > MAX_BYTES) throw contentsError(`it has ${bytes.length} bytes`);
  const [inferences, payouts] = decoded(bytes);
  if (inferences.length > MAX_EPOCH_LEAVES) throw contentsError(`it has ${inferences.length} inferences`);
  return {
    inferences: inferences.map(({ payer, net, claim, query }) => ({
      payer: payer.toLowerCase() as Address,
      net,
      claim: claim as Claim,
      query,
    })),
    payouts: [...payouts],
  };
}

function decoded(bytes: Uint8Array) {
  try {
    return decodeAbiParameters(FILE, bytesToHex(bytes));
  } catch (cause) {
    throw contentsError("its bytes are no ABI encoding of leaves", cause);
  }
}

function contentsError(why: string, cause?: unknown) {
  return aiError("EPOCH_CONTENTS", {
    message: `the file is none of an epoch's leaves: ${why}`,
    fix: "fetch it anew, or demand the leaves on chain",
    cause,
  });
}
