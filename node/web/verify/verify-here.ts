import { checkChain, checkSignature } from "../../ai/receipt/chain-checks.ts";
import { type Check, CheckList } from "../../ai/receipt/checks.ts";
import { checkPayout } from "../../ai/receipt/payout-checks.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";
import type { L1Side } from "../chain/bridge.ts";
import { checkClaimHere, type Sources } from "./verify-claim.ts";
import { checkState } from "./verify-state.ts";

export interface VerifyHereOptions extends Sources {
  receipt: Receipt;
  /** L1, by which a block's state is known; undefined where it can't be asked. */
  l1: L1Side | undefined;
  /** Told each check as it is done. */
  onCheck: (check: Check) => void;
}

/**
 * Checks a receipt as far as no model has to run: with the chain, with hashes and Merkle paths, and by computing every score,
 * the order, the weights and the split again with the functions of the precompiles.
 */
export async function verifyHere(options: VerifyHereOptions): Promise<readonly Check[]> {
  const { receipt, client, at, onCheck } = options;
  const list = new CheckList(onCheck);
  await checkChain(list, receipt, client, at, () => undefined);
  await checkState(list, options);
  await checkSignature(list, receipt);
  await checkClaimHere(list, receipt, options);
  await checkPayout(list, receipt);
  return list.checks;
}
