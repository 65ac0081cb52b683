import { useQuery } from "@tanstack/react-query";
import { useConnection } from "../chain/connection.tsx";
import { useLive } from "../chain/live-provider.tsx";
import { figureOf, type NodeHealth, operatorQuery, type Sample } from "../chain/operator.ts";
import { Time } from "../ui/exact.tsx";
import { Figure } from "../ui/figure.tsx";
import { formatBytes, formatCount, formatDuration } from "../ui/format.ts";
import { Badge, Cell, Page, Section, Table, type Tone } from "../ui/layout.tsx";
import { Stale } from "../ui/stale.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { OperatorAi } from "./operator-ai.tsx";
import { OperatorDesk } from "./operator-desk.tsx";
import { Holdings } from "./operator-holdings.tsx";

const STATES: Record<NodeHealth["status"], readonly [tone: Tone, text: string]> = {
  ok: ["good", "all is well"],
  starting: ["warn", "checks the chain against L1"],
  degraded: ["bad", "a part hangs or failed"],
};

/** How the node is: the figures that its monitoring reads, for people. */
export function OperatorPage() {
  const { head } = useLive();
  const connection = useConnection();
  const { site } = connection;
  const query = useQuery(operatorQuery(connection, head));
  return (
    <Page
      title="Operator"
      lead="How this node is, by its own /health and /metrics."
      actions={<Stale updatedAt={query.dataUpdatedAt} />}
    >
      <Loaded query={query} what="the node's figures" lines={14}>
        {({ health, samples }) => (
          <>
            <Figures health={health} samples={samples} />
            <Holdings samples={samples} />
            <Parts health={health} />
            <OperatorAi samples={samples} updatedAt={query.dataUpdatedAt} />
            <Requests samples={samples} />
            <Spending samples={samples} />
          </>
        )}
      </Loaded>
      {site.hasOperator ? <OperatorDesk /> : null}
    </Page>
  );
}

function Figures({ health, samples }: { health: NodeHealth; samples: readonly Sample[] }) {
  const [tone, text] = STATES[health.status];
  const memory = figureOf(samples, "process_resident_memory_bytes");
  const cpu = figureOf(samples, "process_cpu_seconds_total");
  const start = figureOf(samples, "process_start_time_seconds");
  const lag = figureOf(samples, "nodejs_eventloop_lag_p99_seconds");
  const count = (name: string, labels?: Record<string, string>) => {
    const value = figureOf(samples, name, labels);
    return value === undefined ? "–" : formatCount(value);
  };
  return (
    <dl className="grid grid-cols-2 gap-3 md:grid-cols-4">
      <Figure
        name="State"
        value={<Badge tone={tone}>{text}</Badge>}
        note={
          start === undefined ? undefined : (
            <>
              up since <Time seconds={Math.floor(start)} />
            </>
          )
        }
      />
      <Figure
        name="Memory"
        value={memory === undefined ? "–" : formatBytes(memory)}
        note="of the node's own process"
      />
      <Figure
        name="Processor time"
        value={cpu === undefined ? "–" : formatDuration(cpu)}
        note={lag === undefined ? undefined : `99 of 100 turns wait less than ${(lag * 1000).toFixed(0)} ms`}
      />
      <Figure
        name="L1 read"
        value={formatCount(Math.max(0, health.l1Derived))}
        note={`of ${formatCount(Math.max(0, health.l1Head))} blocks`}
      />
      <Figure
        name="Pool"
        value={count("openledger_mempool_transactions", { state: "pending" })}
        note={`${count("openledger_mempool_transactions", { state: "queued" })} wait behind a missing one`}
      />
      <Figure
        name="Questions"
        value={count("openledger_ai_queue", { state: "answering" })}
        note={`${count("openledger_ai_queue", { state: "unsettled" })} claims wait for their settlement`}
      />
      <Figure
        name="Blocks not safe yet"
        value={count("openledger_unsafe_blocks")}
        note="their data is not on L1"
      />
      <Figure name="False outputs" value={count("openledger_outputs_false")} note="found on L1" />
    </dl>
  );
}

const PART_STATES = { running: "good", hanging: "bad", restarting: "warn", stopped: "plain" } as const;

function Parts({ health: { parts } }: { health: NodeHealth }) {
  return (
    <Section title="Parts" note="Each runs by itself; one that fails starts again while the others go on.">
      <Table caption="Parts" head={["Part", "State", "Since", "Started again", "Last failure"]}>
        {Object.entries(parts).map(([name, { state, since, restarts, error }]) => (
          <tr key={name}>
            <Cell>{name}</Cell>
            <Cell>
              <Badge tone={PART_STATES[state]}>{state}</Badge>
            </Cell>
            <Cell>
              <Time seconds={Math.floor(since)} />
            </Cell>
            <Cell>{restarts}</Cell>
            <Cell className="max-w-md break-words">
              {error === undefined ? "–" : `${error.code ?? ""} ${error.message}`}
            </Cell>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

/** Methods that the table shows, the dearest ones. */
const SHOWN = 12;

/** What requests took, by method: the sums that the node keeps since its start. */
export function requestsOf(samples: readonly Sample[]) {
  const methods = new Map<string, { count: number; failed: number; seconds: number }>();
  for (const { name, labels, value } of samples) {
    const { method, outcome } = labels;
    if (method === undefined || !name.startsWith("openledger_rpc_seconds_")) continue;
    const known = methods.get(method) ?? { count: 0, failed: 0, seconds: 0 };
    if (name.endsWith("_sum")) known.seconds += value;
    if (name.endsWith("_count")) {
      known.count += value;
      if (outcome !== "result") known.failed += value;
    }
    methods.set(method, known);
  }
  return [...methods].map(([method, sums]) => ({ method, ...sums })).sort((a, b) => b.seconds - a.seconds);
}

function Requests({ samples }: { samples: readonly Sample[] }) {
  const methods = requestsOf(samples);
  return (
    <Section title="Requests" note="JSON-RPC since the node's start; those that took the most time first.">
      {methods.length === 0 ? (
        <Empty title="Nobody has asked anything yet." />
      ) : (
        <Table caption="Requests" head={["Method", "Asked", "Refused", "Time", "Each"]}>
          {methods.slice(0, SHOWN).map(({ method, count, failed, seconds }) => (
            <tr key={method}>
              <Cell className="font-mono text-xs">{method}</Cell>
              <Cell>{formatCount(count)}</Cell>
              <Cell>{formatCount(failed)}</Cell>
              <Cell>{seconds.toFixed(1)} s</Cell>
              <Cell>{((seconds / Math.max(1, count)) * 1000).toFixed(1)} ms</Cell>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

function Spending({ samples }: { samples: readonly Sample[] }) {
  const fees = samples.filter(({ name }) => name === "openledger_l1_fees_gwei_total");
  const left = samples.filter(
    ({ name, labels }) => name === "openledger_balance_ether" && labels.layer?.toLowerCase() === "l1",
  );
  if (fees.length + left.length === 0) return null;
  return (
    <Section
      title="L1"
      note="What posting there took since the node's start, and what its accounts have left."
    >
      <Table caption="Spending on L1" head={["Account", "Transactions", "Fees", "Has"]}>
        {[...new Set([...fees, ...left].map(({ labels }) => labels.part ?? ""))].map((part) => {
          const mined = figureOf(samples, "openledger_l1_transactions_total", { part, event: "mined" });
          const spent = figureOf(samples, "openledger_l1_fees_gwei_total", { part });
          const has = left.find(({ labels }) => labels.part === part)?.value;
          return (
            <tr key={part}>
              <Cell>{part}</Cell>
              <Cell>{mined === undefined ? "–" : formatCount(mined)}</Cell>
              <Cell>{spent === undefined ? "–" : `${(spent / 1e9).toFixed(6)} ether`}</Cell>
              <Cell>{has === undefined ? "–" : `${has.toFixed(4)} ether`}</Cell>
            </tr>
          );
        })}
      </Table>
    </Section>
  );
}
