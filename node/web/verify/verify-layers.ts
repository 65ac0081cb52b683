import type { Claim } from "../../ai/client/claims.ts";
import { claimedContext } from "../../ai/context/rule.ts";
import { ALL_EARNED } from "../../ai/fusion/discount.ts";
import { CheckFailed, type CheckList, expectSame } from "../../ai/receipt/checks.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";

/** What a document says of rows in the prompt and of the base model, with its claim. */
export interface ShownLayers extends Pick<Receipt, "context" | "discount"> {
  claim: Pick<Claim, "context" | "earnedBps">;
}

/**
 * Whether the context's part and weights follow from the losses and gains that the document names. That these are right takes the model, and so
 * does what training earned beside the base model's own answer.
 * @param contributionOf of a row of the model's index.
 */
export async function checkLayers(
  list: CheckList,
  { claim, context, discount }: ShownLayers,
  contributionOf: (rowId: number) => bigint,
): Promise<void> {
  const { partBps, contributionIds } = claim.context;
  if (context !== undefined || partBps > 0) {
    await list.check("rows in the prompt", () => {
      if (context === undefined)
        throw new CheckFailed(`the claim gives ${partBps / 100} % to rows in the prompt, and none is named`);
      expectSame("part and weights", claim.context, claimedContext(context, contributionOf));
      return `${partBps / 100} % for ${contributionIds.length} contributions follow from the losses of ${context.rows.length} rows; that these are right takes the model`;
    });
  }
  if (discount !== undefined || claim.earnedBps === ALL_EARNED) return;
  await list.check("earned part", () => {
    throw new CheckFailed(`the claim says that training earned ${claim.earnedBps / 100} %, and not why`);
  });
}
