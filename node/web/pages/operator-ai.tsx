import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useConnection } from "../chain/connection.tsx";
import { useLive } from "../chain/live-provider.tsx";
import { figureOf, residentAdaptersQuery, type Sample } from "../chain/operator.ts";
import { Figure } from "../ui/figure.tsx";
import { formatBytes, formatCount } from "../ui/format.ts";
import { Cell, Section, Table } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";

const PREFIX = "openledger_ai_";

/** Models and adapters in memory, their requests and what they take. Nothing where the node has no AI worker that answers. */
export function OperatorAi({ samples, updatedAt }: { samples: readonly Sample[]; updatedAt: number }) {
  if (figureOf(samples, `${PREFIX}memory_bytes`, { part: "process" }) === undefined) return null;
  return (
    <Section
      title="AI worker"
      note="Answers, trains and watches in a process of its own. Models and adapters are those that /v1 serves."
    >
      <AiFigures samples={samples} updatedAt={updatedAt} />
      <div className="space-y-4">
        <BaseModels samples={samples} />
        <Adapters />
      </div>
    </Section>
  );
}

function AiFigures({ samples, updatedAt }: { samples: readonly Sample[]; updatedAt: number }) {
  const tokens = figureOf(samples, `${PREFIX}tokens_total`);
  const rate = useRate(tokens, updatedAt);
  const bytes = (part: string) => formatBytes(figureOf(samples, `${PREFIX}memory_bytes`, { part }) ?? 0);
  const adapters = (state: string) => formatCount(figureOf(samples, `${PREFIX}adapters`, { state }) ?? 0);
  const jobs = (state: string) => formatCount(figureOf(samples, `${PREFIX}jobs`, { state }) ?? 0);
  return (
    <dl className="mb-4 grid grid-cols-2 gap-3 md:grid-cols-4">
      <Figure
        name="Tokens a second"
        value={rate === undefined ? "–" : formatCount(Math.round(rate))}
        note={`${formatCount(tokens ?? 0)} of prompts and answers so far`}
      />
      <Figure
        name="Its memory"
        value={bytes("process")}
        note={`${bytes("javascript")} of it JavaScript's, ${bytes("weights")} weights, ${bytes("adapters")} adapters`}
      />
      <Figure
        name="Adapters in memory"
        value={adapters("resident")}
        note={`${adapters("used")} in use, ${adapters("pinned")} pinned`}
      />
      <Figure
        name="Trainings"
        value={jobs("running")}
        note={`run; ${jobs("waiting")} wait, ${jobs("done")} are done, ${jobs("failed")} failed`}
      />
    </dl>
  );
}

/** What a total grew by in a second between the two newest looks at it; undefined before there are two, and where it began anew. */
export function useRate(total: number | undefined, atMs: number): number | undefined {
  const [now, setNow] = useState({ total, atMs });
  const [before, setBefore] = useState<typeof now>();
  if (now.atMs !== atMs) {
    setBefore(now);
    setNow({ total, atMs });
  }
  if (before?.total === undefined || now.total === undefined || now.total < before.total) return undefined;
  return ((now.total - before.total) * 1000) / Math.max(1, now.atMs - before.atMs);
}

/** One line a base model and arithmetic, from the samples of its two states. */
function BaseModels({ samples }: { samples: readonly Sample[] }) {
  const requests = samples.filter(
    ({ name, labels }) => name === `${PREFIX}requests` && labels.state === "running",
  );
  if (requests.length === 0)
    return <Empty title="No base model is in memory: the first request brings one in." />;
  return (
    <Table
      caption="Base models in memory"
      head={["Base model", "Arithmetic", "Requests", "Waiting", "Weights", "Keys and values"]}
    >
      {requests.map(({ labels: { base = "", arithmetic = "" }, value }) => {
        const of = (name: string, more: Readonly<Record<string, string>>) =>
          figureOf(samples, `${PREFIX}${name}`, { base, arithmetic, ...more });
        const bytes = (part: string) => of("model_bytes", { part }) ?? 0;
        return (
          <tr key={`${base} ${arithmetic}`}>
            <Cell className="font-mono text-xs">{base}</Cell>
            <Cell className="font-mono text-xs">{arithmetic}</Cell>
            <Cell>{formatCount(value)}</Cell>
            <Cell>{formatCount(of("requests", { state: "waiting" }) ?? 0)}</Cell>
            <Cell>{formatBytes(bytes("weights"))}</Cell>
            <Cell>
              {formatBytes(bytes("used"))} of {formatBytes(bytes("cache"))}
            </Cell>
          </tr>
        );
      })}
    </Table>
  );
}

/** Adapters that the table shows. */
const SHOWN = 50;

function Adapters() {
  const { head } = useLive();
  const query = useQuery(residentAdaptersQuery(useConnection(), head));
  return (
    <Loaded query={query} what="the adapters in memory" lines={3}>
      {(adapters) =>
        adapters.length === 0 ? (
          <Empty title="No adapter is in memory: the first request to a model brings its own in." />
        ) : (
          <Table
            caption="Adapters in memory, the newest used first"
            head={["Model", "Memory", "Requests", "Pinned"]}
          >
            {adapters.slice(0, SHOWN).map(({ modelId, bytes, users, pinned }) => (
              <tr key={modelId}>
                <Cell>
                  <Link to="/models/$model" params={{ model: modelId }} className="text-accent underline">
                    {modelId}
                  </Link>
                </Cell>
                <Cell>{formatBytes(bytes)}</Cell>
                <Cell>{formatCount(users)}</Cell>
                <Cell>{pinned ? "yes" : "no"}</Cell>
              </tr>
            ))}
          </Table>
        )
      }
    </Loaded>
  );
}
