import type { Block, Receipt } from "../../../chain/types/block.ts";

/** What a transaction of a block paid above the base fee, in wei per gas, and its gas. */
export interface Tip {
  tip: bigint;
  gasUsed: bigint;
}

/** The tips of a block's transactions, least first; deposits pay none. */
export function sortedTips(block: Block, receipts: readonly Receipt[]): Tip[] {
  const baseFee = block.header.baseFeePerGas ?? 0n;
  const list = receipts.map((receipt, index) => ({
    tip: block.transactions[index]?.kind === "deposit" ? 0n : receipt.effectiveGasPrice - baseFee,
    gasUsed: receipt.gasUsed,
  }));
  return list.sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
}
