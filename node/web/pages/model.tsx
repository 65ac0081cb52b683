import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { NO_SPANS } from "../../ai/attribution/score.ts";
import type { RegisteredModel } from "../../ai/client/models.ts";
import { useProtocol } from "../chain/connection.tsx";
import { modelQuery } from "../chain/queries.ts";
import { parseNumber } from "../site/numbers.ts";
import { DatanetName } from "../ui/datanet-name.tsx";
import { Amount, Hex, Time } from "../ui/exact.tsx";
import { formatCount } from "../ui/format.ts";
import { Card, Facts, Page, Section } from "../ui/layout.tsx";
import { Empty, Loaded } from "../ui/states.tsx";
import { ModelBadge } from "../ui/status.tsx";
import { Ancestry } from "./ancestry.tsx";
import { AskForm } from "./ask-form.tsx";
import { Measured } from "./measured.tsx";
import { Earnings, Family, Hosts } from "./model-parts.tsx";

/** One model: what it is, what it costs, and a place to ask it. */
export function ModelPage() {
  const { model: text } = useParams({ from: "/protocol/models/$model" });
  const id = parseNumber(text);
  if (id === undefined)
    return (
      <Page title="Model">
        <Empty title="A model has a number.">Choose one on the page Models.</Empty>
      </Page>
    );
  return <KnownModel modelId={id} />;
}

function KnownModel({ modelId }: { modelId: bigint }) {
  const protocol = useProtocol();
  const query = useQuery(modelQuery(protocol, modelId));
  return (
    <Page
      title={query.data?.name ?? `Model ${modelId}`}
      lead={`Model ${modelId}`}
      actions={query.data && <ModelBadge model={query.data} />}
    >
      <Loaded query={query} what="the model" lines={9}>
        {(model) => (
          <>
            <AskForm model={model} />
            <Section title="What it is">
              <Card>
                <ModelFacts model={model} />
              </Card>
            </Section>
            <Measured model={model} />
            <Earnings modelId={modelId} />
            <Hosts model={model} />
            <Ancestry modelId={modelId} />
            <Family model={model} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

const percent = (bps: number) => `${bps / 100} %`;

function ModelFacts({ model }: { model: RegisteredModel }) {
  const { split, index, snapshots } = model;
  return (
    <Facts
      facts={[
        ["Owner", <Hex key="owner" hex={model.owner} what="owner" />],
        [
          "Learnt from",
          <ul key="snapshots">
            {snapshots.map(({ datanetId, number }) => (
              <li key={`${datanetId}:${number}`}>
                <DatanetName datanetId={datanetId} />, snapshot {number}
              </li>
            ))}
          </ul>,
        ],
        ["Rows in its index", `${formatCount(index.rows)}, ${formatCount(index.dimension)} integers each`],
        ["Rows that an answer lists", `up to ${index.topK}`],
        ["1000 tokens in", <Amount key="in" wei={model.rateIn} />],
        ["1000 tokens out", <Amount key="out" wei={model.rateOut} />],
        [
          "The net fee goes to",
          `contributors ${percent(split.contributors)}, owner ${percent(split.owner)}, host ${percent(split.host)}, stakers ${percent(split.stakers)}`,
        ],
        ["Open to challenge until", <Time key="pending" seconds={Number(model.pendingUntil)} />],
        ["Base model", <Hex key="base" hex={model.baseHash} what="hash" />],
        ["Adapter", <Hex key="adapter" hex={model.adapterHash} what="hash" />],
        ["Method", <Hex key="method" hex={model.methodHash} what="hash" />],
        ["Root of the index", <Hex key="root" hex={index.root} what="root" />],
        [
          "Answers are paid by",
          index.spans === NO_SPANS ? "influence alone" : "influence among the rows that hold their words",
        ],
      ]}
    />
  );
}
