import { type CheckList, expectSame } from "./checks.ts";
import { contributorParts, payoutOf } from "./payout.ts";
import type { Receipt } from "./receipt.ts";

/**
 * Divides the escrow again as the claim's weights say and compares every part with the receipt's settlement. To whom a contribution's part
 * went is the chain's word: its income may have been transferred.
 */
export async function checkPayout(list: CheckList, receipt: Receipt): Promise<void> {
  const { settlement } = receipt;
  if (!settlement) {
    list.skip("split", "the receipt was made before the settlement", "waits");
    return;
  }
  await list.check("split", () => {
    const hasStakers = settlement.payout.stakers > 0n || receipt.model.split.stakers === 0;
    const payout = payoutOf(receipt, hasStakers);
    for (const key of Object.keys(payout) as (keyof typeof payout)[]) {
      expectSame(key, settlement.payout[key], payout[key]);
    }
    expectSame("fee", settlement.fee, receipt.request.escrow - payout.refund);
    expectSame(
      "contributors' payments",
      settlement.paid.map(({ contributionId, amount }) => ({ contributionId, amount })),
      contributorParts(receipt, payout),
    );
    const total = Object.values(payout).reduce((sum, part) => sum + part, 0n);
    expectSame("sum of all parts", total, receipt.request.escrow);
    return `${settlement.fee} wei divided as the claim's weights say; all parts sum to the escrow`;
  });
}
