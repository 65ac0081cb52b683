import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useProtocol } from "../../chain/connection.tsx";
import { datanetsQuery } from "../../chain/datanets.ts";
import { hostsQuery } from "../../chain/overview.ts";
import { modelsQuery } from "../../chain/queries.ts";
import { Amount, Hex } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Section } from "../../ui/layout.tsx";
import { Stale } from "../../ui/stale.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { ModelBadge } from "../../ui/status.tsx";

const SHOWN = 5;

/** The newest of what the chain has, side by side. */
export function ShortLists() {
  return (
    <div className="grid gap-6 lg:grid-cols-3">
      <ModelList />
      <DatanetList />
      <HostList />
    </div>
  );
}

/** The newest models. */
function ModelList() {
  const query = useQuery(modelsQuery(useProtocol()));
  return (
    <Section title="Models" aside={<Stale updatedAt={query.dataUpdatedAt} />}>
      <Loaded query={query} what="the models" lines={6}>
        {(models) => (
          <Short empty="No models yet.">
            {models.slice(0, SHOWN).map((model) => (
              <Line
                key={model.modelId.toString()}
                name={
                  <Link
                    to="/models/$model"
                    params={{ model: model.modelId.toString() }}
                    className="text-accent hover:underline"
                  >
                    {model.name}
                  </Link>
                }
                note={`${formatCount(model.index.rows)} rows`}
              >
                <ModelBadge model={model} />
              </Line>
            ))}
          </Short>
        )}
      </Loaded>
    </Section>
  );
}

/** The newest datanets. */
function DatanetList() {
  const query = useQuery(datanetsQuery(useProtocol()));
  return (
    <Section title="Datanets" aside={<Stale updatedAt={query.dataUpdatedAt} />}>
      <Loaded query={query} what="the datanets" lines={6}>
        {(datanets) => (
          <Short empty="No datanets yet.">
            {datanets.slice(0, SHOWN).map(({ datanetId, name, licence, snapshots }) => (
              <Line
                key={datanetId.toString()}
                name={
                  <Link
                    to="/datanets/$datanet"
                    params={{ datanet: datanetId.toString() }}
                    className="text-accent hover:underline"
                  >
                    {name}
                  </Link>
                }
                note={licence}
              >
                <span className="text-xs whitespace-nowrap text-soft">
                  {snapshots === 1 ? "1 snapshot" : `${snapshots} snapshots`}
                </span>
              </Line>
            ))}
          </Short>
        )}
      </Loaded>
    </Section>
  );
}

/** Who answers. */
function HostList() {
  const query = useQuery(hostsQuery(useProtocol()));
  return (
    <Section title="Hosts" aside={<Stale updatedAt={query.dataUpdatedAt} />}>
      <Loaded query={query} what="the hosts" lines={6}>
        {(hosts) => (
          <Short empty="No host takes a model yet.">
            {hosts.slice(0, SHOWN).map(({ host, models, stake, openClaims }) => (
              <Line
                key={host}
                name={<Hex hex={host} what="host" />}
                note={`${models.length === 1 ? "1 model" : `${models.length} models`}, ${openClaims} open claims`}
              >
                <span className="text-xs text-soft">
                  stake <Amount wei={stake} />
                </span>
              </Line>
            ))}
          </Short>
        )}
      </Loaded>
    </Section>
  );
}

function Short({ empty, children }: { empty: string; children: readonly ReactNode[] }) {
  if (children.length === 0) return <Empty title={empty} />;
  return (
    <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">{children}</ul>
  );
}

function Line({ name, note, children }: { name: ReactNode; note: string; children: ReactNode }) {
  return (
    <li className="flex min-h-14 flex-wrap items-center justify-between gap-x-3 gap-y-1 px-4 py-2">
      <div className="min-w-0">
        <p className="truncate">{name}</p>
        <p className="truncate text-xs text-soft">{note}</p>
      </div>
      {children}
    </li>
  );
}
