import { depositFromLog, encodeDeposit, TRANSACTION_DEPOSITED } from "../../chain/codec/deposit.ts";
import { SEQUENCER_FEE_VAULT, ZERO_HASH } from "../../chain/constants.ts";
import { l1AttributesDeposit } from "../../chain/l1-attributes.ts";
import { isActive } from "../../chain/rules/forks.ts";
import { updateSystemConfig } from "../../chain/system-config.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L1ChainConfig, PayloadAttributes, RollupConfig } from "../../chain/types/rollup.ts";
import { upgradeTransactions } from "../../chain/upgrades/upgrade-transactions.ts";
import { rollupError } from "../errors.ts";
import type { SafeHead } from "./types.ts";

export interface AttributesInput {
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  parent: SafeHead;
  /** The new block's L1 origin: the parent's, or the block after it. Its transactions are not read. */
  origin: L1Block;
}

/** Encoded deposits of an L1 block, in log order. @throws CodedError `DEPOSIT_LOG_INVALID`. */
export function userDeposits(block: L1Block, rollup: RollupConfig): Uint8Array[] {
  const logs = block.receipts.filter((receipt) => receipt.status === 1).flatMap((receipt) => receipt.logs);
  return logs
    .filter((log) => log.address === rollup.depositContractAddress && log.topics[0] === TRANSACTION_DEPOSITED)
    .map((log) => encodeDeposit(depositFromLog(log, block.hash)));
}

function checkOrigin({ parent, origin, rollup }: AttributesInput, opensEpoch: boolean): void {
  const expected = parent.ref.l1Origin.hash;
  if ((opensEpoch ? origin.parentHash : origin.hash) !== expected) {
    throw rollupError("L1_ORIGIN_MISMATCH", {
      message: `L1 block ${origin.hash} does not continue ${expected}, the L1 origin of L2 block ${parent.ref.number}.`,
      fix: "L1 was reorganised; derivation starts again from a common ancestor.",
      facts: { origin: origin.number, parent: parent.ref.hash },
    });
  }
  if (parent.ref.timestamp + rollup.blockTime >= origin.timestamp) return;
  throw rollupError("L1_ORIGIN_TOO_LATE", {
    message: `L2 block ${parent.ref.number + 1n} would be older than its L1 origin ${origin.number}.`,
    fix: "Stay with the parent's L1 origin until L2 time has passed the next one's.",
    facts: { origin: origin.number, originTime: origin.timestamp, parentTime: parent.ref.timestamp },
  });
}

/**
 * What the protocol demands of the next block: L1 attributes and, where it opens an epoch, the deposits of its L1 origin, under
 * the SystemConfig that the origin leaves; then the upgrade transactions of the forks that it activates. `noTxPool` is true; a verifier appends the batch's transactions, a sequencer sets it
 * false to add its own. Spec: derivation, "Deriving Payload Attributes".
 * @throws CodedError `L1_ORIGIN_MISMATCH`, `L1_ORIGIN_TOO_LATE`; `DEPOSIT_LOG_INVALID`, `FEE_SCALAR_INVALID` (derivation can't go on).
 */
export function buildAttributes(input: AttributesInput): PayloadAttributes {
  const { rollup, l1Chain, parent, origin } = input;
  const opensEpoch = parent.ref.l1Origin.number !== origin.number;
  checkOrigin(input, opensEpoch);
  const timestamp = parent.ref.timestamp + rollup.blockTime;
  const systemConfig = opensEpoch
    ? updateSystemConfig(parent.systemConfig, origin.receipts, rollup, origin.timestamp)
    : parent.systemConfig;
  const sequenceNumber = opensEpoch ? 0n : parent.ref.sequenceNumber + 1n;
  const l1Info = l1AttributesDeposit({
    rollup,
    l1Chain,
    systemConfig,
    origin,
    sequenceNumber,
    l2Time: timestamp,
  });
  const deposits = opensEpoch ? userDeposits(origin, rollup) : [];
  return {
    timestamp,
    prevRandao: origin.mixHash,
    suggestedFeeRecipient: SEQUENCER_FEE_VAULT,
    parentBeaconBlockRoot: origin.parentBeaconBlockRoot ?? ZERO_HASH,
    transactions: [encodeDeposit(l1Info), ...deposits, ...upgradeTransactions(rollup, timestamp)],
    noTxPool: true,
    gasLimit: systemConfig.gasLimit,
    eip1559: isActive(rollup, "holocene", timestamp)
      ? { denominator: systemConfig.eip1559Denominator, elasticity: systemConfig.eip1559Elasticity }
      : undefined,
    minBaseFee: isActive(rollup, "jovian", timestamp) ? systemConfig.minBaseFee : undefined,
  };
}
