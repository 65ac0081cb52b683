import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RegisteredModel } from "../../ai/client/models.ts";
import { useProtocol } from "../chain/connection.tsx";
import { modelsQuery } from "../chain/queries.ts";
import { Amount } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Page } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { ModelBadge } from "../ui/status.tsx";

/** The models of the chain. */
export function ModelsPage() {
  const protocol = useProtocol();
  const models = useQuery(modelsQuery(protocol));
  return (
    <Page
      title="Models"
      lead="Each was fine-tuned on frozen snapshots of datanets, and says on chain whose rows it learnt from."
    >
      <Loaded query={models} what="the models" lines={6}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No models yet.">
              Train and register one in the Model Factory, or with{" "}
              <code className="font-mono">openledger model train --help</code>
            </Empty>
          ) : (
            <ul className="grid gap-4 md:grid-cols-2">
              {list.map((model) => (
                <li key={model.modelId.toString()}>
                  <ModelCard model={model} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  );
}

function ModelCard({ model }: { model: RegisteredModel }) {
  const { modelId, name, index, snapshots, rateIn, rateOut } = model;
  return (
    <article className="flex h-full flex-col gap-3 rounded-lg border border-line bg-surface p-4 hover:border-accent/60">
      <div className="flex flex-wrap items-start justify-between gap-2">
        <h2 className="min-w-0 text-lg font-medium break-words">
          <Link to="/models/$model" params={{ model: modelId.toString() }} className="hover:underline">
            {name}
          </Link>
        </h2>
        <ModelBadge model={model} />
      </div>
      <dl className="mt-auto grid grid-cols-2 gap-x-4 gap-y-1 text-sm">
        <dt className="text-soft">Rows it learnt from</dt>
        <dd>{formatCount(index.rows)}</dd>
        <dt className="text-soft">Datanets</dt>
        <dd>{new Set(snapshots.map(({ datanetId }) => datanetId)).size}</dd>
        <dt className="text-soft">1000 tokens in</dt>
        <dd>
          <Amount wei={rateIn} />
        </dd>
        <dt className="text-soft">1000 tokens out</dt>
        <dd>
          <Amount wei={rateOut} />
        </dd>
      </dl>
    </article>
  );
}
