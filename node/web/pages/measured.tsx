import { useQuery } from "@tanstack/react-query";
import type { RegisteredModel } from "../../ai/client/models.ts";
import { METHODS, type MethodName } from "../../ai/evaluation/method-names.ts";
import type { AttributionReport } from "../../ai/evaluation/report.ts";
import { reportQuery } from "../chain/reports.ts";
import { Cell, Section, Table } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";

/** How good attribution is on the model, judged by training again; only where somebody measured it on the node's machine. */
export function Measured({ model }: { model: RegisteredModel }) {
  const query = useQuery(reportQuery(model.manifestHash));
  return (
    <Section
      id="measured"
      title="Attribution, measured"
      note="Each method judged by what training again without a contributor takes from the model's answers. In brackets: 95 % intervals."
    >
      <Loaded query={query} what="the report" lines={4}>
        {(report) =>
          report === null ? (
            <Empty title="It was not measured on this node's machine.">
              openledger attribution evaluate {model.modelId.toString()} does it.
            </Empty>
          ) : (
            <Report report={report} />
          )
        }
      </Loaded>
    </Section>
  );
}

type Mean = { mean: number; interval: readonly [number, number] };

function Report({ report }: { report: AttributionReport }) {
  const { answers, contributors, halves, methods, seeds, ceiling } = report;
  return (
    <div className="text-sm">
      <p className="mb-3 text-soft">
        {answers} answers, {contributors} contributors, {halves} random halves of the rows
        {seeds !== undefined && `, each trained on ${seeds} times`}.
        {ceiling && ` Noise ceiling of LDS, as the seeds agree: ${shown(ceiling)}.`}
      </p>
      <Table caption="Methods" head={["Method", "Right one first", "Paid to it", "Spearman", "LDS"]}>
        {(Object.keys(METHODS) as MethodName[]).map((name) => {
          const found = methods[name];
          if (found === undefined) return null;
          const { first, share, spearman, lds } = found;
          return (
            <tr key={name}>
              <Cell>{METHODS[name]}</Cell>
              <Cell className="tabular-nums">
                {first.count} of {answers}
              </Cell>
              <Cell className="tabular-nums">{shown(share)}</Cell>
              <Cell className="tabular-nums">{shown(spearman)}</Cell>
              <Cell className="tabular-nums">{shown(lds)}</Cell>
            </tr>
          );
        })}
      </Table>
    </div>
  );
}

function shown(of: Mean | undefined): string {
  if (of === undefined) return "–";
  const [low, high] = of.interval;
  return `${of.mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}
