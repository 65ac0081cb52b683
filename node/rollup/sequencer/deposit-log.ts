import type { Logger } from "../../base/logger.ts";
import { depositFromLog, encodeDeposit, TRANSACTION_DEPOSITED } from "../../chain/codec/deposit.ts";
import { keccakHash } from "../../chain/crypto.ts";
import type { Block } from "../../chain/types/block.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";

/** A deposit with its transaction on either chain. */
export interface SeenDeposit {
  l1Transaction: Hash;
  l2Transaction: Hash;
}

/** The deposits of an L1 block, in log order. */
export function depositsOf(block: L1Block, rollup: RollupConfig): SeenDeposit[] {
  return block.receipts.flatMap((receipt, index) => {
    if (receipt.status !== 1) return [];
    const l1Transaction = block.transactions[index]!.hash;
    return receipt.logs
      .filter(
        (log) => log.address === rollup.depositContractAddress && log.topics[0] === TRANSACTION_DEPOSITED,
      )
      .map((log) => ({
        l1Transaction,
        l2Transaction: keccakHash(encodeDeposit(depositFromLog(log, block.hash))),
      }));
  });
}

/** People who bridge look for these two lines. */
export function logDepositsSeen(deposits: readonly SeenDeposit[], origin: L1Block, logger: Logger): void {
  for (const deposit of deposits) logger.info({ ...deposit, l1Block: origin.number }, "Deposit seen on L1");
}

export function logDepositsIncluded(deposits: readonly SeenDeposit[], block: Block, logger: Logger): void {
  for (const deposit of deposits) {
    const isIncluded = block.transactions.some(({ hash }) => hash === deposit.l2Transaction);
    if (isIncluded) logger.info({ ...deposit, l2Block: block.header.number }, "Deposit included on L2");
  }
}
