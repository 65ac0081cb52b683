import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "./checks.ts";
import type { CliRunner } from "./cli-runner.ts";
import { type Layout, writeJson } from "./layout.ts";
import type { JobResult } from "./main-job.ts";

/** `receipt verify` in a process of its own against the second node: the true receipt passes, a changed one fails. */
export async function checkReceipts(cli: CliRunner, layout: Layout, job: JobResult): Promise<Check[]> {
  const file = join(layout.work, "receipt.json");
  writeJson(file, job.questions[0]!.receipt);
  const honest = await cli.run(["receipt", "verify", file]);
  const forged = JSON.parse(readFileSync(file, "utf8")) as {
    claim: { list: { scores: string[] } };
  };
  const { scores } = forged.claim.list;
  scores[0] = (BigInt(scores[0]!) + 1n).toString();
  const forgedFile = join(layout.work, "receipt-changed.json");
  writeJson(forgedFile, forged);
  const changed = await cli.run(["receipt", "verify", forgedFile]);
  return [
    {
      what: "receipt verify recomputes answer, scores, weights and split on the second node",
      holds: honest.status === 0,
      detail: lastLine(honest.stdout) || lastLine(honest.stderr),
    },
    {
      what: "the same receipt with one score changed fails",
      holds: changed.status !== 0,
      detail: lastLine(changed.stdout) || lastLine(changed.stderr),
    },
  ];
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
