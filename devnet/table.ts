import { formatEther } from "viem";
import { devAccounts } from "./accounts.ts";
import type { Check } from "./checks.ts";
import type { Explanation } from "./explain.ts";
import type { JobResult } from "./main-job.ts";

/** What the job did, question by question. */
export function jobLines(
  job: JobResult,
  { rows, baseAnswers }: Explanation,
  batch: { transaction: string; l1Block: bigint } | undefined,
): string[] {
  const names = new Map(
    Object.values(devAccounts()).map(({ address, name }) => [address as string, name as string]),
  );
  const nameOf = (address: string) => names.get(address) ?? address;
  const lines = ["", "Answers and who was paid for them", ""];
  for (const [index, { question, request, receipt }] of job.questions.entries()) {
    const { paid, fee, transactionHash } = receipt.settlement;
    lines.push(`${question.question}  (${question.wording})`);
    lines.push(
      `  answer    ${receipt.answer}${receipt.answer === question.answer ? "" : `  (expected: ${question.answer})`}`,
    );
    lines.push(`  base      ${oneLine(baseAnswers[index] ?? "")}  (the base model without the adapter)`);
    const { rowIds, scores, weights } = receipt.claim.list;
    for (const [at, rowId] of rowIds.slice(0, 3).entries()) {
      const example = rows.get(rowId);
      const text = example && `${example.prompt} -> ${example.completion}`;
      lines.push(
        `  example   row ${rowId} of ${example && nameOf(example.contributor)}, score ${scores[at]}: ${text?.slice(0, 90)}`,
      );
    }
    for (const [at, { contributionId, to, amount }] of paid.slice(0, 3).entries()) {
      lines.push(
        `  ${nameOf(to).padEnd(8)}  contribution ${contributionId}, weight ${weights[at]}, paid ${formatEther(BigInt(amount))} OPEN`,
      );
    }
    lines.push(`  request ${request}, fee ${formatEther(BigInt(fee))} OPEN`);
    lines.push(`  claim     ${receipt.claimTransaction}`);
    lines.push(`  paid in   ${transactionHash}`, "");
  }
  lines.push(`False claim ${job.falseClaim.claimTransaction}`);
  lines.push(
    `  proven false in ${job.falseClaim.challengeTransaction}: its host lost ${formatEther(BigInt(job.falseClaim.lost))} OPEN`,
  );
  lines.push(`OPEN bridged from L1 in ${job.bridged.transaction}`);
  lines.push(`OPEN went home to L1 in ${job.home.l1Transaction}`);
  if (batch) lines.push(`L1 batch transaction ${batch.transaction} in L1 block ${batch.l1Block}`);
  return lines;
}

/** A model without the adapter runs on over line ends: its first words show enough. */
function oneLine(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ");
  return flat.length > 60 ? `${flat.slice(0, 60)} ...` : flat;
}

export function checkLines(checks: readonly Check[]): string[] {
  return [
    "",
    ...checks.map(({ what, holds, detail }) => `${holds ? "ok  " : "FAIL"} ${what}: ${detail}`),
    "",
  ];
}
