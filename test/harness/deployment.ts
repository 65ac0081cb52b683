import type { Address } from "../../node/chain/types/primitives.ts";
import type { L1Anchor } from "../../node/deploy/l2.ts";
import type { Roles } from "../../node/deploy/plan.ts";

/** The address whose 40 digits are all `digit`. */
export function account(digit: string): Address {
  return `0x${digit.repeat(40)}`;
}

export const TEST_ROLES: Roles = {
  owner: account("1"),
  council: account("1"),
  batcher: account("2"),
  proposer: account("3"),
  challenger: account("4"),
  sequencer: account("5"),
  feeRecipient: account("6"),
};

/** An L1 that holds the chain's contracts at made-up addresses. */
export const TEST_ANCHOR: L1Anchor = {
  l1ChainId: 900n,
  l1CrossDomainMessenger: account("a"),
  l1StandardBridge: account("b"),
  l1ERC721Bridge: account("c"),
  openBridge: account("d"),
  optimismPortal: account("e"),
  systemConfig: account("f"),
  startBlock: { hash: `0x${"11".repeat(32)}`, number: 7n, timestamp: 1_700_000_000n },
};
