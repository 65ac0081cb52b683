import type { PrivateKeyAccount } from "viem";

/** A signed transfer of 1 wei on the test chain, as an envelope in hex. */
export function signTestTransfer(from: PrivateKeyAccount, nonce: number): Promise<`0x${string}`> {
  return from.signTransaction({
    type: "eip1559",
    chainId: 901,
    nonce,
    to: "0x00000000000000000000000000000000000000aa",
    value: 1n,
    gas: 21_000n,
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: 10n ** 10n,
  });
}
