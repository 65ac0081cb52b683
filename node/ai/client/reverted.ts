import {
  type Account,
  BaseError,
  type PublicClient,
  RpcRequestError,
  type TransactionReceipt,
  type Hex as ViemHex,
} from "viem";
import type { CodedError } from "../../base/errors.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { asCodedError } from "./refusals.ts";

/** What a transaction called. `gas`: the limit that its sender gave; without one it was estimated. */
interface Call {
  to?: Address;
  data: ViemHex;
  value?: bigint;
  gas?: bigint;
}

/** A call leaves 1/64 of the gas to its caller (EIP-150): what ends with less ran out of it. Calls within calls leave more. */
const CALLERS_PART = 64n;

/**
 * Why a mined transaction reverted: the contract's own error if it refuses the call after that block too, else the gas that it used
 * and its limit. The fact `outOfGas` says that the limit was too low.
 * @returns `TRANSACTION_REVERTED`. @throws CodedError of the way to the node.
 */
export async function revertedError(
  client: PublicClient,
  account: Account | Address,
  { to, data, value, gas: ownLimit }: Call,
  { transactionHash: hash, blockNumber, gasUsed }: TransactionReceipt,
): Promise<CodedError> {
  const again = (gas?: bigint) => client.call({ account, to, data, value, gas, blockNumber });
  const begun = `the transaction ${hash} was mined, but it reverted`;
  const why = await again().then(
    () => undefined,
    (cause: unknown) => asCodedError(cause),
  );
  if (why?.code === "TRANSACTION_REVERTED") {
    const facts = { hash, blockNumber, ...why.facts };
    return aiError("TRANSACTION_REVERTED", { message: `${begun}: ${why.message}`, fix: why.fix, facts });
  }
  const { gas: gasLimit } = await client.getTransaction({ hash }).catch((cause: unknown) => {
    throw asCodedError(cause);
  });
  const outOfGas =
    why === undefined &&
    (gasLimit - gasUsed <= gasLimit / CALLERS_PART || (await isRefused(again(gasLimit))));
  const amounts = `${gasUsed} of its gas limit of ${gasLimit}`;
  return aiError("TRANSACTION_REVERTED", {
    message: outOfGas ? `${begun}: it ran out of gas (${amounts})` : `${begun}; it used ${amounts}`,
    fix: fixOf(outOfGas, ownLimit !== undefined),
    facts: { hash, blockNumber, gasUsed, gasLimit, outOfGas },
  });
}

function fixOf(outOfGas: boolean, isOwnLimit: boolean): string {
  if (!outOfGas) return "the chain's state changed in between: look at it and try again";
  if (isOwnLimit) return "send it again with a higher gas limit";
  return "send it again: it became more work after its gas was estimated";
}

/** Whether the node ran the call and it failed, and not the way to the node. */
async function isRefused(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (cause) {
    return cause instanceof BaseError && cause.walk((error) => error instanceof RpcRequestError) !== null;
  }
}
