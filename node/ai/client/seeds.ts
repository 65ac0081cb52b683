import { encodeFunctionData } from "viem";
import { isCodedError } from "../../base/errors.ts";
import { seedsAbi as abi, l1BlockAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses, TransactionOrder } from "./chain.ts";
import { asCodedError } from "./refusals.ts";

type At = Pick<ProtocolAddresses, "seeds">;

/** What L2 knows of L1; see the OP Stack's predeploys. */
const L1_BLOCK: Address = "0x4200000000000000000000000000000000000015";

/** Number of L2's L1 origin, now or in L2 block `blockNumber`. */
export function originNumber(client: ChainClient, blockNumber?: bigint): Promise<bigint> {
  const read = { address: L1_BLOCK, abi: l1BlockAbi, functionName: "number" } as const;
  return client.public.readContract({ ...read, blockNumber });
}

/** The recorded hash of an L1 block; undefined if nobody recorded it. */
export async function seedOf(client: ChainClient, { seeds }: At, l1Block: bigint): Promise<Hash | undefined> {
  const args = [l1Block] as const;
  try {
    return await client.public.readContract({ address: seeds, abi, functionName: "hashOf", args });
  } catch (cause) {
    const error = asCodedError(cause);
    if (isCodedError(error, "TRANSACTION_REVERTED") && error.facts.error === "SeedMissing") return undefined;
    throw error;
  }
}

/** Records the hash of the L1 origin of the block that takes the transaction. */
export function recordOrder({ seeds }: At): TransactionOrder {
  return { to: seeds, data: encodeFunctionData({ abi, functionName: "record" }) };
}

/** Records the parents of L1 block `from`, which is recorded: headers in RLP of it, the one before, and so on. */
export function reachOrder({ seeds }: At, from: bigint, headers: readonly Hex[]): TransactionOrder {
  return { to: seeds, data: encodeFunctionData({ abi, functionName: "reach", args: [from, headers] }) };
}
