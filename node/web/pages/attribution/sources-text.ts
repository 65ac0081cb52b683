import { type ReadContribution, rowOf } from "../../chain/rows.ts";
import { formatShare } from "../../ui/format.ts";

/** What is copied besides the rows. */
export interface CopiedAnswer {
  answer: string;
  /** Undefined for one that was asked by a key. */
  receipt: { requestId: bigint; chainId: number; transaction: string } | undefined;
}

/** A row as sources name it. */
export interface SourceRow {
  contributionId: bigint;
  row: number;
  weight: bigint;
}

/** An answer with the rows that it is paid to, for a reader elsewhere: who, where, under which licence, for how much of it. */
export function textWithSources(
  { answer, receipt }: CopiedAnswer,
  rows: readonly SourceRow[],
  contributions: ReadonlyMap<bigint, ReadContribution>,
): string {
  const total = rows.reduce((sum, { weight }) => sum + weight, 0n);
  const lines = rows
    .filter(({ weight }) => weight > 0n)
    .map(({ contributionId, row, weight }, i) => {
      const found = contributions.get(contributionId);
      const text = found && rowOf(found, row)?.completion;
      const whose =
        found === undefined ? "" : `by ${found.contributor}, ${found.datanet} (${found.licence}), `;
      const quoted = text === undefined ? "" : `${JSON.stringify(text)}, `;
      return `${i + 1}. ${quoted}${whose}contribution ${contributionId}, row ${row}: ${formatShare(weight, total)}`;
    });
  const proof =
    receipt === undefined
      ? "Asked by a key: there is no receipt."
      : `Receipt: request ${receipt.requestId} of chain ${receipt.chainId}, claimed in ${receipt.transaction}`;
  const list = lines.length === 0 ? ["No row stood out."] : lines;
  return [answer.trim(), "", "Sources, by estimated influence:", ...list, proof, ""].join("\n");
}
