import { useMutation, useQueries } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Comparison } from "../../../ai/factory/compare.ts";
import type { Job } from "../../../ai/factory/job.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { compareModels } from "../../chain/factory.ts";
import { contributionQuery } from "../../chain/queries.ts";
import { rowOf } from "../../chain/rows.ts";
import type { Session } from "../../chain/session.ts";
import { Button } from "../../ui/button.tsx";
import { Hex } from "../../ui/exact.tsx";
import { formatShare } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { Problem } from "../../ui/states.tsx";

interface Asked {
  id: number;
  prompt: string;
  answers: Comparison;
}

/** Base and tuned model side by side. */
export function Compare({ session, job }: { session: Session; job: Job }) {
  const [prompt, setPrompt] = useState("");
  const [asked, setAsked] = useState<readonly Asked[]>([]);
  const asking = useMutation({
    mutationFn: async (text: string) => ({
      prompt: text,
      answers: await compareModels(session, job.jobId, text),
    }),
    onSuccess: (found) => setAsked((before) => [{ ...found, id: before.length }, ...before]),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (prompt.trim() !== "") asking.mutate(prompt.trim());
  };
  return (
    <Section
      title="Compare"
      note="The same question to the base model and to what became of it, free of charge and off the chain."
    >
      <Card>
        <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
          <div className="min-w-0 flex-1 basis-64">
            <label htmlFor="compare" className="text-sm font-medium">
              A question to both
            </label>
            <input
              id="compare"
              value={prompt}
              onChange={(event) => setPrompt(event.target.value)}
              className="mt-1 w-full rounded-md border border-line bg-page px-3 py-2"
            />
          </div>
          <Button type="submit" kind="main" disabled={prompt.trim() === "" || asking.isPending}>
            {asking.isPending ? "Both answer…" : "Ask both"}
          </Button>
        </form>
        {asking.error === null ? null : (
          <div className="mt-4">
            <Problem error={asking.error} />
          </div>
        )}
      </Card>
      <ol className="mt-3 space-y-3">
        {asked.map((one) => (
          <li key={one.id}>
            <Answers asked={one} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Answers({ asked: { prompt, answers } }: { asked: Asked }) {
  return (
    <Card>
      <p className="text-sm break-words text-soft">{prompt}</p>
      <dl className="mt-2 grid gap-4 sm:grid-cols-2">
        <div className="min-w-0">
          <dt className="text-xs text-soft">Base</dt>
          <dd className="break-words">{answers.base || "(an empty answer)"}</dd>
        </div>
        <div className="min-w-0">
          <dt className="text-xs text-soft">Tuned</dt>
          <dd className="font-medium break-words" data-testid="tuned">
            {answers.tuned || "(an empty answer)"}
          </dd>
        </div>
      </dl>
      <Rows answers={answers} />
    </Card>
  );
}

function Rows({ answers: { rows, contributions } }: { answers: Comparison }) {
  const protocol = useProtocol();
  const ids = [...new Set(rows.map(({ contributionId }) => BigInt(contributionId)))];
  const found = useQueries({ queries: ids.map((id) => contributionQuery(protocol, id)) });
  const known = new Map(
    found.flatMap(({ data }) =>
      data === undefined ? [] : [[data.contributionId.toString(), data] as const],
    ),
  );
  const weights = new Map(
    contributions.map(({ contributionId, weight }) => [contributionId, BigInt(weight)]),
  );
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  if (rows.length === 0) return <p className="mt-3 text-sm text-soft">No row stood out.</p>;
  return (
    <details className="mt-3 text-sm">
      <summary className="cursor-pointer text-soft">
        Rows that made the tuned answer, an estimate by gradient influence ({rows.length})
      </summary>
      <ol className="mt-2 divide-y divide-line">
        {rows.map(({ rowId, row, contributionId }) => {
          const contribution = known.get(contributionId);
          const text = contribution && rowOf(contribution, row);
          return (
            <li key={rowId} className="py-2">
              <p className="break-words">
                {text === undefined ? `Row ${rowId}` : `${text.prompt} ${text.completion}`}
              </p>
              <p className="flex flex-wrap items-center gap-x-2 text-xs text-soft">
                {contribution === undefined ? null : (
                  <>
                    {contribution.datanet} <Hex hex={contribution.contributor} what="contributor" />
                  </>
                )}
                <span>its contribution's share {formatShare(weights.get(contributionId) ?? 0n, total)}</span>
              </p>
            </li>
          );
        })}
      </ol>
    </details>
  );
}
